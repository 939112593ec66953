/* SPDX-License-Identifier: MIT */
/* Usual requests that do not come by the straightest way: calls/write_piece.c. */
#include "usual.h"

#include "../os/mem.h"

/* Lines that matter, in a request of which all but the first so many bytes are a GET's. */
static bool take_more(struct conn *conn, const char *bytes, size_t len, size_t first,
		      const char *line)
{
	struct http1 *message = &conn->exchange->request;
	if (!http1_get_with_more(message, conn->held + first, bytes + first, len - first, line))
		return false;
	if (message->flags & HTTP1_CONNECTION_AUTH)
		conn->flags |= CONN_AUTH;
	return true;
}

__attribute__((noinline)) bool conn_record_get_with_more(struct conn *conn, const char *bytes,
							 size_t len, const char *line)
{
	if (!take_more(conn, bytes, len, 0, line))
		return false;
	conn_note_get(conn, len, conn->exchange->request.flags);
	return true;
}

/* The only request, of which all can be held, as far as these bytes of it tell? Sees to the room.
 */
static __attribute__((noinline)) bool begin_usual(struct conn *conn, const char *bytes, size_t len)
{
	return (http1_begins_get(bytes, len) || http1_begins_head(bytes, len)) &&
	       !conn->request_count && !(conn->flags & CONN_UNHELD) &&
	       len <= config.policy->hold_always_bytes && conn_begin_usual(conn, len);
}

__attribute__((noinline)) bool conn_record_usual(struct conn *conn, const char *bytes, size_t len)
{
	const char *line;
	if (!begin_usual(conn, bytes, len))
		return false;
	struct http1 *message = &conn->exchange->request;
	size_t first = bytes[0] == 'H'; /* a HEAD is a GET behind that (http1/lines.h) */
	conn->held[0] = bytes[0];
	message->flags = 0;
	if (!http1_plain_get(conn->held + first, bytes + first, len - first, &line) &&
	    !take_more(conn, bytes, len, first, line))
		return false;
	conn_note_get(conn, len, message->flags);
	if (first)
		message->method = conn->exchange->requests[0].method = METHOD_HEAD;
	return true;
}

/* As relays write the head of another's request, line by line in one call. */
bool conn_record_gathered(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	enum { TELLING = sizeof("HEAD ") - 1 };
	for (; count && !iov->iov_len; count--)
		iov++;
	if (!count || iov->iov_len < TELLING || !begin_usual(conn, iov->iov_base, len))
		return false;
	for (size_t done = 0; count && done < len; count--, iov++) {
		size_t piece = iov->iov_len < len - done ? iov->iov_len : len - done;
		memcpy(conn->held + done, iov->iov_base, piece);
		done += piece;
	}
	return conn_record_usual(conn, conn->held, len);
}
