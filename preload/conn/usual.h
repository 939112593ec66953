/* SPDX-License-Identifier: MIT */
/*
 * The usual request, a GET that comes whole while nothing is unanswered, and the usual answer, all
 * of which one read gives. A header for speed alone: all else is stream.c's. Called with the
 * connection locked.
 */
#ifndef REDIAL_CONN_USUAL_H
#define REDIAL_CONN_USUAL_H

#include "../http1/lines.h"
#include "../os/arena.h"
#include "../process/config.h"
#include "conn.h"

/* Room for `needed` bytes of copy, beside those that are held. false: there is no memory. */
bool conn_make_room(struct conn *conn, size_t needed);

#define USUAL static inline __attribute__((always_inline))

/* How many bytes there is room for in all. */
USUAL size_t conn_held_room(const struct conn *conn)
{
	return conn->held_class ? arena_usable(conn->held_class) : CONN_HELD_FEW;
}

/* Sees to it that len bytes can be held at conn->held. false: there is no memory. */
USUAL bool conn_begin_usual(struct conn *conn, size_t len)
{
	if (__builtin_expect(conn->exchange != &conn_no_exchange || len > arena_usable(ARENA_FEW),
			     0))
		return (conn->held && len <= conn_held_room(conn)) || conn_make_room(conn, len);
	struct conn_exchange *exchange = arena_take_exchange();
	if (__builtin_expect(!exchange, 0))
		return false;
	conn->exchange = exchange;
	conn->held = exchange->bytes;
	if (__builtin_expect(len <= CONN_HELD_FEW, 1))
		return true;
	char *few = arena_take_few();
	if (!few)
		return false;
	conn->held = few;
	conn->held_class = ARENA_FEW;
	return true;
}

/* A GET of len bytes, which are held, is the only request. flags: of http1_note_get. */
USUAL void conn_note_get(struct conn *conn, size_t len, unsigned flags)
{
	struct conn_request *request = &conn->exchange->requests[0];
	request->len = (uint32_t)len;
	request->method = METHOD_GET;
	request->complete = true;
	request->attempt = 0;
	request->header = 0;
	request->marked = 0;
	http1_note_get(&conn->exchange->request, len, flags);
	conn->request_count = 1;
	conn->held_len = (uint32_t)len;
}

/* conn_record_get of one with lines that matter; line: where looking at it has stopped. */
bool conn_record_get_with_more(struct conn *conn, const char *bytes, size_t len, const char *line);

/*
 * conn_record_piece of what http1_begins_get knows, where there is no other request and all is
 * held; false if it is not a usual one, then nothing is recorded.
 */
USUAL bool conn_record_get(struct conn *conn, const char *bytes, size_t len)
{
	const char *line;
	if (len > config.policy->hold_always_bytes || !conn_begin_usual(conn, len))
		return false;
	if (!http1_plain_get(conn->held, bytes, len, &line))
		return conn_record_get_with_more(conn, bytes, len, line);
	conn_note_get(conn, len, 0);
	return true;
}

/* The same of any bytes, and of a HEAD too. */
bool conn_record_usual(struct conn *conn, const char *bytes, size_t len);

/* conn_record of such a request in several pieces, which are put together where they are held. */
bool conn_record_gathered(struct conn *conn, const struct iovec *iov, int count, size_t len);

/* A response has come to its end. */
USUAL void conn_count_answer_now(struct conn *conn)
{
	if (__builtin_expect(conn->flags & CONN_FAILED, 0))
		conn->flags &= ~(uint32_t)CONN_FAILED;
	else
		state_answered(conn->peer_state);
}

/* The only request is answered, and its connection goes on. */
USUAL void conn_pop_only(struct conn *conn)
{
	const uint32_t over = CONN_ANSWERING | CONN_UNHELD | CONN_TOO_LARGE | CONN_LARGE;
	conn->popped++;
	conn->request_count = 0;
	conn_count_answer_now(conn);
	conn->flags = (conn->flags & ~over) | CONN_REUSED | CONN_SERVED;
	if (__builtin_expect(conn->held_class, 0)) {
		if (conn->held_class != ARENA_FEW) {
			conn_end_exchange(conn);
			return;
		}
		arena_give_few(conn->held);
		conn->held_class = 0;
	}
	arena_give_exchange(conn->exchange);
	conn->exchange = &conn_no_exchange;
	conn->held = NULL;
	conn->held_len = 0;
	conn->unsent = 0;
}

/* conn_given of such an answer; false for any other, then nothing is noted. */
USUAL bool conn_given_whole(struct conn *conn, const char *bytes, size_t len)
{
	struct conn_exchange *exchange = conn->exchange;
	const struct conn_request *request = &exchange->requests[0];
	struct http1 *response = &exchange->response;
	if (conn->request_count != 1 || !request->complete || request->method == METHOD_HEAD ||
	    request->method == METHOD_CONNECT || response->flags & HTTP1_STARTED || conn->rescue ||
	    conn->unsent || !http1_whole_answer(response, bytes, len))
		return false;
	conn_pop_only(conn);
	return true;
}

/* And conn_received. */
USUAL bool conn_answered_whole(struct conn *conn, const char *bytes, size_t len)
{
	if (!conn_given_whole(conn, bytes, len))
		return false;
	conn->received += len;
	return true;
}

#endif
