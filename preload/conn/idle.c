/* SPDX-License-Identifier: MIT */
#include "idle.h"

#include "../http1/keep_alive.h"
#include "../os/clock.h"
#include "settings.h"
#include "../process/config.h"

void idle_note(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	/* A line that one read begins and the next one ends is missed: there are few such. */
	bool in_head = !(conn->exchange->response.flags & HTTP1_HEAD_DONE);
	size_t first = count && iov->iov_len < len ? iov->iov_len : len;
	struct http1_keep_alive hint = {0};
	if (in_head)
		http1_keep_alive(iov->iov_base, first, &hint);
	uint32_t now = (uint32_t)os_now_ms();
	if (hint.timeout_s)
		conn->idle_hint_s = hint.timeout_s;
	if (hint.has_max)
		conn->flags =
		    (conn->flags & ~(uint32_t)CONN_LAST) | (hint.max <= 1 ? CONN_LAST : 0);
	conn->idle_since = now ? now : UINT32_MAX;
}

bool idle_is_over(const struct policy_retry *settings, uint32_t idle_ms, uint16_t hint_s)
{
	uint32_t margin_ms = hint_s > 1 ? 1000 : 500;
	if (settings->max_idle_ms && idle_ms >= settings->max_idle_ms)
		return true;
	return settings->keep_alive_hints && hint_s &&
	       idle_ms >= (uint32_t)hint_s * 1000 - margin_ms;
}

/* A server that counts says so in its last answer but one; another one ends without a word. */
static bool is_spent(const struct conn *conn, const struct policy_retry *settings)
{
	return (settings->max_requests &&
		(uint16_t)(conn->popped - conn->popped_before) >= settings->max_requests) ||
	       (settings->keep_alive_hints && conn->flags & CONN_LAST);
}

bool idle_is_due(const struct conn *conn, const char *head, size_t head_len, enum cause *cause)
{
	struct policy_retry settings;
	settings_of_request(config.policy, conn, head, head_len, &settings);
	*cause = CAUSE_MAX_REQUESTS;
	if (is_spent(conn, &settings))
		return true;
	*cause = CAUSE_IDLE;
	return conn->idle_since &&
	       idle_is_over(&settings, (uint32_t)os_now_ms() - conn->idle_since, conn->idle_hint_s);
}
