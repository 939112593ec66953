/* SPDX-License-Identifier: MIT */
#include "keep_alive.h"

#include <stdbool.h>

#include "http1.h"

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

uint16_t http1_keep_alive_timeout(const char *bytes, size_t len)
{
	const char *end = bytes + len;
	while (end - bytes > 12 && __builtin_memcmp(bytes, "HTTP/1.1 1", 10) == 0)
		bytes = head_end(bytes, end);
	return timeout_in(http1_head_value(bytes, (size_t)(end - bytes), "keep-alive"));
}
