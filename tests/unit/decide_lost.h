/* SPDX-License-Identifier: MIT */
/* For tests/unit/test_decide*.c: a request that is lost, and what is to be decided of it. */
#ifndef REDIAL_TEST_DECIDE_LOST_H
#define REDIAL_TEST_DECIDE_LOST_H

#include "decide.h"
#include "unit.h"

/* A GET that was lost in a way that is let pass: each test spoils it in one point. */
static inline struct decide_facts lost(enum cause cause)
{
	return (struct decide_facts){.cause = cause,
				     .methods = method_bit(METHOD_GET),
				     .request_len = 200,
				     .attempts = 1,
				     .reused = true,
				     .unsent = cause == CAUSE_STALE,
				     .held = true};
}

static inline void expect_by(const char *what, enum reason expected, const struct policy *policy,
			     const struct decide_facts *facts)
{
	runner_expect_text(what, reason_name(expected),
			   reason_name(decide(policy, &policy->retry, facts)));
}

static inline void expect(const char *what, enum reason expected, const struct decide_facts *facts)
{
	struct policy policy;

	policy_defaults(&policy);
	expect_by(what, expected, &policy, facts);
}

#endif
