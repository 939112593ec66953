/* SPDX-License-Identifier: MIT */
/*
 * Where struct state lies: in the file that the launcher made for all processes of its launch, or
 * in memory of our own, which children that are forked from then on share.
 */
#ifndef REDIAL_SHARED_H
#define REDIAL_SHARED_H

#include "../policy/state.h"

/*
 * Maps the launch's file; for the constructor. A file that is missing, another user's, or not what
 * it must be is passed over: the budget is then this process's alone.
 */
void shared_map(const char *path);

/*
 * The state; made now if there is none yet. NULL if no memory can be had. Async-signal-safe; costs
 * no system call but at the first call of a process whose file was not mapped (mmap,
 * clock_gettime).
 */
struct state *shared_state(void);

#endif
