/* SPDX-License-Identifier: MIT */
/*
 * A circuit breaker for each peer: while too many attempts on it fail, nothing is sent again to it,
 * save one probe now and then. All processes of a launch see the same one.
 *
 *   closed --too many failures--> open --open_ms over, a probe is let through--> half-open
 *   half-open --a success--> closed        half-open --a failure--> open
 *   open or half-open --open_ms over, and few of enough attempts in the window fail--> closed
 *
 * now_ms: of CLOCK_MONOTONIC. With settings that are not enabled all is allowed, nothing changes,
 * and failures are only counted. The entry that several peers share never opens.
 */
#ifndef REDIAL_BREAKER_H
#define REDIAL_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"
#include "state.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };

/* What a call made of the breaker. Only the process whose call it was is told, so log it there. */
enum breaker_change {
	BREAKER_SAME,
	BREAKER_HAS_OPENED,
	BREAKER_HAS_HALF_OPENED,
	BREAKER_HAS_CLOSED,
};

/*
 * Counts one failed attempt. Opens a closed breaker if within window_ms there were min_attempts or
 * more, answered and failed ones together, and failure_ratio or more of them failed; a half-open
 * one at once.
 */
enum breaker_change breaker_failed(struct state_peer *peer, const struct policy_breaker *settings,
				   uint64_t now_ms);

/*
 * May a request be sent again to this peer now? Yes if closed. After open_ms, and while half-open,
 * one caller at a time is told yes: it is the probe, and says by breaker_failed, breaker_succeeded
 * or breaker_give_back what became of it. One that says nothing for open_ms gives way to another.
 * After open_ms the window may also tell by itself that the peer is well: then it closes at once.
 * *change is set.
 */
bool breaker_allows(struct state_peer *peer, const struct policy_breaker *settings, uint64_t now_ms,
		    enum breaker_change *change);

/* What was sent again was answered: closes a half-open breaker and forgets the window. */
enum breaker_change breaker_succeeded(struct state_peer *peer,
				      const struct policy_breaker *settings, uint64_t now_ms);

/*
 * What breaker_allows let pass at allowed_ms was not sent after all: if it was the probe, another
 * may be it at once. Otherwise nothing happens.
 */
void breaker_give_back(struct state_peer *peer, uint64_t allowed_ms);

/* How it stands; open also when open_ms are over and no probe has been let through yet. */
enum breaker_state breaker_state(const struct state_peer *peer);

/* How many milliseconds it still stays open; 0 if a probe may try, or if it is not open. */
uint64_t breaker_left_ms(const struct state_peer *peer, const struct policy_breaker *settings,
			 uint64_t now_ms);

#endif
