/* SPDX-License-Identifier: MIT */
/* The process that a launch begins with. */
#ifndef REDIAL_SHARE_ROOT_H
#define REDIAL_SHARE_ROOT_H

#include <stdbool.h>
#include <stdint.h>

#include "state.h"

struct root {
	uint32_t pid;
	uint64_t start;
	uint64_t pids;	/* the inode of our PID namespace; 0 if not known */
	uint64_t space; /* the same of our IPC namespace */
	const char *policy; /* the path of its policy; NULL: built in, or not known */
	char name[40];	/* of the launch's file: PID-START, the start telling a PID's users apart */
};

/* Fills it from a PID as users write it; start is 0 if there is no such process. false if it is
 * none. */
bool root_find(struct root *root, const char *text);

/* Is it a file's name as above? Then *pid and *start are what it says. */
bool root_parse(const char *name, uint32_t *pid, uint64_t *start);

/* When the process started, in ticks since boot: proc(5), /proc/PID/stat, field 22. 0: no such. */
uint64_t root_start_of(uint32_t pid);

/* Is the head's root, of our PID namespace, alive? */
bool root_lives(const struct state_head *head, const struct root *ours);

#endif
