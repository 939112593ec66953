/* SPDX-License-Identifier: MIT */
#include "idle.h"

#include "../http1/keep_alive.h"
#include "../os/clock.h"
#include "settings.h"

void idle_note(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	/* A line that one read begins and the next one ends is missed: there are few such. */
	bool in_head = !(conn->response.flags & HTTP1_HEAD_DONE);
	size_t first = count && iov->iov_len < len ? iov->iov_len : len;
	uint16_t hint = in_head ? http1_keep_alive_timeout(iov->iov_base, first) : 0;
	uint32_t now = (uint32_t)os_now_ms();
	if (hint)
		conn->idle_hint_s = hint;
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

bool idle_is_due(const struct conn *conn, const char *head, size_t head_len)
{
	struct policy_retry settings;
	if (!conn->idle_since)
		return false;
	uint32_t idle_ms = (uint32_t)os_now_ms() - conn->idle_since;
	settings_of_request(conn, head, head_len, &settings);
	return idle_is_over(&settings, idle_ms, conn->idle_hint_s);
}
