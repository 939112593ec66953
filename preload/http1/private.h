/* SPDX-License-Identifier: MIT */
/* What http1.c, field.c and body.c share. */
#ifndef REDIAL_HTTP1_PRIVATE_H
#define REDIAL_HTTP1_PRIVATE_H

#include "http1.h"
#include "scan.h"

enum http1_state {
	/* of the head */
	METHOD,
	TARGET,
	VERSION,
	STATUS,
	REASON,
	LINES, /* at the start of a header line, or of the empty one */
	NAME,
	VALUE,
	SKIP, /* in a line whose rest does not matter */
	LINE_LF,
	HEAD_LF,
	HEAD_END,
	/* of the body */
	LENGTH,
	CLOSE,
	CHUNK_SIZE,
	CHUNK_PAD,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_CR,
	CHUNK_LF,
	TRAILER,
	TRAILER_SKIP,
	TRAILER_LF,
	BODY_LF,
	BODY_END,
	/* of the connection */
	TUNNEL,
	BROKEN,
};

/* What the head has said so far. */
enum http1_seen {
	SEEN_PREFACE = 1 << 0,
	SEEN_1_1 = 1 << 1,
	SEEN_LENGTH = 1 << 2,
	SEEN_CHUNKED = 1 << 3,
	SEEN_CLOSE = 1 << 4,
	SEEN_KEEP_ALIVE = 1 << 5,
};

/* The fields of a header that matter. */
enum http1_field {
	FIELD_OTHER,
	FIELD_BAD,
	FIELD_CONTENT_LENGTH,
	FIELD_TRANSFER_ENCODING,
	FIELD_CONNECTION, /* this and the following are lists */
	FIELD_EXPECT,
	FIELD_AUTHORIZATION,
	FIELD_WWW_AUTHENTICATE,
	FIELD_PROXY_AUTHORIZATION,
	FIELD_PROXY_AUTHENTICATE,
};

/*
 * The functions named http1_feed_ return how far they came in [at, end), which is never empty, or
 * NULL for a message that is bad.
 */

/* From the start of a header line that arrives in pieces: its name, then its value. */
const char *http1_feed_name(struct http1 *message, const char *at, const char *end);
const char *http1_feed_value(struct http1 *message, const char *at, const char *end);

/* Takes a whole header line, without its CRLF. False if the message is bad. */
bool http1_line(struct http1 *message, const char *line, const char *end);

/* The body; its state is BODY_END at its end. */
const char *http1_feed_body(struct http1 *message, const char *at, const char *end);

static inline bool is_space(char byte)
{
	return byte == ' ' || byte == '\t';
}

static inline bool is_control(char byte)
{
	return (unsigned char)byte < ' ' && byte != '\t';
}

/* The next control character but HTAB, or NULL; bytes from begin on may be read. */
static inline const char *line_end(const char *at, const char *begin, const char *end)
{
	do {
		at = scan(at, begin, end, SCAN_LINE);
	} while (at && *at++ == '\t');
	return at ? at - 1 : NULL;
}

static inline const char *expect(struct http1 *message, const char *at, char byte,
				 enum http1_state next)
{
	message->state = (uint8_t)next;
	return *at == byte ? at + 1 : NULL;
}

/* The rest of a line, up to its CR. */
static inline const char *feed_rest(struct http1 *message, const char *at, const char *begin,
				    const char *end, enum http1_state rest, enum http1_state lf)
{
	const char *stop = line_end(at, begin, end);
	message->state = (uint8_t)rest;
	return stop ? expect(message, stop, '\r', lf) : end;
}

#endif
