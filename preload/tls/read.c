/* SPDX-License-Identifier: MIT */
#include "../conn/end.h"
#include "../conn/secured.h"
#include "../conn/usual.h"
#include "../os/sys.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/resume.h"
#include "../rescue/watch.h"
#include "exchange.h"
#include "hold_text.h"

enum { ERROR_SYSCALL = 5 }; /* SSL_ERROR_SYSCALL */

void tls_take_note(struct conn *conn, const void *bytes, size_t len)
{
	struct iovec piece = {(void *)bytes, len};
	bool goes_on = conn_given_whole(conn, bytes, len) || conn_given(conn, &piece, 1, len);
	if (conn->rescue)
		rescue_note_answer(conn);
	if (goes_on)
		conn_unlock(conn);
	else
		conn_end(conn, WHY_PASSED);
}

static void take_note(const struct tls_exchange *exchange, struct conn *conn)
{
	if (!tls_peeks(exchange)) {
		tls_take_note(conn, exchange->buf, exchange->done);
		return;
	}
	if (conn_waiting(conn))
		conn->flags |= CONN_ANSWERING; /* seen is handed over */
	conn_unlock(conn);
}

/* The server has ended its direction by a close_notify, of which the socket knows nothing. */
static bool is_closed(const struct tls_session *session, const struct conn *conn, int result)
{
	bool until_close =
	    conn->flags & CONN_ANSWERING && conn->exchange->response.flags & HTTP1_UNTIL_CLOSE;
	return conn_waiting(conn) && !until_close && session->ops->is_closed(session, result);
}

/* Called with the lock. */
static bool begin(struct tls_session *session, struct conn *conn)
{
	const struct rescue_start start = {
	    .reading = true,
	    .cause = rescue_resume_cause(conn, CAUSE_EOF),
	    .head = conn->held,
	    .head_len = conn->held_len,
	};
	if (!tls_session_is_here(conn) || rescue_begin(conn, &start) != REASON_NONE)
		return false;
	session->closed = true;
	if (session->memory) /* programs ask for it */
		session->library->SSL_set_shutdown(session->ssl, 0);
	return true;
}

/*
 * What was read was a ticket that a watch has ended with, and the library does not look for more by
 * itself: a watch begins in its place. Called with the lock.
 */
static bool watch(const struct tls_session *session, struct conn *conn, int result)
{
	if (!rescue_watches() || !session->ops->at_once || !session->ops->wants(session, result) ||
	    !conn_waiting(conn) || conn->flags & CONN_ANSWERING || rescue_watch_has_news(conn->fd))
		return false;
	rescue_watch(conn);
	return conn->busy;
}

/* The call has been made. true: a rescue has begun, and it is to be made again. */
static bool again(struct tls_exchange *exchange, int result)
{
	struct tls_session *session = exchange->call.session;
	int kept = get_errno();
	bool begun = false, outermost = tls_call_is_outermost(&exchange->call);
	if (session && session->ended && result <= 0 && outermost)
		return true;
	if (!session || !tls_session_lock(session))
		return false;
	struct conn *conn = session->handle.conn;
	if (result > 0 && hold_text_is_due(conn, exchange->buf, exchange->done) &&
	    tls_hold(exchange, conn)) {
		begun = true;
		conn_unlock(conn);
	} else if (result > 0) {
		take_note(exchange, conn);
	} else if (conn->busy) {
		begun = tls_is_to_attend(exchange, conn);
		conn_unlock(conn);
	} else if (outermost && is_closed(session, conn, result)) {
		begun = begin(session, conn);
		if (begun)
			conn_unlock(conn);
		else
			conn_end(conn, WHY_TOLD);
	} else {
		begun = watch(session, conn, result);
		conn_unlock(conn);
	}
	set_errno(kept);
	return begun;
}

/*
 * The end that is found in a handshake is told as an error, where a read without one would tell it
 * as the end.
 */
static int end_of(const struct tls_exchange *exchange, int result)
{
	struct tls_session *session = exchange->call.session;
	bool ended = session && session->at_end && result < 0 &&
		     session->library->SSL_get_error(session->ssl, result) == ERROR_SYSCALL;
	if (session)
		session->at_end = false;
	return ended ? 0 : result;
}

int tls_read_on(struct tls_exchange *exchange, int result)
{
	result = end_of(exchange, result);
	return again(exchange, result) ? tls_read(exchange) : result;
}

int tls_read(struct tls_exchange *exchange)
{
	const bool is_ex =
	    exchange->kind == HOOKED_SSL_read_ex || exchange->kind == HOOKED_SSL_peek_ex;
	int result;
	exchange->call.shakes = tls_call_is_outermost(&exchange->call);
	do {
		enum tls_attended attended;
		do
			attended = tls_attend(exchange, false);
		while (attended == TLS_AGAIN);
		switch (attended) {
		case TLS_LATER:
			exchange->later = true;
			return is_ex ? 0 : -1;
		case TLS_ENDED:
			return 0;
		case TLS_GIVEN:
			return is_ex ? 1 : (int)exchange->done;
		default:
			break;
		}
		result = end_of(exchange, tls_make(exchange));
	} while (again(exchange, result));
	return result;
}
