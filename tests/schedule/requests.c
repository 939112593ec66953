/* SPDX-License-Identifier: MIT */
/* The requests that a program makes. Each is made once, and all of its bytes tell which it is. */
#include <stdio.h>
#include <string.h>

#include "../../policy/ranges.h"
#include "draw.h"
#include "judge.h"
#include "program.h"

static bool may_be_repeated(const struct request *request)
{
	const struct policy_retry *retry = &world.policy.retry;
	uint32_t allowed = retry->methods & (METHODS_RESENDABLE | METHODS_KEYED);
	if (request->keyed && retry->key_headers)
		allowed |= METHODS_KEYED;
	return method_bit(request->method) & allowed;
}

/* A body that reads like requests, so that one that comes alone is seen to be one. */
static uint32_t fill_body(char *text, size_t room, const struct request *request, uint32_t len)
{
	uint32_t filled = 0;
	while (filled < len)
		filled += (uint32_t)snprintf(text + filled, room - filled, "B %u.%u %u;\r\n",
					     request->link->id, request->index, filled);
	return len;
}

void request_add(struct link *link)
{
	static const struct {
		enum method method;
		const char *name;
	} methods[] = {{METHOD_GET, "GET"},	 {METHOD_GET, "GET"},	{METHOD_POST, "POST"},
		       {METHOD_PUT, "PUT"},	 {METHOD_HEAD, "HEAD"}, {METHOD_POST, "POST"},
		       {METHOD_DELETE, "DELETE"}};
	char body[4096], text[6000];
	if (link->request_count == LINK_REQUESTS_MAX)
		judge_fail("simulator", "more requests on a link than can be noted");
	struct request *request = world_alloc(sizeof(*request));
	request->link = link;
	request->index = link->request_count;
	uint32_t lot = draw(sizeof(methods) / sizeof(methods[0]));
	request->method = methods[lot].method;
	bool has_body = request->method == METHOD_POST || request->method == METHOD_PUT;
	request->keyed = has_body && draw(4) == 3;
	uint32_t body_len = has_body ? DRAW_OF(20, 20, 0, 300, 2500) : 0;
	bool chunked = body_len && draw(5) == 4;
	int len = snprintf(text, sizeof(text), "%s /%u.%u HTTP/1.1\r\n", methods[lot].name,
			   link->id, request->index);
	request->line_len = (uint32_t)len;
	len += snprintf(text + len, sizeof(text) - (size_t)len, "Host: s%d\r\n%s", link->server,
			request->keyed ? "Idempotency-Key: k\r\n" : "");
	if (chunked)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"Transfer-Encoding: chunked\r\n\r\n");
	else if (has_body)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"Content-Length: %u\r\n\r\n", body_len);
	else
		len += snprintf(text + len, sizeof(text) - (size_t)len, "\r\n");
	request->head_len = (uint32_t)len;
	fill_body(body, sizeof(body), request, body_len);
	if (chunked)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%x\r\n%.*s\r\n0\r\n\r\n",
				body_len, (int)body_len, body);
	else if (body_len)
		len +=
		    snprintf(text + len, sizeof(text) - (size_t)len, "%.*s", (int)body_len, body);
	request->len = (uint32_t)len;
	char *copy = world_alloc((size_t)len + 1);
	memcpy(copy, text, (size_t)len);
	request->text = copy;
	request->repeatable = may_be_repeated(request);
	link->requests[link->request_count++] = request;
	bytes_add(&link->stream, copy, (uint32_t)len);
}
