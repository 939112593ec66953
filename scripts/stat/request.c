/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <string.h>

#define TARGET "/metrics"

/* How long the head is, its empty line included; lines may end with LF alone: RFC 9112, 2.2. 0: it
 * is not complete. */
static size_t head_length(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != '\n')
			continue;
		if (i + 1 < len && bytes[i + 1] == '\n')
			return i + 2;
		if (i + 2 < len && bytes[i + 1] == '\r' && bytes[i + 2] == '\n')
			return i + 3;
	}
	return 0;
}

static bool begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(line, with, strlen(with));
}

/* Of METHOD SP TARGET SP VERSION the method has been cut off. */
static unsigned judge_target(const char *line, size_t len)
{
	const char *space = memchr(line, ' ', len);
	size_t target = space ? (size_t)(space - line) : len;
	const char *query = memchr(line, '?', target);
	size_t path = query ? (size_t)(query - line) : target;

	if (!space || !begins(space + 1, len - target - 1, "HTTP/"))
		return 400;
	if (!begins(space + 1, len - target - 1, "HTTP/1."))
		return 505;
	return path == strlen(TARGET) && begins(line, path, TARGET) ? 200 : 404;
}

bool request_read(struct request *request, const char *bytes, size_t len)
{
	size_t head = head_length(bytes, len);
	const char *end = memchr(bytes, '\n', len);
	size_t line = end ? (size_t)(end - bytes) : len;
	const char *space = memchr(bytes, ' ', line);
	size_t method = space ? (size_t)(space - bytes) : line;

	*request = (struct request){.status = 431};
	if (!head)
		return len >= REQUEST_MAX;
	if (line && bytes[line - 1] == '\r')
		line--;
	request->head = begins(bytes, method, "HEAD") && method == 4;
	request->status = 400;
	if (!space || !method || memchr(bytes, '\0', head))
		return true;
	request->status = judge_target(space + 1, line - method - 1);
	if (request->status == 200 && !request->head &&
	    !(begins(bytes, method, "GET") && method == 3))
		request->status = 405;
	return true;
}

const char *request_phrase(unsigned status)
{
	switch (status) {
	case 200:
		return "OK";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 431:
		return "Request Header Fields Too Large";
	case 500:
		return "Internal Server Error";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Bad Request";
	}
}
