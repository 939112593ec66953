/* SPDX-License-Identifier: MIT */
/*
 * How often and how fast there may be resends at all: the retry budget and the circuit breakers
 * that the processes of a launch share, asked and told for one peer at a time; what changes is told
 * to the log. Nothing here is on the path of a request that is answered.
 * now_ms: of os_now_ms().
 */
#ifndef REDIAL_RESCUE_PACE_H
#define REDIAL_RESCUE_PACE_H

#include <stdint.h>
#include <sys/socket.h>

#include "../../policy/decide.h"
#include "../../policy/state.h"

/*
 * May one resend after such a failure be made? REASON_NONE if so, and it counts: else
 * REASON_BREAKER or REASON_BUDGET. A redial before the first byte of a request, stale or idle, is
 * none: it passes. peer NULL: only the budget is asked. blamed: pace_failed was told of the
 * failure.
 */
enum reason pace_take(struct state_peer *peer, const struct sockaddr *addr, enum cause cause,
		      bool blamed, uint64_t now_ms);

/*
 * An attempt has failed in a way that says something of the peer: not one that was lost with a
 * connection that had served before, as idle ones are. addr is for the log.
 */
void pace_failed(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms);

/* A resend was answered. */
void pace_succeeded(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms);

/*
 * breaker.reject: is a connect of the program's own to be refused now? If not, but the breaker is
 * half-open, it is the probe, and pace_failed or pace_succeeded is due.
 */
bool pace_rejects(struct state_peer *peer, const struct sockaddr *addr, uint64_t now_ms);

/* Is a probe under way? */
bool pace_is_half_open(const struct state_peer *peer);

#endif
