/* SPDX-License-Identifier: MIT */
#include "budget.h"

/* How many more resends there may be in the window, which has been looked at just now. */
static uint64_t left(const struct window *window, const struct policy_budget *settings,
		     uint64_t now_ms)
{
	uint32_t window_ms = settings->window_ms;
	uint64_t requests = window_sum(window, WINDOW_REQUESTS, window_ms, now_ms);
	uint64_t used = window_sum(window, WINDOW_EVENTS, window_ms, now_ms);
	uint64_t allowed_milli =
	    requests * settings->ratio_milli +
	    (uint64_t)settings->min_per_second * window_length(window, window_ms);
	/* Up, for "fewer than 0.2" allows the first. */
	uint64_t allowed = allowed_milli / 1000 + (allowed_milli % 1000 != 0);

	return allowed > used ? allowed - used : 0;
}

bool budget_take(struct state *state, const struct policy_budget *settings, uint64_t now_ms)
{
	struct window *window = &state->budget;

	if (!settings->enabled)
		return true;
	window_look(window, settings->window_ms, state_requests(state), now_ms);
	if (!left(window, settings, now_ms))
		return false;
	window_add_event(window, settings->window_ms, now_ms);
	return true;
}

uint32_t budget_left(const struct state *state, const struct policy_budget *settings,
		     uint64_t now_ms)
{
	struct window window;
	uint64_t more;

	if (!settings->enabled)
		return UINT32_MAX;
	window_copy(&window, &state->budget);
	window_look(&window, settings->window_ms, state_requests(state), now_ms);
	more = left(&window, settings, now_ms);
	return more < UINT32_MAX ? (uint32_t)more : UINT32_MAX;
}
