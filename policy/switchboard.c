/* SPDX-License-Identifier: MIT */
#include "switchboard.h"

#include <string.h>

#define LOAD(from)	__atomic_load_n(from, __ATOMIC_RELAXED)
#define STORE(to, what) __atomic_store_n(to, what, __ATOMIC_RELAXED)

/* What is the last entry's is shared by processes that have none of their own. */
enum { OWN = PROCESS_ENTRIES - 1 };

bool switchboard_is_off(const struct switchboard *board, unsigned place)
{
	uint32_t turn = place < OWN ? LOAD(&board->parts[place].turn) : TURN_AS_ALL;

	return turn == TURN_OFF || (turn != TURN_ON && LOAD(&board->turn) == TURN_OFF);
}

void switchboard_take(struct switchboard *board, unsigned place, uint32_t pid)
{
	struct switchboard_part *part = &board->parts[place];

	if (place >= OWN || LOAD(&part->pid) == pid)
		return;
	STORE(&part->turn, TURN_AS_ALL);
	STORE(&part->pid, pid);
}

void switchboard_off_policy(struct policy *off, const struct policy *on)
{
	memcpy(off, on, offsetof(struct policy, rules));
	off->rule_count = 0;
	off->enabled = 0;
	off->uses &= POLICY_USES_TLS;
	off->breaker.reject = 0;
	off->tcp.keep_alive.idle_s = 0;
	off->retry.on = 0;
	memset(off->retry.statuses, 0, sizeof(off->retry.statuses));
	off->retry.attempt_header = 0;
	off->retry.add_request_id = 0;
	off->retry.response_timeout_ms = 0;
	off->retry.unacked_timeout_ms = 0;
	off->retry.max_idle_ms = 0;
	off->retry.max_requests = 0;
	off->retry.keep_alive_hints = 0;
	off->retry.resume = 0;
}
