/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.x framing of requests and responses (RFC 9112): where a message ends, and the few facts
 * that the safety rule needs. Pure: bytes in, state out; no allocation, no system call, no libc.
 * Bytes may come split at any place. What cannot be framed beyond doubt is HTTP1_BAD.
 */
#ifndef REDIAL_HTTP1_H
#define REDIAL_HTTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../policy/method.h"

enum http1_result {
	HTTP1_MORE,    /* all bytes used, the message goes on */
	HTTP1_DONE,    /* the message is complete; bytes past *used belong to the next one */
	HTTP1_INTERIM, /* a 1xx response ended (not 101); the same struct now awaits the next head
			*/
	HTTP1_TUNNEL,  /* CONNECT, 101, an HTTP/2 preface: what follows is not HTTP/1.x */
	HTTP1_BAD,     /* not HTTP/1.x, or framed in a way that two parsers may read differently */
};

enum http1_flag {
	HTTP1_STARTED = 1 << 0,		/* at least one byte was fed */
	HTTP1_HEAD_DONE = 1 << 1,	/* the head is complete: the facts below are final */
	HTTP1_PERSISTENT = 1 << 2,	/* the connection stays open after this message, says it */
	HTTP1_UNTIL_CLOSE = 1 << 3,	/* response body that ends with the connection */
	HTTP1_EXPECT_CONTINUE = 1 << 4, /* request with Expect: 100-continue */
	HTTP1_CONNECTION_AUTH = 1 << 5, /* NTLM or Negotiate in (Proxy-)Authorization */
	HTTP1_HAS_BODY = 1 << 6,
	HTTP1_IS_RESPONSE = 1 << 7,
	HTTP1_LOOKED_OVER = 1 << 8, /* a GET or HEAD of lines.h, which may yet be HTTP1_BAD */
};

/* Room for a line that arrives in pieces; only lines that matter to framing are collected. */
enum { HTTP1_LINE_MAX = 67 };

/* One message on its way. Plain data: may be copied to take a snapshot. */
struct http1 {
	uint64_t remaining; /* bytes of body, or of the chunk, to come */
	uint32_t head_len;  /* bytes of the head so far; stops growing at its end */
	uint16_t flags;	    /* mask of enum http1_flag */
	uint16_t status;    /* of a response, once its status line is complete; else 0 */
	uint8_t method;	    /* enum method: of this request, or of the one this response answers */
	uint8_t state;	    /* private from here on */
	uint8_t seen;
	uint8_t field;
	uint8_t line_len;
	char line[HTTP1_LINE_MAX];
};

/* Starts a request. */
void http1_request(struct http1 *message);

/* Starts a response to a request of the given method (HEAD has no body, RFC 9112 section 6.3). */
void http1_response(struct http1 *message, enum method method);

/*
 * Takes the next len bytes of the message. *used is set to how many of them were part of it: all
 * for HTTP1_MORE, up to the end of the message or interim head for HTTP1_DONE and HTTP1_INTERIM,
 * undefined for HTTP1_TUNNEL and HTTP1_BAD, after which the message must not be fed again.
 * Never reads outside buf[0..len).
 */
enum http1_result http1_feed(struct http1 *message, const char *buf, size_t len, size_t *used);

/*
 * How many of the next bytes are body that http1_feed only counts: they need not be where it is
 * told that they are.
 */
uint64_t http1_unseen(const struct http1 *message);

/* A piece of somebody's buffer; len 0 if there is none. */
struct http1_text {
	const char *text;
	size_t len;
};

/*
 * For a complete request head of len bytes, as held for a resend: its method and target as
 * written, and the value of the first header of that name (any case) without the white space
 * around it. They serve rules and the log, off the usual path.
 */
struct http1_text http1_head_method(const char *head, size_t len);
struct http1_text http1_head_target(const char *head, size_t len);
struct http1_text http1_head_value(const char *head, size_t len, const char *name);

/* Does it have a header of that name (any case), though its value be empty? */
bool http1_head_has(const char *head, size_t len, const char *name);

/* The same, and sets *value to the first one's if it does. */
bool http1_head_find(const char *head, size_t len, const char *name, struct http1_text *value);

#endif
