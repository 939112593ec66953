/* SPDX-License-Identifier: MIT */
/*
 * Where struct state lies: in the memory that the launcher made for all processes of its launch, or
 * in memory of our own, which children that are forked from then on share. Neither can be cut off
 * under a process, nor outgrown, whoever does what; what is in it others may have scribbled over.
 */
#ifndef REDIAL_PROCESS_SHARED_H
#define REDIAL_PROCESS_SHARED_H

#include "../../policy/state.h"

/*
 * Attaches the memory that the launch's file tells of; for the constructor. If either is missing,
 * another user's, or not what it must be, the state is this process's own.
 */
void shared_join(const char *path);

/*
 * The state: the launch's, if it was joined and there is one, else our own. NULL if no memory
 * can be had. Async-signal-safe; only the first call in a process makes system calls
 * (clock_gettime, for our own memory mmap).
 */
struct state *shared_state(void);

/* Has a launch's memory been attached? What lies in it is not looked at. */
bool shared_is_joined(void);

/* shared_state, if that is the launch's; else NULL. */
struct state *shared_launch(void);

#endif
