/* SPDX-License-Identifier: MIT */
#include "keep_alive.h"

#include "http1.h"

static bool is_name_char(char byte)
{
	return byte == '-' || byte == '_' || (byte >= '0' && byte <= '9') ||
	       ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/*
 * The number behind `name=` at the start of text, cut to 16 bits; -1 if that is not what it starts
 * with. name is in lower case.
 */
static int32_t number_at(const char *name, const char *text, const char *end)
{
	for (; *name; name++, text++) {
		if (text == end || (*text | 0x20) != *name)
			return -1;
	}
	while (text < end && (*text == ' ' || *text == '\t'))
		text++;
	if (text == end || *text != '=')
		return -1;
	for (text++; text < end && (*text == ' ' || *text == '\t' || *text == '"'); text++)
		;
	if (text == end || *text < '0' || *text > '9')
		return -1;
	int32_t number = 0;
	for (; text < end && *text >= '0' && *text <= '9'; text++) {
		number = number * 10 + (*text - '0');
		if (number > (int32_t)UINT16_MAX)
			number = UINT16_MAX;
	}
	return number;
}

/* The first number of that name in the list; -1 if there is none. */
static int32_t number_in(struct http1_text list, const char *name)
{
	const char *end = list.text + list.len;
	bool inside = false;
	for (const char *at = list.text; at < end; at++) {
		int32_t number = inside ? -1 : number_at(name, at, end);
		if (number >= 0)
			return number;
		inside = is_name_char(*at);
	}
	return -1;
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

void http1_keep_alive(const char *bytes, size_t len, struct http1_keep_alive *said)
{
	const char *end = bytes + len;
	while (end - bytes > 12 && __builtin_memcmp(bytes, "HTTP/1.1 1", 10) == 0)
		bytes = head_end(bytes, end);
	struct http1_text list = http1_head_value(bytes, (size_t)(end - bytes), "keep-alive");
	int32_t timeout_s = number_in(list, "timeout"), max = number_in(list, "max");
	said->timeout_s = timeout_s > 0 ? (uint16_t)timeout_s : 0;
	said->has_max = max >= 0;
	said->max = max > 0 ? (uint16_t)max : 0;
}
