/* SPDX-License-Identifier: MIT */
/*
 * Counts for `redial stat`: what this process is doing right now, in its entry of the state that
 * the launch shares. A count is one addition to a cache line of the process's own, and none is made
 * for a request that is answered. Async-signal-safe.
 */
#ifndef REDIAL_PROCESS_LIVE_H
#define REDIAL_PROCESS_LIVE_H

#include <stdbool.h>

#include "../../policy/process.h"

/*
 * One more of these. false if it cannot be counted, then live_less must not be called for it. The
 * first one in a process takes its entry: clock_gettime, and where 128 processes have been before,
 * at most 32 of kill (with signal 0).
 */
bool live_more(enum process_gauge gauge);

/* One of those that were counted is over. */
void live_less(enum process_gauge gauge);

/* Such an event has just happened. */
void live_count(enum process_event event);

/* The process ends: its entry is nobody's. */
void live_leave(void);

#endif
