/* SPDX-License-Identifier: MIT */
/* What redial rehearse was asked for. */
#ifndef REDIAL_REHEARSE_OPTIONS_H
#define REDIAL_REHEARSE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "../../preload/rehearse/plan.h"

/* The exit statuses, the command's own; the launcher adds its own to them. */
enum { SAVED = 0, LOST = 1, NO_FAULT_CAME = 2, NEVER_REUSED = 3, WRONG_USAGE = 64, BROKEN = 120 };

enum { EVERY_DEFAULT = 5 };

struct options {
	const char *launcher; /* set by the launcher */
	const char *policy;   /* NULL: whatever the launcher finds */
	const char *report, *html;
	bool bare;
	double seconds; /* 0: until the command ends */
	unsigned turn_count;
	struct plan_turn turns[FAULT_COUNT];
	char **command;
};

/* Returns 0, WRONG_USAGE, or -1 if help was asked for and given. */
int options_read(struct options *options, int argc, char **argv);

const char *fault_name(int fault);

#endif
