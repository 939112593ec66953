/* SPDX-License-Identifier: MIT */
#include "ask.h"

#include "../../policy/ranges.h"
#include "../conn/hello.h"
#include "../conn/peer.h"
#include "../conn/path.h"
#include "../conn/resume.h"
#include "../conn/switch.h"
#include "../process/config.h"
#include "../wire/seen.h"
#include "../wire/socket.h"
#include "rescue.h"
#include "route.h"

/* Does each POST and PATCH to be sent again carry an idempotency key that the policy knows? */
static bool is_keyed(const struct conn *conn, const struct policy *policy,
		     const struct policy_retry *settings)
{
	const char *head = conn->held;
	if (!settings->key_headers || !conn->held_len)
		return false;
	for (int i = 0; i < conn->request_count; i++) {
		const struct conn_request *request = &conn->exchange->requests[i];
		bool found = !(method_bit(request->method) & METHODS_KEYED);
		for (uint32_t n = 0; n < policy->name_count && !found; n++)
			found = settings->key_headers >> n & 1 &&
				http1_head_value(head, request->len, policy->names[n]).len;
		if (!found)
			return false;
		head += request->len;
	}
	return true;
}

bool rescue_awaits_continue(const struct conn *conn)
{
	const uint16_t asks = HTTP1_HEAD_DONE | HTTP1_EXPECT_CONTINUE;
	return conn->request_count == 1 && conn_is_writing(conn) &&
	       (conn->exchange->request.flags & asks) == asks &&
	       conn->exchange->requests[0].len == conn->exchange->request.head_len;
}

enum reason rescue_plan_ask(const struct conn *conn, bool rescuing)
{
	const struct rescue *rescue = conn->rescue;
	conn_switch();
	struct decide_facts facts = {
	    .cause = rescue->cause,
	    .status = rescue->status,
	    .retry_after_ms = rescue->retry_after_ms,
	    .vetoed = rescue->vetoed,
	    .left = rescue->left,
	    .keyed = is_keyed(conn, rescue->policy, &rescue->settings),
	    .taken = rescue->acked,
	    .worked_ms = rescue->worked_ms,
	    .awaits_continue = rescue_awaits_continue(conn),
	};
	conn_facts(conn, &facts);
	/* Of a first flight nothing is the program's; but a server that is late may yet answer it.
	 */
	facts.unsent =
	    rescue->unsent || (conn_is_hello(conn) && rescue->cause != CAUSE_RESPONSE_TIMEOUT);
	facts.resumable =
	    (rescue->cause == CAUSE_BODY || rescue->resumes) && conn_is_resumable(conn);
	facts.attempts = rescue_sendings(rescue);
	facts.elapsed_ms = (uint32_t)rescue_elapsed_ms(rescue);
	facts.rescuing = rescuing;
	facts.elsewhere = rescue_route_leads_on(conn);
	facts.address_age_ms = rescue_route_age_ms(conn);
	/*
	 * Whichever it began with: nothing is sent again any more once that is switched off; and
	 * settings from while it was say nothing of what the policy wants now.
	 */
	const struct policy *policy = rescue->policy->enabled ? config.policy : rescue->policy;
	return decide(policy, &rescue->settings, &facts);
}

/* How many bytes all but the first so many have in the socket, those of attempt_header included. */
static uint64_t bytes_after(const struct conn *conn, int first)
{
	uint64_t len = 0;
	for (int i = first; i < conn->request_count; i++)
		len += conn->exchange->requests[i].len + conn->exchange->requests[i].marked;
	return len > conn->unsent ? len - conn->unsent : 0;
}

bool rescue_has_idle_408(const struct conn *conn, const struct rescue_start *start)
{
	struct wire_sent sent;
	const struct wire_seen *seen = &conn->rescue->seen;
	return wire_seen_unread(seen, conn->fd, conn->received) && wire_has_408(conn->fd) &&
	       wire_seen_sent(seen, conn->fd, &sent) &&
	       sent.unacked + start->untaken >= bytes_after(conn, 0);
}

/* Had it taken all of the oldest request, and if so, how long before it lost the connection? */
static bool ask_tcp(struct conn *conn, uint32_t *worked_ms)
{
	struct wire_sent sent;
	if (!wire_seen_sent(&conn->rescue->seen, conn->fd, &sent) ||
	    sent.unacked > bytes_after(conn, 1))
		return false;
	/* What the kernel gave up sending is not told as unacknowledged any more. */
	if (path_is_gone(conn, conn->rescue->error) && !sent.answered)
		return false;
	/* Of several, the oldest was sent before the last byte, perhaps since an answer came. */
	bool several = conn->request_count > 1 && sent.heard_ms > sent.last_ms;
	*worked_ms = several ? sent.heard_ms : sent.last_ms;
	return true;
}

/* A local peer that closes with anything unread resets (unix(7)): what ends has been read. */
static bool ask_local(struct conn *conn, uint32_t *worked_ms)
{
	const struct rescue *rescue = conn->rescue;
	*worked_ms = (uint32_t)conn_peer_wrote_ms(conn, rescue->now_ms);
	return rescue->cause == CAUSE_EOF;
}

void rescue_ask_kernel(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	bool lost = rescue->cause == CAUSE_RESET || rescue->cause == CAUSE_EOF;
	bool local = conn->peer.any.sa_family == AF_UNIX;
	uint32_t worked_ms = 0;
	rescue->acked = lost && !rescue->unsent && (local ? ask_local : ask_tcp)(conn, &worked_ms);
	rescue->worked_ms = rescue->acked ? worked_ms : 0;
	if (rescue->attempts == 1)
		rescue->began_ms = rescue->now_ms - rescue->worked_ms;
}
