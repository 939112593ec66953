/* SPDX-License-Identifier: MIT */
/* All launches that there are. */
#ifndef REDIAL_STAT_LAUNCHES_H
#define REDIAL_STAT_LAUNCHES_H

#include <stddef.h>

#include "launch.h"

struct launches {
	struct launch *each;
	size_t count, room;
	size_t others; /* launches of another version of redial, which cannot be read */
};

/*
 * Finds those of this user that are alive, of all users for root, in the folders where
 * `redial-policy share` makes their files. Sorted by when they began.
 */
void launches_find(struct launches *found);

/* Adds the launch that a process is of. 0, or an errno: see proc.h; ENOMSG if it cannot be read. */
int launches_add_of(struct launches *found, uint32_t pid);

/* Adds it if it is alive; one that is there already only if that was told before it. */
void launches_take(struct launches *found, const struct launch *launch, enum launch_result result);

void launches_sort(struct launches *found);

/* Fills per_second from what was found before. */
void launches_compare(struct launches *now, const struct launches *before);

/* Frees it, and leaves none. */
void launches_drop(struct launches *found);

#endif
