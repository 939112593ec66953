/* SPDX-License-Identifier: MIT */
/* What became of each fault that was made, by the log of the rehearsal. */
#ifndef REDIAL_REHEARSE_OUTCOME_H
#define REDIAL_REHEARSE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../preload/rehearse/plan.h"

enum fate {
	FATE_OPEN, /* nothing was heard of it */
	FATE_SAVED,
	FATE_GIVEN, /* the program had the failure */
};

struct made {
	int fault; /* enum fault */
	enum fate fate;
	uint32_t pid;
	int64_t fd; /* -1: none */
	int64_t time_ms;
	uint64_t added_ms; /* of FATE_SAVED */
	bool due;	   /* of FATE_GIVEN: it could have been saved */
	char method[16], host[128], path[128];
	char reason[24]; /* why not */
};

struct made_list {
	struct made *all;
	size_t count;
};

/* Reads the log. Returns 0 or a negative errno. `bare`: there was nobody to save any. */
int outcome_read(struct made_list *list, const char *log, bool bare);

/* The command was ended from outside: what was under way then is nobody's loss. */
void outcome_was_ended(struct made_list *list);

/*
 * It ended by itself, with success, at that time (ms since the Epoch), as one does that heeds Ctrl-C:
 * what it let go of in the second before is nobody's loss either.
 */
void outcome_ended_well(struct made_list *list, int64_t at_ms);

#endif
