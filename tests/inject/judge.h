/* SPDX-License-Identifier: MIT */
/* What may come of a run in which a call failed. */
#ifndef REDIAL_INJECT_JUDGE_H
#define REDIAL_INJECT_JUDGE_H

#include "scenario.h"
#include "trace.h"

/* What the same run says if nothing is made to fail. */
struct reference {
	char original[64]; /* without redial: what it says of a round behind the number */
	int fds;
	long mapped_kb;
};

/* Parses what a run without redial, and one with it, have said. false: something was not told. */
bool judge_learn(struct reference *reference, const struct run *bare, const struct run *redial);

/* NULL, or what is wrong with it. took_ms: of the clock. */
const char *judge(const struct scenario *scenario, const struct reference *reference,
		  const struct plan *plan, const struct run *run, long took_ms);

/* What it says of the first round behind the number; "" if nothing. */
const char *judge_outcome(const struct run *run);

#endif
