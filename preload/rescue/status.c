/* SPDX-License-Identifier: MIT */
#include "status.h"

#include "../../policy/breaker.h"
#include "../conn/peer.h"
#include "../conn/settings.h"
#include "../http1/retry_after.h"
#include "../os/clock.h"
#include "../process/config.h"
#include "../process/repeats.h"
#include "../wire/socket.h"
#include "rescue.h"

int status_read(const char *bytes, size_t len)
{
	static const char start[] = "HTTP/1.x ";
	int status = 0;
	for (size_t i = 0; i < STATUS_LINE_MIN && i < len; i++) {
		bool digit = bytes[i] >= '0' && bytes[i] <= '9';
		if (i < 9 && i != 7 ? bytes[i] != start[i] : !digit)
			return STATUS_NONE;
		if (i >= 9)
			status = status * 10 + bytes[i] - '0';
	}
	return len < STATUS_LINE_MIN ? STATUS_UNKNOWN : status;
}

size_t status_head_len(const char *bytes, size_t len)
{
	for (size_t i = 3; i < len; i++) {
		if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' &&
		    bytes[i - 3] == '\r')
			return i + 1;
	}
	return 0;
}

bool status_is_listed(int status)
{
	const struct policy *policy = config.policy;
	bool listed = policy_has_status(policy->retry.statuses, (unsigned)status);
	for (uint32_t i = 0; i < policy->rule_count && !listed; i++)
		listed = policy_has_status(policy->rules[i].retry.statuses, (unsigned)status);
	return listed;
}

static uint64_t peer_number(const struct conn *conn)
{
	union os_address peer;
	socklen_t len = conn_peer(conn, conn->fd, &peer);
	if (peer.any.sa_family == AF_INET)
		len = offsetof(struct sockaddr_in, sin_zero);
	return repeats_number(REPEATS_START, &peer, len);
}

static uint64_t text_number(uint64_t number, struct http1_text text)
{
	number = repeats_number(number, text.text, text.len);
	return repeats_number(number, "", 1);
}

/*
 * What is asked: method, target, host and body. Other headers may change from try to try (an id of
 * the request, how many tries there were). Nothing is known of a request that is not held.
 */
static bool identify(const struct conn *conn, struct repeats_request *request)
{
	const char *head = conn->held;
	size_t head_len = status_head_len(head, conn->held_len);
	if (conn->request_count != 1 || !head_len)
		return false;
	request->peer = peer_number(conn);
	uint64_t number = text_number(request->peer, http1_head_method(head, head_len));
	number = text_number(number, http1_head_target(head, head_len));
	number = text_number(number, http1_head_value(head, head_len, "host"));
	request->request = repeats_number(number, head + head_len, conn->held_len - head_len);
	request->answered = __atomic_load_n(&conn->peer_state->answered, __ATOMIC_RELAXED);
	return request->peer && request->request;
}

/* A resend of ours is no retry of the program's. */
static bool is_first(const struct conn *conn)
{
	return !conn->rescue || rescue_sendings(conn->rescue) == 1;
}

static void ask_program(const struct conn *conn, struct rescue_start *start)
{
	struct repeats_request request;
	/* An open breaker lets one resend through now and then, which is to tell how the peer does.
	 */
	bool bounded = breaker_state(conn->peer_state) != BREAKER_CLOSED;
	if (bounded || !is_first(conn) || !identify(conn, &request))
		return;
	request.seen_ms = os_now_ms();
	request.sent_ms = request.seen_ms - wire_last_sent_ms(conn->fd);
	start->left = repeats_ask(&request);
	start->peer = request.peer;
}

void status_says(const struct conn *conn, const char *head, size_t len, struct rescue_start *start)
{
	const struct policy *policy = config.policy;
	struct policy_retry settings;
	if (conn->held_len)
		settings_of_request(policy, conn, conn->held, conn->held_len, &settings);
	else
		settings_of_connection(policy, conn, &settings);
	start->retry_after_ms =
	    retry_after_ms(head, len, os_realtime_s(), policy, settings.after_headers);
	start->vetoed = retry_is_vetoed(head, len, policy, settings.veto_headers);
	if (policy_has_status(settings.statuses, start->status))
		ask_program(conn, start);
}

void status_given(const struct conn *conn, uint64_t seen_ms, enum reason reason)
{
	struct repeats_request request;
	/* Budget and breaker see to it by themselves that nothing multiplies. */
	bool bounded = reason == REASON_BUDGET || reason == REASON_BREAKER;
	if (bounded || reason == REASON_CAUSE || !identify(conn, &request))
		return;
	request.seen_ms = seen_ms;
	repeats_given(&request, os_now_ms());
}

void status_given_back(const struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	int status = rescue->answer_len ? status_read(rescue->answer, rescue->answer_len)
					: (int)rescue->status;
	if (status > 0 && status_is_listed(status))
		status_given(conn, rescue->began_ms, REASON_NONE);
}
