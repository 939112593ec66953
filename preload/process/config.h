/* SPDX-License-Identifier: MIT */
/* What is settled at the start of the process: only switch.c changes its policy later. */
#ifndef REDIAL_PROCESS_CONFIG_H
#define REDIAL_PROCESS_CONFIG_H

#include <stdbool.h>

#include "../../policy/load.h"
#include "../../policy/policy.h"

enum { CONFIG_PROGRAM_MAX = 16, CONFIG_DIR_MAX = 256 };

struct config {
	bool active;			  /* false: every call passes straight through */
	const struct policy *policy;	  /* built in, or in memory of our own */
	/* Its `uses`, whether it is switched off or not: what connections are tracked for. */
	uint32_t tracks;
	struct policy_log log;		  /* the policy's, under REDIAL_LOG */
	const char *told_dir; /* where the state is told; NULL: nowhere; not absolute: wrong */
	char program[CONFIG_PROGRAM_MAX]; /* the process's name, for the log */
};

extern struct config config __attribute__((visibility("hidden")));

/* What of the user's settings cannot be used, for the log. */
struct config_fault {
	const char *file; /* or the variable; NULL: all is right */
	struct load_error error;
};

struct config_faults {
	struct config_fault policy; /* then nothing is active: guessing could send twice */
	struct config_fault log;
};

/* Fills a fault of which no line is known; the text is copied. */
void config_note(struct config_fault *fault, const char *file, const char *why);

/* Does REDIAL_DISABLE say so? Asked before anything else is done. */
bool config_is_disabled(void);

/*
 * Fills `config` from the environment, the policy that it names or else the one in /etc, and joins
 * the processes of its launch. Once, in the constructor, after real_resolve: it may
 * dlopen the parser of policies in text form. *faults is filled.
 */
void config_settle(struct config_faults *faults);

#endif
