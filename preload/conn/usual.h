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

/* The exchange in which len bytes can be held at conn->held; NULL: there is no memory. */
USUAL struct conn_exchange *conn_begin_usual(struct conn *conn, size_t len)
{
	struct conn_exchange *exchange = conn->exchange;
	if (__builtin_expect(exchange != &conn_no_exchange || len > CONN_HELD_FEW, 0)) {
		bool fits = conn->held && len <= conn_held_room(conn);
		return fits || conn_make_room(conn, len) ? conn->exchange : NULL;
	}
	exchange = arena_take_exchange();
	if (__builtin_expect(!exchange, 0))
		return NULL;
	conn->exchange = exchange;
	conn->held = exchange->bytes;
	return exchange;
}

/* conn_record_piece of such a request; false for any other, then nothing is recorded. */
USUAL bool conn_record_get(struct conn *conn, const char *bytes, size_t len)
{
	if (conn->request_count || conn->flags & CONN_UNHELD ||
	    len > config.policy->hold_always_bytes)
		return false;
	struct conn_exchange *exchange = conn_begin_usual(conn, len);
	if (!exchange || !http1_whole_get(&exchange->request, conn->held, bytes, len))
		return false;
	if (__builtin_expect(exchange->request.flags & HTTP1_CONNECTION_AUTH, 0))
		conn->flags |= CONN_AUTH;
	exchange->requests[0] =
	    (struct conn_request){.len = (uint32_t)len, .method = METHOD_GET, .complete = true};
	conn->request_count = 1;
	conn->held_len = (uint32_t)len;
	return true;
}

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
		conn_end_exchange(conn);
		return;
	}
	arena_give_exchange(conn->exchange);
	conn->exchange = &conn_no_exchange;
	conn->held = NULL;
	conn->held_len = 0;
	conn->unsent = 0;
}

/* Of a response that leaves the connection open, and of which nothing is to be held back, all. */
USUAL bool conn_is_whole_answer(struct http1 *response, const char *bytes, size_t len)
{
	const char *body = http1_answer_head(response, bytes, bytes + len);
	if (__builtin_expect(!body, 0))
		return false;
	size_t rest = len - (size_t)(body - bytes);
	/* Of chunks nothing remains either, until one has begun. */
	return response->remaining == rest && (rest || !(response->flags & HTTP1_HAS_BODY)) &&
	       response->flags & HTTP1_PERSISTENT && response->status != 408;
}

/* conn_given of such an answer; false for any other, then nothing is noted. */
USUAL bool conn_given_whole(struct conn *conn, const char *bytes, size_t len)
{
	struct conn_exchange *exchange = conn->exchange;
	const struct conn_request *request = &exchange->requests[0];
	struct http1 *response = &exchange->response;
	if (conn->request_count != 1 || !request->complete || request->method == METHOD_HEAD ||
	    request->method == METHOD_CONNECT || response->flags & HTTP1_STARTED || conn->rescue ||
	    conn->unsent)
		return false;
	bool whole = conn_is_whole_answer(response, bytes, len);
	bool authenticates = response->flags & HTTP1_CONNECTION_AUTH;
	response->flags = 0;
	if (!whole)
		return false;
	if (__builtin_expect(authenticates, 0))
		conn->flags |= CONN_AUTH;
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
