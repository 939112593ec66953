/* SPDX-License-Identifier: MIT */
#include "http.h"
#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX (64ul << 20)

enum framing { BY_LENGTH, BY_CHUNKS, BY_CLOSE, NO_BODY };

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = {
	    {200, "OK"},
	    {204, "No Content"},
	    {304, "Not Modified"},
	    {400, "Bad Request"},
	    {404, "Not Found"},
	    {408, "Request Timeout"},
	    {413, "Content Too Large"},
	    {429, "Too Many Requests"},
	    {502, "Bad Gateway"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (known[i].status == status)
			return known[i].text;
	}
	return "Whatever";
}

static bool starts(const char *path, const char *prefix)
{
	return !strncmp(path, prefix, strlen(prefix));
}

static size_t json_body(char *body, size_t size, const struct request *r, unsigned conn,
			unsigned nth)
{
	char path[2 * sizeof r->path];
	size_t n = 0;

	for (const char *p = r->path; *p; p++) {
		if (*p == '"' || *p == '\\')
			path[n++] = '\\';
		path[n++] = *p;
	}
	path[n] = '\0';
	return (size_t)snprintf(
	    body, size, "{\"conn\":%u,\"req\":%u,\"method\":\"%s\",\"path\":\"%s\",\"body\":%llu}",
	    conn, nth, r->method, path, (unsigned long long)r->body_len);
}

/* The body that a path asks for; its length in *len. */
static char *make_body(const struct request *r, unsigned conn, unsigned nth, size_t *len)
{
	const char *count = starts(r->path, "/bytes/")	? r->path + 7
			    : starts(r->path, "/hash/") ? r->path + 6
							: NULL;
	size_t size = count ? strtoul(count, NULL, 10) : 4 * sizeof r->path;
	char *body;

	if (size > BODY_MAX)
		size = BODY_MAX;
	body = malloc(size + 1);
	if (!body)
		return NULL;
	*len = size;
	if (!count) {
		*len = json_body(body, size, r, conn, nth);
	} else if (starts(r->path, "/bytes/")) {
		memset(body, 'x', size);
	} else {
		for (size_t i = 0; i < size; i++)
			body[i] = (char)('a' + (i * 7 + i / 251) % 26);
	}
	return body;
}

static size_t put_chunks(char *out, const char *body, size_t len)
{
	size_t third = len / 3, n = 0;

	for (int i = 0; i < 3; i++) {
		size_t part = i < 2 ? third : len - 2 * third;

		if (!part)
			continue;
		n += (size_t)sprintf(out + n, "%zx\r\n", part);
		memcpy(out + n, body + (size_t)i * third, part);
		n += part;
		n += (size_t)sprintf(out + n, "\r\n");
	}
	return n + (size_t)sprintf(out + n, "0\r\n\r\n");
}

static enum framing framing_of(const struct request *r, int status)
{
	if (status == 204 || status == 304)
		return NO_BODY;
	if (starts(r->path, "/http10"))
		return BY_CLOSE;
	return starts(r->path, "/chunked") && !r->http10 ? BY_CHUNKS : BY_LENGTH;
}

static int promised_s;

void reply_promise(int seconds)
{
	promised_s = seconds;
}

static size_t put_head(char *out, size_t size, const struct reply *reply, const struct request *r,
		       int status, enum framing framing, size_t body_len, uint32_t sum)
{
	const char *version = framing == BY_CLOSE ? "1.0" : "1.1";
	char length[64] = "";
	char retry_after[64] = "";
	char promise[64] = "";

	if (framing == BY_LENGTH)
		snprintf(length, sizeof length, "Content-Length: %zu\r\n", body_len);
	else if (framing == BY_CHUNKS)
		strcpy(length, "Transfer-Encoding: chunked\r\n");
	if (reply->retry_after >= 0)
		snprintf(retry_after, sizeof retry_after, "Retry-After: %d\r\n",
			 reply->retry_after);
	if (promised_s && !reply->close)
		snprintf(promise, sizeof promise, "Keep-Alive: max=1000, timeout=%d\r\n",
			 promised_s);
	return (size_t)snprintf(
	    out, size,
	    "HTTP/%s %d %s\r\nServer: faultd\r\nContent-Type: application/json\r\n"
	    "X-Body-Sum: %08x\r\n%s%s%s%s\r\n",
	    version, status, reason(status), sum, promise, retry_after, length,
	    reply->close ? "Connection: close\r\n"
	    : r->http10	 ? "Connection: keep-alive\r\n"
			 : "");
}

int reply_build(struct reply *reply, const struct request *r, int status, unsigned conn,
		unsigned nth)
{
	enum framing framing;
	size_t body_len, size;
	char *body =
	    file_has_root() ? file_read(r->path, &body_len) : make_body(r, conn, nth, &body_len);

	if (!body && file_has_root()) {
		status = status ? status : 404;
		body = make_body(r, conn, nth, &body_len);
	}
	if (!body)
		return -1;
	if (!status)
		status = starts(r->path, "/nobody") ? 204 : 200;
	framing = framing_of(r, status);
	reply->close = !r->keep_alive || starts(r->path, "/close") || framing == BY_CLOSE;
	size = body_len + 1024;
	reply->data = malloc(size);
	if (!reply->data) {
		free(body);
		return -1;
	}
	reply->len = put_head(reply->data, size, reply, r, status, framing, body_len,
			      fnv1a(FNV1A_START, body, body_len));
	if (framing == BY_CHUNKS && strcmp(r->method, "HEAD")) {
		reply->len += put_chunks(reply->data + reply->len, body, body_len);
	} else if (framing != NO_BODY && strcmp(r->method, "HEAD")) {
		memcpy(reply->data + reply->len, body, body_len);
		reply->len += body_len;
	}
	free(body);
	return 0;
}
