/* SPDX-License-Identifier: MIT */
/*
 * The memory that the processes of a launch share, as tools see it: a System V segment, svipc(7).
 * A process attaches it by itself: preload/process/shared.c.
 */
#ifndef REDIAL_SHARE_MEMORY_H
#define REDIAL_SHARE_MEMORY_H

#include <stdbool.h>
#include <sys/types.h>

#include "state.h"

/* Stands for any owner. */
#define MEMORY_ANYBODYS ((uid_t)-1)

/*
 * Makes one with an empty state in it, whose head is *head: of that the root and the space are the
 * caller's, all else is filled. Returns 0 or a negative errno.
 */
int memory_make(struct state_head *head);

/* What the kernel says of a segment. */
enum memory_use {
	MEMORY_GONE, /* there is none of that id, of the owner, with our kind of key */
	MEMORY_IDLE, /* no process has it */
	MEMORY_USED,
};

/* *last_s: when a process had it last, Unix time; *key: its key, 0 if it is to go with its last
 * user. */
enum memory_use memory_look(int id, uid_t owner, int64_t *last_s, uint32_t *key);

/* Is the head's segment there, ours, and does it begin with that head? */
bool memory_holds(const struct state_head *head);

/*
 * Copies the state out of a segment of this owner. false if it is gone, or holds none of ours; one
 * of another version fills *copy as far as it goes, with 0 behind it: ask state_ok.
 */
bool memory_read(int id, uid_t owner, struct state *copy);

/*
 * The state in the segment of that head, ours or, for root, anybody's, to be written to; NULL with
 * errno if it cannot be had, or is another one (EINVAL). Give it back by shmdt.
 */
struct state *memory_attach(int id, uint64_t nonce);

/* Lets it go, once no process has it any more. */
void memory_drop(int id);

/* All segments of the owner that have our kind of key. Returns how many ids, at most max. */
int memory_list(uid_t owner, int *ids, int max);

#endif
