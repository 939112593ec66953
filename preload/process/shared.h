/* SPDX-License-Identifier: MIT */
/*
 * Where struct state lies: in the file that the launcher made for all processes of its launch, or
 * in memory of our own, which children that are forked from then on share.
 */
#ifndef REDIAL_SHARED_H
#define REDIAL_SHARED_H

#include "../../policy/state.h"

/*
 * Maps the launch's file; for the constructor. One that is missing, another user's, or not of the
 * kind that it must be is passed over: the state is then this process's own.
 */
void shared_map(const char *path);

/*
 * The state: the launch's, if its file was mapped and holds one, else our own. NULL if no memory
 * can be had. Async-signal-safe; only the first call in a process makes system calls
 * (clock_gettime, for our own memory mmap).
 */
struct state *shared_state(void);

#endif
