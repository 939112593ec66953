/* SPDX-License-Identifier: MIT */
/*
 * A body in chunks (RFC 9112 section 7.1) whose data goes on from elsewhere, without chunks: the
 * framing that its reader is to be given with that. Pure.
 */
#ifndef REDIAL_HTTP1_CHUNKS_H
#define REDIAL_HTTP1_CHUNKS_H

#include "http1.h"

enum { HTTP1_CHUNKS_TEXT_MAX = 20 }; /* the end of a chunk, and the line with a size */

/* What the reader still gets: text, data, text, data, text. Each may be empty. */
struct http1_chunks {
	uint64_t data[2];
	uint8_t text_len[3];
	uint8_t text_given; /* bytes of the first text that is not over */
	char text[3][HTTP1_CHUNKS_TEXT_MAX];
};

/* Is the body of this response, whose head is complete, in chunks? */
bool http1_is_chunked(const struct http1 *response);

/*
 * Goes through the next len bytes of the message as http1_feed does, and adds to *data how many of
 * them are data of chunks. false: they are not all of one message.
 */
bool http1_count_data(struct http1 *message, const char *bytes, size_t len, uint64_t *data);

/*
 * A response stands there; len bytes of data are to come, all that there are. Returns false if
 * they cannot follow: it does not stand within the data of a chunk, or between two chunks, or what
 * it has announced is more, or nothing is to come.
 */
bool http1_chunks_plan(const struct http1 *response, uint64_t len, struct http1_chunks *chunks);

/* Could they, for some length? */
bool http1_chunks_may(const struct http1 *response);

/* What comes next: text, of so many bytes, or if that is 0 so many bytes of data; 0: it is over. */
size_t http1_chunks_text(const struct http1_chunks *chunks, const char **text);
uint64_t http1_chunks_data(const struct http1_chunks *chunks);

/* So many bytes of what comes next have been given; no more than there are. */
void http1_chunks_given(struct http1_chunks *chunks, uint64_t len);

#endif
