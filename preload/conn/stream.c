/* SPDX-License-Identifier: MIT */
/* What goes over a connection: its unanswered requests, their copy, and the answers to them. */
#include "conn.h"
#include "end.h"
#include "hello.h"
#include "secured.h"
#include "usual.h"

#include "../os/arena.h"
#include "../process/config.h"
#include "../os/mem.h"

static void release_held(struct conn *conn)
{
	if (conn->held_class)
		arena_give(conn->held, conn->held_class);
	conn->held = NULL;
	conn->held_class = 0;
	conn->held_len = 0;
	conn->unsent = 0;
}

__attribute__((noinline)) void conn_end_exchange(struct conn *conn)
{
	release_held(conn);
	if (conn->exchange == &conn_no_exchange)
		return;
	conn->exchange->response.flags = 0;
	arena_give_exchange(conn->exchange);
	conn->exchange = &conn_no_exchange;
}

/* Gives up the copy: from here to the last answer nothing can be sent again. */
static void stop_holding(struct conn *conn, uint32_t why)
{
	release_held(conn);
	conn->flags |= CONN_UNHELD | why;
}

/* Sees to it that it has one of its own. false: there is no memory. */
static bool begin_exchange(struct conn *conn)
{
	if (conn->exchange != &conn_no_exchange)
		return true;
	struct conn_exchange *exchange = arena_take_exchange();
	if (exchange)
		conn->exchange = exchange;
	return exchange;
}

bool conn_make_room(struct conn *conn, size_t needed)
{
	if (!begin_exchange(conn))
		return false;
	int class = needed <= CONN_HELD_FEW ? 0 : arena_class(needed);
	char *larger = class ? arena_take(class) : conn->exchange->bytes;
	if (!larger)
		return false;
	if (conn->held)
		memcpy(larger, conn->held, conn->held_len);
	if (conn->held_class)
		arena_give(conn->held, conn->held_class);
	conn->held = larger;
	conn->held_class = (int8_t) class;
	return true;
}

static inline __attribute__((always_inline)) void hold(struct conn *conn, const char *bytes,
						       size_t len)
{
	if (conn->flags & CONN_UNHELD)
		return;
	size_t needed = conn->held_len + len;
	if (__builtin_expect(needed > config.policy->hold_always_bytes, 0)) {
		conn->flags |= CONN_LARGE;
		if (needed > config.policy->hold_max_bytes) {
			stop_holding(conn, CONN_TOO_LARGE);
			return;
		}
	}
	bool fits = conn->held && needed <= conn_held_room(conn);
	if (!fits && !conn_make_room(conn, needed)) {
		stop_holding(conn, 0);
		return;
	}
	memcpy(conn->held + conn->held_len, bytes, len);
	conn->held_len = (uint32_t)needed;
}

void conn_hold(struct conn *conn, const char *bytes, size_t len)
{
	hold(conn, bytes, len);
}

static struct conn_request *last_request(struct conn *conn)
{
	return &conn->exchange->requests[conn->request_count - 1];
}

/*
 * The request goes on in another call: will all of it be held? That cannot be told, for it may be
 * too large, or come by sendfile. Of a head that is not whole even less is known, but few GETs have
 * a body.
 */
static __attribute__((noinline)) void look_ahead(struct conn *conn)
{
	const struct http1 *message = &conn->exchange->request;
	bool safe = message->method == METHOD_GET || message->method == METHOD_HEAD;
	if (message->flags & HTTP1_HEAD_DONE || !safe)
		conn->flags |= CONN_LARGE;
}

bool conn_is_sound(const struct conn *conn)
{
	return !(conn->exchange->request.flags & HTTP1_LOOKED_OVER) || !conn->request_count ||
	       conn->flags & CONN_UNHELD || http1_is_sound(conn->held, conn->held_len);
}

__attribute__((noinline)) bool conn_record_piece(struct conn *conn, const char *bytes, size_t len)
{
	if (conn_record_usual(conn, bytes, len))
		return true;
	if (!begin_exchange(conn))
		return false;
	while (len) {
		if (!conn_is_writing(conn)) {
			if (conn->request_count == CONN_REQUESTS_MAX)
				return false;
			if (!conn_is_sound(conn))
				return false;
			conn->exchange->requests[conn->request_count++] = (struct conn_request){0};
			http1_request(&conn->exchange->request);
		}
		size_t used;
		enum http1_result result = http1_feed(&conn->exchange->request, bytes, len, &used);
		if (__builtin_expect(result != HTTP1_DONE, 0)) {
			if (result != HTTP1_MORE)
				return result == HTTP1_BAD && conn_record_hello(conn, bytes, len);
			look_ahead(conn);
		}
		struct conn_request *request = last_request(conn);
		if (request->len + used > UINT32_MAX)
			stop_holding(conn, CONN_TOO_LARGE);
		else
			request->len += (uint32_t)used;
		request->method = conn->exchange->request.method;
		request->complete = result == HTTP1_DONE;
		if (conn->exchange->request.flags & HTTP1_CONNECTION_AUTH)
			conn->flags |= CONN_AUTH;
		hold(conn, bytes, used);
		bytes += used;
		len -= used;
	}
	return true;
}

/* The same for all pieces of a call, one after the other. */
static __attribute__((noinline)) bool each_piece(struct conn *conn, const struct iovec *iov,
						 int count, size_t len,
						 bool take(struct conn *, const char *, size_t))
{
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		if (!take(conn, iov[i].iov_base, piece))
			return false;
		len -= piece;
	}
	return true;
}

bool conn_record(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	if (count == 1)
		return conn_record_piece(conn, iov->iov_base, len);
	return conn_record_gathered(conn, iov, count, len) ||
	       each_piece(conn, iov, count, len, conn_record_piece);
}

size_t conn_blind(const struct conn *conn, size_t len)
{
	uint64_t rest = conn_is_writing(conn) ? http1_unseen(&conn->exchange->request) : 0;
	size_t blind = rest < len ? (size_t)rest : len;
	bool kept =
	    !(conn->flags & CONN_UNHELD) && conn->held_len + blind <= config.policy->hold_max_bytes;
	return kept ? 0 : blind;
}

bool conn_unrecord(struct conn *conn, const struct conn_mark *mark)
{
	bool is_over = mark->request_count && conn->exchange == &conn_no_exchange;
	if (conn->popped != mark->popped || is_over)
		return false;
	conn->request_count = mark->request_count;
	if (mark->writing) {
		conn->exchange->request = mark->request;
		*last_request(conn) = mark->last;
	}
	if (!(conn->flags & CONN_UNHELD))
		conn->held_len = mark->held_len;
	if (!conn->request_count)
		conn->flags &= ~(uint32_t)(CONN_UNHELD | CONN_TOO_LARGE | CONN_LARGE);
	return true;
}

/* Seldom needed: pop_request, which each response goes through, has its own copy. */
__attribute__((noinline)) void conn_count_answer(struct conn *conn)
{
	conn_count_answer_now(conn);
}

/* The oldest request is answered, and its connection goes on. */
static void pop_request(struct conn *conn)
{
	if (conn->request_count == 1) {
		conn_pop_only(conn);
		return;
	}
	uint32_t len = conn->exchange->requests[0].len;
	conn->popped++;
	conn->request_count--;
	for (int i = 0; i < conn->request_count; i++)
		conn->exchange->requests[i] = conn->exchange->requests[i + 1];
	conn_count_answer_now(conn);
	conn->flags = (conn->flags & ~(uint32_t)CONN_ANSWERING) | CONN_REUSED | CONN_SERVED;
	if (!(conn->flags & CONN_UNHELD)) {
		conn->held_len -= len;
		memmove(conn->held, conn->held + len, conn->held_len);
	}
}

static __attribute__((noinline)) bool receive_piece(struct conn *conn, const char *bytes,
						    size_t len)
{
	while (len) {
		/* RFC 9112 section 9.2: bytes with no request outstanding are never an answer. */
		if (!conn->request_count)
			return false;
		if (!(conn->exchange->response.flags & HTTP1_STARTED))
			http1_response(&conn->exchange->response,
				       conn->exchange->requests[0].method);
		size_t used;
		enum http1_result result = http1_feed(&conn->exchange->response, bytes, len, &used);
		if (conn->rescue && result != HTTP1_BAD && !conn_rescue(conn)->status)
			conn_rescue(conn)->status = conn->exchange->response.status;
		if (result == HTTP1_BAD || result == HTTP1_TUNNEL) {
			if (result == HTTP1_TUNNEL)
				conn_count_answer(conn);
			return false;
		}
		conn->flags |= CONN_ANSWERING;
		if (conn->exchange->response.flags & HTTP1_CONNECTION_AUTH)
			conn->flags |= CONN_AUTH;
		bytes += used;
		len -= used;
		if (result != HTTP1_DONE)
			continue;
		bool goes_on = conn->exchange->response.flags & HTTP1_PERSISTENT;
		conn->exchange->response.flags = 0;
		if (!goes_on || !conn->exchange->requests[0].complete) {
			conn_count_answer(conn);
			return false;
		}
		pop_request(conn);
	}
	return true;
}

bool conn_given(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	if (count == 1)
		return receive_piece(conn, iov->iov_base, len);
	return each_piece(conn, iov, count, len, receive_piece);
}

bool conn_received(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	conn->received += len;
	return conn_given(conn, iov, count, len);
}

void conn_facts(const struct conn *conn, struct decide_facts *facts)
{
	facts->methods = 0;
	facts->request_len = 0;
	for (int i = 0; i < conn->request_count; i++) {
		facts->methods |= method_bit(conn->exchange->requests[i].method);
		facts->request_len += conn->exchange->requests[i].len;
	}
	facts->reused = conn->flags & CONN_REUSED;
	facts->response_started = conn->flags & CONN_ANSWERING;
	facts->held = !(conn->flags & CONN_UNHELD) && conn_is_sound(conn);
	facts->shut_down = conn->flags & CONN_SHUT_DOWN;
	facts->connection_auth = conn->flags & CONN_AUTH;
}

void conn_renewed(struct conn *conn, uint64_t cookie)
{
	conn->epoch++;
	conn->cookie = cookie;
	conn->received = conn_said_by_proxy(conn);
	if (conn->exchange != &conn_no_exchange)
		conn->exchange->response.flags = 0;
	conn->readers = 0;
	conn->idle_hint_s = 0;
	conn->popped_before = (uint16_t)conn->popped;
	conn->flags &= ~(uint32_t)(CONN_REUSED | CONN_ANSWERING | CONN_FAILED | CONN_LAST | CONN_REVIVED);
}
