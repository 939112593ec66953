/* SPDX-License-Identifier: MIT */
/* What is settled once, at the start of the process, and only read from then on. */
#ifndef REDIAL_CONFIG_H
#define REDIAL_CONFIG_H

#include <stdbool.h>

#include "../../policy/policy.h"

enum { CONFIG_PROGRAM_MAX = 16 };

struct config {
	bool active;			  /* false: every call passes straight through */
	const struct policy *policy;	  /* built in, compiled and mapped, or parsed */
	struct policy_log log;		  /* the policy's, under REDIAL_LOG */
	char program[CONFIG_PROGRAM_MAX]; /* the process's name, for the log */
};

extern struct config config __attribute__((visibility("hidden")));

#endif
