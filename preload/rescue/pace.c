/* SPDX-License-Identifier: MIT */
#include "pace.h"

#include "../../policy/breaker.h"
#include "../../policy/budget.h"
#include "../log/log.h"
#include "../process/config.h"
#include "../process/shared.h"

static void tell(enum breaker_change change, const struct sockaddr *addr)
{
	if (change == BREAKER_HAS_OPENED)
		log_breaker(addr, "open");
	else if (change == BREAKER_HAS_HALF_OPENED)
		log_breaker(addr, "half-open");
	else if (change == BREAKER_HAS_CLOSED)
		log_breaker(addr, "closed");
}

enum reason pace_take(struct state_peer *peer, const struct sockaddr *addr, enum cause cause,
		      bool blamed, uint64_t now_ms)
{
	const struct policy *policy = config.policy;
	struct state *state = shared_state();
	enum breaker_change change = BREAKER_SAME;
	if (cause == CAUSE_STALE || cause_is_replacement(cause) || !state)
		return REASON_NONE;
	if (peer && !breaker_allows(peer, &policy->breaker, now_ms, &change))
		return REASON_BREAKER;
	tell(change, addr);
	if (budget_take(state, &policy->budget, now_ms)) {
		if (blamed)
			state_repeated(state);
		return REASON_NONE;
	}
	if (peer)
		breaker_give_back(peer, now_ms);
	return REASON_BUDGET;
}

void pace_failed(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms)
{
	tell(breaker_failed(peer, &config.policy->breaker, now_ms), addr);
}

void pace_succeeded(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms)
{
	tell(breaker_succeeded(peer, &config.policy->breaker, now_ms), addr);
}

bool pace_rejects(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms)
{
	enum breaker_change change;
	if (!breaker_allows(peer, &config.policy->breaker, now_ms, &change))
		return true;
	tell(change, addr);
	return false;
}

bool pace_is_half_open(const struct state_peer *peer)
{
	return breaker_state(peer) == BREAKER_HALF_OPEN;
}
