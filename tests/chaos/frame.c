/* SPDX-License-Identifier: MIT */
/* Where an answer ends: RFC 9112 section 6, as far as faultd uses it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "chaos.h"

/* The value of a header of that name (with its colon), or NULL. */
static const char *find(const char *head, size_t len, const char *name)
{
	for (size_t i = 0; i + strlen(name) < len; i++) {
		if (head[i] == '\n' && !strncasecmp(head + i + 1, name, strlen(name)))
			return head + i + 1 + strlen(name);
	}
	return NULL;
}

static size_t chunks(const char *data, size_t len)
{
	size_t at = 0;

	for (;;) {
		const char *eol = memmem(data + at, len - at, "\r\n", 2);
		size_t size, next;

		if (!eol)
			return 0;
		size = strtoul(data + at, NULL, 16);
		next = (size_t)(eol - data) + 2 + size + 2;
		if (next > len)
			return 0;
		if (!size)
			return next;
		at = next;
	}
}

size_t frame_answer(const char *data, size_t len, bool is_head, bool ended)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	const char *length;
	size_t head, body;
	int status;

	if (!end || strncmp(data, "HTTP/1.", 7))
		return 0;
	head = (size_t)(end - data) + 4;
	status = atoi(data + 9);
	if (status >= 100 && status < 200) {
		body = frame_answer(data + head, len - head, is_head, ended);
		return body ? head + body : 0;
	}
	if (is_head || status == 204 || status == 304)
		return head;
	if (find(data, head, "Transfer-Encoding:")) {
		body = chunks(data + head, len - head);
		return body ? head + body : 0;
	}
	length = find(data, head, "Content-Length:");
	if (!length)
		return ended ? len : 0;
	body = strtoul(length, NULL, 10);
	return len - head < body ? 0 : head + body;
}
