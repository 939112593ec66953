/* SPDX-License-Identifier: MIT */
/* Responses that may not be the program's, as far as the library is in it: hold_text.h. */
#include "../conn/end.h"
#include "../conn/secured.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "../rescue/rescue.h"
#include "../wire/socket.h"
#include "exchange.h"
#include "hold_text.h"

/* As much of the status line as there is in the library. */
static void look_further(const struct tls_exchange *exchange, struct hold_text *text)
{
	size_t known = text->len < HOLD_TEXT_LINE ? text->len : HOLD_TEXT_LINE;
	size_t from = text->peeked ? 0 : known;
	memcpy(text->line, text->bytes, known);
	text->line_len = known;
	if (known == HOLD_TEXT_LINE)
		return;
	size_t more = exchange->call.ops->look(exchange, text->line + from, HOLD_TEXT_LINE - from);
	text->line_len = from + more > known ? from + more : known;
}

bool tls_hold(struct tls_exchange *exchange, struct conn *conn)
{
	if (!exchange->call.ops->read)
		return false;
	/* No socket in the call could tell the program that there is something to read. */
	if (conn_is_apart(conn))
		return false;
	struct hold_text text = {
	    .bytes = exchange->buf, .len = exchange->done, .peeked = tls_peeks(exchange)};
	look_further(exchange, &text);
	return hold_text_look(conn, &text);
}

/* Gives what there is. Called with the lock, leaves without. */
static enum tls_attended give(struct tls_exchange *exchange)
{
	struct tls_session *session = exchange->call.session;
	struct conn *conn = session->handle.conn;
	session->marked = false; /* what the library has found behind it is the program's to hear */
	exchange->done = hold_text_give(conn, exchange->buf, exchange->len, tls_peeks(exchange));
	/* If it was the last of a connection that there is no more. */
	if (session->spent && !tls_session_lock(session))
		session->closed = true;
	else if (session->spent)
		conn_unlock(conn);
	return TLS_GIVEN;
}

/* The library has nothing more. With the lock. true: the program is to come back. */
static bool is_to_wait(const struct tls_exchange *exchange, struct conn *conn, int result)
{
	const struct tls_session *session = exchange->call.session;
	if (session->ops->wants(session, result))
		return !hold_text_is_over(conn);
	hold_text_end(conn, session->ops->is_closed(session, result));
	return false;
}

/* More of what is held. Called with the lock, leaves without. */
static enum tls_attended collect(struct tls_exchange *exchange)
{
	struct tls_session *session = exchange->call.session;
	struct conn *conn = session->handle.conn;
	char bytes[HOLD_TEXT_PIECE];
	/* No more than the program could be given, if it had to be. */
	size_t len = exchange->len < sizeof(bytes) ? exchange->len : sizeof(bytes), done = 0;
	conn_unlock(conn);
	int result = session->ops->read(exchange, bytes, len, &done);
	bool there = tls_session_lock(session);
	if (there && result <= 0 && is_to_wait(exchange, conn, result)) {
		conn_unlock(conn);
		return TLS_LATER;
	}
	if (result <= 0 || (there && hold_text_add(conn, bytes, done))) {
		if (there)
			conn_unlock(conn);
		return TLS_AGAIN;
	}
	/* Another thread has ended that: they are the next ones for the program. */
	if (there)
		conn_unlock(conn);
	memcpy(exchange->buf, bytes, done);
	exchange->done = done;
	return TLS_GIVEN;
}

enum tls_attended tls_give_held(struct tls_exchange *exchange)
{
	struct conn *conn = exchange->call.session->handle.conn;
	if (!exchange->len) {
		conn_unlock(conn);
		return TLS_GO_ON;
	}
	if (wire_cookie(conn->fd) != conn->cookie && !conn->rescue->placed) {
		conn_end(conn, WHY_LOST);
		return TLS_GO_ON;
	}
	if (conn->busy && conn->rescue->phase != PHASE_GIVING) {
		conn_unlock(conn);
		return TLS_AGAIN;
	}
	return hold_text_wants(conn) ? collect(exchange) : give(exchange);
}

int tls_held_pending(struct tls_session *session)
{
	size_t left = 0;
	const struct conn *near = session->handle.conn;
	if (!near || !(near->busy || near->care & CARE_HOLDING))
		return 0;
	if (tls_session_lock(session)) {
		left = hold_text_left(session->handle.conn);
		conn_unlock(session->handle.conn);
	}
	return (int)left;
}
