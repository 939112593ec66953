/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include <errno.h>

#include "../conn/end.h"
#include "../conn/registrations.h"
#include "../conn/secured.h"
#include "../os/sys.h"
#include "../rescue/held.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "hush.h"

int tls_make(struct tls_exchange *exchange)
{
	return exchange->call.ops->make(exchange);
}

static int make(struct tls_exchange *exchange)
{
	struct tls_library *library = exchange->call.library;
	void *ssl = exchange->call.ssl;
	int len = (int)exchange->len, result = 0;
	exchange->done = 0;
	switch (exchange->kind) {
	case HOOKED_SSL_read:
		result = library->SSL_read(ssl, exchange->buf, len);
		break;
	case HOOKED_SSL_peek:
		result = library->SSL_peek(ssl, exchange->buf, len);
		break;
	case HOOKED_SSL_write:
		result = library->SSL_write(ssl, exchange->buf, len);
		break;
	case HOOKED_SSL_read_ex:
		return library->SSL_read_ex(ssl, exchange->buf, exchange->len, &exchange->done);
	case HOOKED_SSL_peek_ex:
		return library->SSL_peek_ex(ssl, exchange->buf, exchange->len, &exchange->done);
	case TLS_FILTER_READ:
		return library->filter_read(exchange->bio, exchange->buf, exchange->len,
					    &exchange->done);
	case TLS_FILTER_WRITE:
		return library->filter_write(exchange->bio, exchange->buf, exchange->len,
					     &exchange->done);
	default:
		return library->SSL_write_ex(ssl, exchange->buf, exchange->len, &exchange->done);
	}
	exchange->done = result > 0 ? (size_t)result : 0;
	return result;
}

int tls_make_openssl(struct tls_exchange *exchange)
{
	struct tls_session *session = exchange->call.session;
	if (!session || !session->lost)
		return make(exchange);
	tls_mute(session);
	int result = make(exchange);
	tls_unmute(session);
	session->lost = result <= 0;
	return result;
}

int tls_come_back(struct tls_exchange *exchange)
{
	enum tls_hooked kind = exchange->kind;
	exchange->done = 0;
	return kind == HOOKED_SSL_read || kind == HOOKED_SSL_peek || kind == HOOKED_SSL_write ? -1
											      : 0;
}

/* What has been seen of the transport counts for one call. Called with the lock. */
static uint64_t take_patience_ms(struct tls_session *session)
{
	struct conn_secured *secured = session->handle.conn->secured;
	uint64_t patience_ms = secured->patience_ms;
	if (session->marked)
		session->library->ERR_pop_to_mark();
	session->marked = secured->put_off = false;
	secured->patience_ms = 0;
	return patience_ms;
}

/* Once more, as far as this call may go. Called with the lock. */
static enum rescue_result step(struct tls_session *session, bool writes)
{
	struct conn *conn = session->handle.conn;
	struct handle own = session->handle, *handle = &own; /* two threads may wait */
	session->writes = writes;
	uint64_t patience_ms = take_patience_ms(session);
	handle->waited = false;
	handle->end_ms = 0;
	handle->error = rescue_error(conn);
	if (patience_ms)
		handle_begin_wait(handle, patience_ms);
	bool waits = patience_ms || !(session->memory || rescue_is_nonblocking(conn));
	enum rescue_result result =
	    waits ? rescue_run(handle, writes ? RESCUE_WRITES : RESCUE_READS) : rescue_step(conn);
	if (!waits && result == RESCUE_LOST)
		conn_end(conn, WHY_LOST);
	return result;
}

static enum tls_attended put_off(struct tls_session *session)
{
	session->pending = true;
	set_errno(EAGAIN); /* as its socket would have said: squid asks for that alone */
	session->ops->put_off(session);
	return TLS_LATER;
}

/* For the program's next read. Called with the lock, leaves without. */
static enum tls_attended leave_answer(struct conn *conn)
{
	held_leave_rest(conn);
	conn_unlock(conn);
	return TLS_GO_ON;
}

/*
 * The session is no connection's any more, and its server has answered all that it was asked.
 * Called with the lock, leaves without.
 */
static enum tls_attended end_of_spent(struct tls_session *session)
{
	conn_unlock(session->handle.conn);
	session->ops->close(session);
	session->closed = true;
	return TLS_ENDED;
}

/*
 * What carries the bytes may have been told EAGAIN, and wait for the next edge (epoll(7),
 * EPOLLET), as tokio does: there would be none, if the socket has never left its number.
 */
static void rouse(struct conn *conn)
{
	conn_registrations_take(conn);
	conn_registrations_put(conn, false);
}

/* Called with the lock, leaves without. */
static enum tls_attended failed(struct tls_exchange *exchange, bool writes)
{
	struct tls_session *session = exchange->call.session;
	struct conn *conn = session->handle.conn;
	if (rescue_has_answer(conn)) {
		session->ops->spend(session);
		return writes ? leave_answer(conn) : tls_give_held(exchange);
	}
	/* What lies in the library is the answer that was used up, not the program's. */
	if (conn->care & CARE_TOKEN && session->ops->reset)
		session->ops->reset(session);
	session->at_end = session->cleared && !rescue_error(conn);
	session->ops->undo(session);
	if (!session->closed) {
		rouse(conn);
		conn_unlock(conn); /* the socket's next read tells of the end */
		return TLS_GO_ON;
	}
	session->ops->close(session);
	conn_end(conn, WHY_TOLD);
	return TLS_ENDED;
}

/* Is there nothing to attend to, as far as can be told without the lock? What comes later the call
 * finds. */
static bool is_quiet(const struct tls_session *session)
{
	const struct conn *conn = session->handle.conn;
	return !session->ended && !session->closed && !session->spent && !session->cleared &&
	       conn && !__atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE) &&
	       !(conn->care & CARE_HOLDING);
}

bool tls_is_to_attend(struct tls_exchange *exchange, const struct conn *conn)
{
	if (!tls_call_is_outermost(&exchange->call))
		return false;
	if (!rescue_has_failed(conn))
		return true;
	bool told = exchange->failed || exchange->call.session->memory;
	exchange->failed = true;
	return !told;
}

enum tls_attended tls_attend(struct tls_exchange *exchange, bool writes)
{
	struct tls_session *session = exchange->call.session;
	if (!session || is_quiet(session))
		return TLS_GO_ON;
	int kept = get_errno();
	if (!tls_call_is_outermost(&exchange->call))
		return TLS_GO_ON;
	if (session->ended) {
		session->ops->close(session);
		session->ended = false;
		session->closed = true;
	}
	if (!tls_session_lock(session)) {
		if (session->cleared)
			session->ops->undo(session);
		return session->closed && !writes ? TLS_ENDED : TLS_GO_ON;
	}
	struct conn *conn = session->handle.conn;
	if (!conn->busy && conn->care & CARE_HOLDING && !writes)
		return tls_give_held(exchange);
	if (!conn->busy && session->spent && !writes && !conn_waiting(conn))
		return end_of_spent(session);
	if (!conn->busy) {
		conn_unlock(conn);
		return TLS_GO_ON;
	}
	if (rescue_has_failed(conn) || rescue_owed(conn))
		return failed(exchange, writes);
	enum rescue_result result = step(session, writes);
	set_errno(kept);
	switch (result) {
	case RESCUE_FAILED:
		return failed(exchange, writes);
	case RESCUE_LOST:
	case RESCUE_GONE:
		return TLS_GO_ON;
	case RESCUE_UNDER_WAY:
	case RESCUE_INTERRUPTED:
		conn_unlock(conn);
		return put_off(session);
	case RESCUE_DONE:
	case RESCUE_RESTORED:
		break;
	}
	session->closed = false;
	conn_unlock(conn);
	return TLS_GO_ON;
}
