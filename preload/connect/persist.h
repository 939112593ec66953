/* SPDX-License-Identifier: MIT */
/*
 * Trying again for calls that block anyway and know of no request yet: look-ups of names and
 * connects. No connection is involved; all of it lives on the caller's stack.
 */
#ifndef REDIAL_CONNECT_PERSIST_H
#define REDIAL_CONNECT_PERSIST_H

#include <stdbool.h>
#include <stdint.h>

#include "../../policy/decide.h"
#include "../../policy/state.h"
#include "../log/log.h"

/* One call of the program's that has failed. */
struct persist {
	uint32_t attempts; /* so far, the first included */
	uint64_t began_ms; /* os_now_ms() of the first failure */
	bool counted;	   /* as a rescue under way, by live.c */
	struct policy_retry settings;
	struct state_peer *peer; /* of a connect, else NULL: the caller sets it with its address */
	const struct sockaddr *peer_addr;
	struct log_request who; /* for the log: the caller fills it, which starts out empty */
};

/* Starts it after the first failure, under these settings. who has no descriptor yet (fd -1). */
void persist_begin(struct persist *persist, const struct policy_retry *settings);

/*
 * After each failure: true once the pause is over that the policy wants before the next attempt;
 * false if there is to be none, or a signal came meanwhile: deliver what the call last answered.
 * errno is kept. Logs the attempt, or why there is none.
 */
bool persist_again(struct persist *persist, enum cause cause);

/* The call succeeded at last. */
void persist_recovered(const struct persist *persist);

/* Runs when a struct persist that is declared with PERSIST goes out of scope. */
void persist_end(struct persist *persist);

#define PERSIST __attribute__((cleanup(persist_end))) struct persist

#endif
