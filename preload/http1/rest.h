/* SPDX-License-Identifier: MIT */
/*
 * Asking for the rest of a response whose body has broken off (RFC 9110 section 14): pure. What
 * has been read and what comes then may be put together only if both are of the very same bytes:
 * a strong validator proves it, and nothing else does.
 */
#ifndef REDIAL_HTTP1_REST_H
#define REDIAL_HTTP1_REST_H

#include "chunks.h"
#include "http1.h"

enum { HTTP1_VALIDATOR_MAX = 192, HTTP1_CODING_MAX = 48 };

/*
 * A response that can be gone on with. Places are counted in bytes of the whole representation,
 * which a range of the program's own is a part of.
 */
struct http1_rest {
	uint64_t first; /* byte of the body: 0, or where the range begins */
	uint64_t end;	/* behind the last byte of the body; 0: not known yet (chunked) */
	uint64_t total; /* bytes of the representation; likewise */
	bool chunked;	/* its body is in chunks: how long it is only the rest tells */
	bool ranged;	/* the program itself has asked for a range */
	bool dated;	/* the validator is Last-Modified's, and there is no ETag */
	uint8_t validator_len;
	uint8_t coding_len; /* Content-Encoding; 0: none */
	char validator[HTTP1_VALIDATOR_MAX];
	char coding[HTTP1_CODING_MAX];
};

/*
 * Of what a server has answered so far: how long the head of the response itself is, once it is
 * whole, else 0. *before: the bytes of interim responses that lie in front of it.
 */
size_t http1_rest_head(const char *bytes, size_t len, size_t *before);

/*
 * Of the complete head of a response to a GET: a 200 or 206 with a length, in one piece, of a
 * server that does not refuse ranges, and with an ETag that is strong, or without one but a
 * Last-Modified that lies a minute before its Date at least (section 8.8.2.2); or a 200 in chunks,
 * with such an ETag. false: its rest cannot be asked for.
 */
bool http1_rest_of(const char *head, size_t len, struct http1_rest *rest);

/*
 * The request, of len bytes with a complete head, that asks for the rest from that place on, if it
 * is still the same (If-Range); last: the program expects the end of the connection behind it.
 * Returns its length in out, or 0 if it needs more than room.
 */
size_t http1_rest_request(const struct http1_rest *rest, uint64_t from, bool last,
			  const char *request, size_t len, char *out, size_t room);

/* More than any such request is longer than what it was made of. */
enum { HTTP1_REST_MORE = HTTP1_VALIDATOR_MAX + 128 };

/*
 * Is this, the complete head of a response, that of the rest from there on: a 206 of just these
 * bytes, framed by its length, of the same representation in the same coding? Of a body in chunks
 * it has to tell all of the rest, and from then on it is known how long that is.
 */
bool http1_rest_is(struct http1_rest *rest, uint64_t from, const char *head, size_t len);

#endif
