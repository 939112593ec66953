/* SPDX-License-Identifier: MIT */
/* Reading one response, by the simplest rules that serve faultd's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"

enum { RESPONSE_MAX = 1 << 18 };

/* What came for the next answer already, of the one connection that pipelines. */
static char early[RESPONSE_MAX];
static size_t early_len;
static int early_fd = -1;

/* The length of the whole response in text; 0 while that is not known or not all here. */
static size_t complete(const char *text, size_t len, bool to_head)
{
	const char *end = strstr(text, "\r\n\r\n");
	if (!end)
		return 0;
	size_t head = (size_t)(end - text) + 4;
	const char *length = strcasestr(text, "Content-Length: ");
	const char *chunked = strcasestr(text, "Transfer-Encoding: chunked");
	if (to_head || !strncmp(text, "HTTP/1.1 1", 10))
		return head;
	if (length && length < end) {
		size_t whole = head + strtoul(length + 16, NULL, 10);
		return len >= whole ? whole : 0;
	}
	if (chunked && chunked < end) {
		const char *last = strstr(end + 2, "\r\n0\r\n\r\n");
		return last ? (size_t)(last - text) + 7 : 0;
	}
	return head;
}

/* "200 /path", the path being what the server says that it was asked for, or "200 chunked". */
static void tell(const char *text)
{
	const char *path = strstr(text, "\"path\":\"");
	int status = 0;
	sscanf(text, "HTTP/1.%*c %d", &status);
	if (strcasestr(text, "Transfer-Encoding: chunked"))
		say("%d chunked", status);
	else if (path)
		say("%d %.*s", status, (int)strcspn(path + 8, "\""), path + 8);
	else
		say("%d", status);
}

static bool read_answer(int fd, bool to_head)
{
	static char text[RESPONSE_MAX];
	size_t len = 0, whole;
	if (early_fd == fd) {
		memcpy(text, early, early_len);
		len = early_len;
	}
	early_fd = -1;
	text[len] = '\0';
	while (!(whole = complete(text, len, to_head))) {
		ssize_t got = get(fd, text + len, sizeof(text) - 1 - len);
		if (got <= 0) {
			const char *error = error_name(got ? errno : 0);
			if (len)
				say("%s after %zu bytes", error, len);
			else
				say("%s", error);
			return false;
		}
		len += (size_t)got;
		text[len] = '\0';
	}
	if (len > whole) {
		early_fd = fd;
		early_len = len - whole;
		memcpy(early, text + whole, early_len);
	}
	text[whole] = '\0';
	tell(text);
	return true;
}

bool answer(int fd)
{
	return read_answer(fd, false);
}

bool answer_to_head(int fd)
{
	return read_answer(fd, true);
}
