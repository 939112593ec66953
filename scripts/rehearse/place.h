/* SPDX-License-Identifier: MIT */
/* Where a rehearsal has its files, and what it needs beside itself. */
#ifndef REDIAL_REHEARSE_PLACE_H
#define REDIAL_REHEARSE_PLACE_H

#include <limits.h>

#include "options.h"

struct place {
	char library[PATH_MAX]; /* libredial-rehearse.so */
	char policy[PATH_MAX];	/* compiled; "": the built-in one */
	char dir[PLAN_LOG_MAX - 16];
	char plan[PLAN_LOG_MAX], log[PLAN_LOG_MAX];
};

/* Asks the launcher whether the command can be started. Returns 0, or the status to end with. */
int place_check(const struct options *options);

/* Finds the library and, for a bare rehearsal, the policy. 0, or the status to end with. */
int place_find(struct place *place, const struct options *options);

/* Makes the files. 0 or a negative errno. */
int place_make(struct place *place, const struct options *options);

/* What the plan's counters have come to. */
void place_read(const struct place *place, struct plan *counts);

/* Removes them, all but the log if it is to be kept. */
void place_remove(const struct place *place, bool keep_log);

#endif
