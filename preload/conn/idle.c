/* SPDX-License-Identifier: MIT */
#include "idle.h"

#include "../os/clock.h"
#include "../os/mem.h"
#include "settings.h"

static bool is_name_char(char byte)
{
	return byte == '-' || byte == '_' || (byte >= '0' && byte <= '9') ||
	       ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* The number behind `timeout=` at the start of text; 0 if that is not what it starts with. */
static uint16_t timeout_at(const char *text, const char *end)
{
	static const char name[] = "timeout";
	for (size_t i = 0; i < sizeof(name) - 1; i++, text++) {
		if (text == end || (*text | 0x20) != name[i])
			return 0;
	}
	while (text < end && (*text == ' ' || *text == '\t'))
		text++;
	if (text == end || *text != '=')
		return 0;
	for (text++; text < end && (*text == ' ' || *text == '\t' || *text == '"'); text++)
		;
	uint32_t seconds = 0;
	for (; text < end && *text >= '0' && *text <= '9'; text++) {
		seconds = seconds * 10 + (uint32_t)(*text - '0');
		if (seconds > UINT16_MAX)
			seconds = UINT16_MAX;
	}
	return (uint16_t)seconds;
}

static uint16_t timeout_in(struct http1_text list)
{
	const char *end = list.text + list.len;
	bool inside = false;
	for (const char *at = list.text; at < end; at++) {
		uint16_t seconds = inside ? 0 : timeout_at(at, end);
		if (seconds)
			return seconds;
		inside = is_name_char(*at);
	}
	return 0;
}

/* Where the head ends that bytes start in; the end of bytes if it does not. */
static const char *head_end(const char *at, const char *end)
{
	for (; end - at >= 4; at++) {
		if (__builtin_memcmp(at, "\r\n\r\n", 4) == 0)
			return at + 4;
	}
	return end;
}

uint16_t idle_hint(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	while (end - bytes > 12 && __builtin_memcmp(bytes, "HTTP/1.1 1", 10) == 0)
		bytes = head_end(bytes, end);
	return timeout_in(http1_head_value(bytes, (size_t)(end - bytes), "keep-alive"));
}

void idle_note(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	/* A line that one read begins and the next one ends is missed: there are few such. */
	bool in_head = !(conn->response.flags & HTTP1_HEAD_DONE);
	size_t first = count && iov->iov_len < len ? iov->iov_len : len;
	uint16_t hint = in_head ? idle_hint(iov->iov_base, first) : 0;
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
