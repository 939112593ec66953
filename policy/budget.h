/* SPDX-License-Identifier: MIT */
/*
 * How much may be sent again: a share of what is asked, so that those who retry never multiply the
 * load of a server that fails. All processes of a launch draw on one budget.
 */
#ifndef REDIAL_BUDGET_H
#define REDIAL_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"
#include "state.h"

/*
 * May one request be sent again now? If so, it is counted. Yes while there were fewer resends in
 * the window than ratio times its requests and min_per_second times its seconds; processes that
 * ask at the same moment may go beyond that by one each. Always yes if the budget is not enabled.
 * now_ms: of CLOCK_MONOTONIC.
 */
bool budget_take(struct state *state, const struct policy_budget *settings, uint64_t now_ms);

/* How many resends budget_take would allow now; UINT32_MAX if it is not enabled. Changes nothing. */
uint32_t budget_left(const struct state *state, const struct policy_budget *settings,
		     uint64_t now_ms);

#endif
