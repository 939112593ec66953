/* SPDX-License-Identifier: MIT */
/* What the process is to rehearse. */
#ifndef REDIAL_REHEARSE_START_H
#define REDIAL_REHEARSE_START_H

#include "../../policy/policy.h"
#include "plan.h"

struct rehearsal {
	struct plan *plan; /* NULL: nothing is to be rehearsed, all calls pass straight through */
	const struct policy *policy;
};

extern struct rehearsal rehearsal __attribute__((visibility("hidden")));

#endif
