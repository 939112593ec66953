/* SPDX-License-Identifier: MIT */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CHUNK_SIZE, CHUNK_EXTENSION, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER, CHUNK_TRAILER_LINE };

uint32_t fnv1a(uint32_t sum, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ p[i]) * 16777619u;
	return sum;
}

/* Copies what is fit for a log line of words. */
static void copy_word(char *to, size_t size, const char *from, size_t len)
{
	size_t n = len < size - 1 ? len : size - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = from[i] > ' ' && from[i] < 127 ? from[i] : '_';
	to[n] = '\0';
}

static bool has_token(const char *value, size_t len, const char *token)
{
	size_t n = strlen(token);

	for (size_t i = 0; i + n <= len; i++) {
		if (!strncasecmp(value + i, token, n))
			return true;
	}
	return false;
}

/* Headers that differ from one sending of a request to the next, or that others add. */
static bool is_sending(const char *line, size_t len)
{
	static const char id[] = "X-Request-Id:", attempt[] = "X-Retry-Attempt:";

	return (len >= sizeof id - 1 && !strncasecmp(line, id, sizeof id - 1)) ||
	       (len >= sizeof attempt - 1 && !strncasecmp(line, attempt, sizeof attempt - 1));
}

static void header(struct request *r, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	const char *value;
	size_t name_len, value_len;

	if (!colon)
		return;
	name_len = (size_t)(colon - line);
	value = colon + 1;
	value_len = len - name_len - 1;
	while (value_len && (*value == ' ' || *value == '\t')) {
		value++;
		value_len--;
	}
#define IS(name) (name_len == sizeof name - 1 && !strncasecmp(line, name, name_len))
	if (IS("Content-Length"))
		r->left = strtoull(value, NULL, 10);
	else if (IS("Transfer-Encoding"))
		r->chunked = has_token(value, value_len, "chunked");
	else if (IS("Connection") && has_token(value, value_len, "close"))
		r->keep_alive = false;
	else if (IS("Connection") && has_token(value, value_len, "keep-alive"))
		r->keep_alive = true;
	else if (IS("Expect"))
		r->expect_continue = has_token(value, value_len, "100-continue");
	else if (IS("X-Request-Id") && value_len)
		copy_word(r->id, sizeof r->id, value, value_len);
	else if (IS("X-Retry-Attempt") && value_len)
		copy_word(r->attempt, sizeof r->attempt, value, value_len);
#undef IS
}

static int request_line(struct request *r, const char *line, size_t len)
{
	const char *path = memchr(line, ' ', len), *end = line + len, *version;

	if (!path || path == line)
		return -1;
	path++;
	version = memchr(path, ' ', (size_t)(end - path));
	if (!version || end - version < 9 || strncmp(version + 1, "HTTP/1.", 7))
		return -1;
	copy_word(r->method, sizeof r->method, line, (size_t)(path - 1 - line));
	copy_word(r->path, sizeof r->path, path, (size_t)(version - path));
	r->http10 = version[8] == '0';
	r->keep_alive = !r->http10;
	return 0;
}

long request_head(struct request *r, const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);
	const char *line = data, *eol;

	memset(r, 0, sizeof *r);
	strcpy(r->id, "-");
	strcpy(r->attempt, "-");
	r->sum = r->head_sum = FNV1A_START;
	if (!end)
		return len && (*data < 'A' || *data > 'z') ? -1 : 0;
	end += 2;
	eol = memmem(line, (size_t)(end - line), "\r\n", 2);
	if (request_line(r, line, (size_t)(eol - line)))
		return -1;
	r->head_sum = fnv1a(r->head_sum, line, (size_t)(eol - line));
	for (line = eol + 2; line < end; line = eol + 2) {
		eol = memmem(line, (size_t)(end - line), "\r\n", 2);
		header(r, line, (size_t)(eol - line));
		if (!is_sending(line, (size_t)(eol - line)))
			r->head_sum = fnv1a(r->head_sum, line, (size_t)(eol - line));
	}
	r->done = !r->chunked && !r->left;
	if (r->chunked)
		r->left = 0;
	return end + 2 - data;
}

static void take(struct request *r, const char *data, size_t len)
{
	r->sum = fnv1a(r->sum, data, len);
	r->body_len += len;
	r->left -= len;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of what stands around the chunks' data. */
static int chunk_byte(struct request *r, char c)
{
	switch (r->chunk_state) {
	case CHUNK_SIZE:
		if (hex_digit(c) >= 0) {
			r->left = r->left * 16 + (unsigned)hex_digit(c);
			return r->left > UINT32_MAX ? -1 : 0;
		}
		r->chunk_state = CHUNK_EXTENSION;
		/* fall through */
	case CHUNK_EXTENSION:
		if (c == '\n')
			r->chunk_state = r->left ? CHUNK_DATA : CHUNK_TRAILER;
		return 0;
	case CHUNK_DATA_END:
		if (c == '\n')
			r->chunk_state = CHUNK_SIZE;
		return c == '\n' || c == '\r' ? 0 : -1;
	case CHUNK_TRAILER:
		if (c == '\n')
			r->done = true;
		else if (c != '\r')
			r->chunk_state = CHUNK_TRAILER_LINE;
		return 0;
	default:
		if (c == '\n')
			r->chunk_state = CHUNK_TRAILER;
		return 0;
	}
}

long request_body(struct request *r, const char *data, size_t len)
{
	size_t i = 0;

	while (!r->done && i < len) {
		if (!r->chunked || r->chunk_state == CHUNK_DATA) {
			size_t n = r->left < len - i ? (size_t)r->left : len - i;

			take(r, data + i, n);
			i += n;
			if (!r->left && r->chunked)
				r->chunk_state = CHUNK_DATA_END;
			else if (!r->left)
				r->done = true;
		} else if (chunk_byte(r, data[i++])) {
			return -1;
		}
	}
	return (long)i;
}
