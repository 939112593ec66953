/* SPDX-License-Identifier: MIT */
#include "breaker.h"

/*
 * The gate is one word, so that it changes as a whole or not at all: the state in its two low bits,
 * above them a time in milliseconds. Of open: when that was. Of half-open: when the probe was let
 * through; 0 if none is under way.
 */
static uint64_t gate_of(enum breaker_state state, uint64_t ms)
{
	return ms << 2 | state;
}

static enum breaker_state state_of(uint64_t gate)
{
	unsigned state = gate & 3;

	return state == BREAKER_OPEN || state == BREAKER_HALF_OPEN ? state : BREAKER_CLOSED;
}

static bool swap(struct state_peer *peer, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(&peer->gate, &from, to, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

static uint64_t load_gate(const struct state_peer *peer)
{
	return __atomic_load_n(&peer->gate, __ATOMIC_RELAXED);
}

/* A little in the future is another process's clock, read later; far in it is rubbish. */
static bool is_over(uint64_t gate, uint32_t open_ms, uint64_t now_ms)
{
	uint64_t since_ms = gate >> 2;

	return since_ms > now_ms ? since_ms - now_ms > open_ms : now_ms - since_ms >= open_ms;
}

static uint64_t answered(const struct state_peer *peer)
{
	return __atomic_load_n(&peer->answered, __ATOMIC_RELAXED);
}

/* All that find no room of their own share this one: the failures of one are not another's. */
static bool is_shared(const struct state_peer *peer)
{
	return !__atomic_load_n(&peer->key, __ATOMIC_RELAXED);
}

enum health { UNKNOWN, WELL, UNWELL };

/* By the window, which has been looked at just now. */
static enum health health_of(const struct state_peer *peer, const struct policy_breaker *settings,
			     uint64_t now_ms)
{
	uint32_t window_ms = settings->window_ms;
	uint64_t failures = window_sum(&peer->window, WINDOW_EVENTS, window_ms, now_ms);
	uint64_t attempts =
	    failures + window_sum(&peer->window, WINDOW_REQUESTS, window_ms, now_ms);

	if (!attempts || attempts < settings->min_attempts)
		return UNKNOWN;
	return failures && failures * 1000 >= attempts * settings->failure_ratio_milli ? UNWELL
										       : WELL;
}

enum breaker_change breaker_failed(struct state_peer *peer, const struct policy_breaker *settings,
				   uint64_t now_ms)
{
	uint64_t gate = load_gate(peer);
	enum breaker_state state = state_of(gate);

	__atomic_fetch_add(&peer->failed, 1, __ATOMIC_RELAXED);
	if (!settings->enabled || is_shared(peer))
		return BREAKER_SAME;
	window_look(&peer->window, settings->window_ms, answered(peer), now_ms);
	window_add_event(&peer->window, settings->window_ms, now_ms);
	if (state == BREAKER_OPEN ||
	    (state == BREAKER_CLOSED && health_of(peer, settings, now_ms) != UNWELL))
		return BREAKER_SAME;
	return swap(peer, gate, gate_of(BREAKER_OPEN, now_ms)) ? BREAKER_HAS_OPENED : BREAKER_SAME;
}

bool breaker_allows(struct state_peer *peer, const struct policy_breaker *settings, uint64_t now_ms,
		    enum breaker_change *change)
{
	uint64_t gate = load_gate(peer);
	enum breaker_state state = state_of(gate);

	*change = BREAKER_SAME;
	if (!settings->enabled || is_shared(peer) || state == BREAKER_CLOSED)
		return true;
	if (!is_over(gate, settings->open_ms, now_ms))
		return false;
	/* Nobody may have asked for long, while the program's own requests were answered. */
	window_look(&peer->window, settings->window_ms, answered(peer), now_ms);
	if (health_of(peer, settings, now_ms) == WELL) {
		if (swap(peer, gate, gate_of(BREAKER_CLOSED, 0)))
			*change = BREAKER_HAS_CLOSED;
		return true;
	}
	if (!swap(peer, gate, gate_of(BREAKER_HALF_OPEN, now_ms)))
		return false;
	if (state == BREAKER_OPEN)
		*change = BREAKER_HAS_HALF_OPENED;
	return true;
}

enum breaker_change breaker_succeeded(struct state_peer *peer,
				      const struct policy_breaker *settings, uint64_t now_ms)
{
	uint64_t gate = load_gate(peer);

	if (state_of(gate) != BREAKER_HALF_OPEN || !settings->enabled)
		return BREAKER_SAME;
	/* First, or failures that come as soon as it is closed would count with the old ones. */
	window_clear(&peer->window, answered(peer), now_ms);
	return swap(peer, gate, gate_of(BREAKER_CLOSED, 0)) ? BREAKER_HAS_CLOSED : BREAKER_SAME;
}

void breaker_give_back(struct state_peer *peer, uint64_t allowed_ms)
{
	swap(peer, gate_of(BREAKER_HALF_OPEN, allowed_ms), gate_of(BREAKER_HALF_OPEN, 0));
}

enum breaker_state breaker_state(const struct state_peer *peer)
{
	return state_of(load_gate(peer));
}

uint64_t breaker_left_ms(const struct state_peer *peer, const struct policy_breaker *settings,
			 uint64_t now_ms)
{
	uint64_t gate = load_gate(peer);
	uint64_t since_ms = gate >> 2;

	if (state_of(gate) != BREAKER_OPEN || is_over(gate, settings->open_ms, now_ms))
		return 0;
	return since_ms + settings->open_ms - now_ms;
}
