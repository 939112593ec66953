/* SPDX-License-Identifier: MIT */
#include "quick.h"

#include "../conn/look.h"
#include "../conn/switch.h"
#include "../conn/usual.h"
#include "exchange.h"
#include "hold_text.h"

/* What of a policy there is more to do for. */
#define QUICK static inline __attribute__((always_inline))

#define USES_MORE                                                                                  \
	(POLICY_USES_REQUEST_ID | POLICY_USES_UNACKED_TIMEOUT | POLICY_USES_RESPONSE_TIMEOUT)

QUICK bool is_quiet(const struct conn *conn, const struct handle *handle)
{
	return conn->life == handle->life && conn->busy_or_care == CONN_SECURED_ALONE;
}

/* Is it worth a try, as far as the session tells? */
QUICK bool stands_well(const struct tls_session *session)
{
	return session->stands[0] == TLS_STANDS_WELL && !session->stands[1] && !tls_here.call &&
	       !tls_here.quick;
}

QUICK bool may_read(const struct tls_session *session)
{
	const struct conn *conn = session->handle.conn;
	return stands_well(session) && conn->busy_or_care == CONN_SECURED_ALONE &&
	       !(conn->flags & CONN_DOUBT);
}

QUICK void begin(struct tls_session *session, const void *frame)
{
	tls_here.quick = frame;
	/* Two such stores would become one, for which the two were brought together first. */
	__atomic_store_n(&tls_here.conn, session->handle.conn, __ATOMIC_RELAXED);
	tls_here.life = session->handle.life;
	tls_here.session = session;
}

/* The connection, if it was a quick one to its end, else NULL. */
QUICK struct conn *end(void)
{
	struct conn *conn = tls_here.conn;
	tls_here.quick = NULL;
	__atomic_store_n(&tls_here.conn, NULL, __ATOMIC_RELAXED);
	return conn;
}

/* What the call has come to is to be seen to as in any other. */
static __attribute__((noinline)) int read_on(struct tls_session *session, enum tls_hooked kind,
					     void *buf, size_t len, size_t *done, int result)
{
	struct tls_exchange exchange;
	tls_fill(&exchange, kind, buf, len);
	tls_begin(&exchange, session->library, session->ssl, session);
	if (result > 0)
		exchange.done = done ? *done : (size_t)result;
	result = tls_read_on(&exchange, result);
	if (done)
		*done = exchange.done;
	tls_end(&exchange);
	return result;
}

/* What a read has given is noted. false: it is to be seen to otherwise, and nothing is. */
QUICK bool note(struct tls_session *session, struct conn *conn, const void *buf, size_t got)
{
	if (session->loose.body_left || !conn_lock(conn, session->handle.fd))
		return false;
	if (__builtin_expect(!is_quiet(conn, &session->handle), 0)) {
		conn_unlock(conn);
		return false;
	}
	conn->received += session->loose.received;
	conn->secured->sent += session->loose.sent;
	session->loose.received = session->loose.sent = 0;
	if (__builtin_expect(conn_given_whole(conn, buf, got), 1)) {
		conn_unlock(conn);
	} else if (hold_text_is_408(buf, got)) {
		conn_unlock(conn);
		return false;
	} else {
		tls_take_note(conn, buf, got);
	}
	return true;
}

static __attribute__((noinline)) int read_otherwise(struct tls_session *session, void *buf, int len)
{
	if (len < 0)
		return session->library->SSL_read(session->ssl, buf, len);
	return tls_exchange(session->library, HOOKED_SSL_read, session->ssl, session, buf,
			    (size_t)len, NULL);
}

int tls_quick_read(struct tls_session *session, void *buf, int len)
{
	char frame;
	if (__builtin_expect(!may_read(session), 0))
		return read_otherwise(session, buf, len);
	begin(session, &frame);
	int result = session->library->SSL_read(session->ssl, buf, len);
	struct conn *conn = end();
	if (__builtin_expect(conn && result > 0 && note(session, conn, buf, (size_t)result), 1))
		return result;
	return len < 0 ? result : read_on(session, HOOKED_SSL_read, buf, (size_t)len, NULL, result);
}

int tls_quick_read_ex(struct tls_session *session, void *buf, size_t len, size_t *done)
{
	char frame;
	if (__builtin_expect(!may_read(session), 0))
		return tls_exchange(session->library, HOOKED_SSL_read_ex, session->ssl, session,
				    buf, len, done);
	begin(session, &frame);
	int result = session->library->SSL_read_ex(session->ssl, buf, len, done);
	struct conn *conn = end();
	if (__builtin_expect(conn && result > 0 && note(session, conn, buf, *done), 1))
		return result;
	return read_on(session, HOOKED_SSL_read_ex, buf, len, done, result);
}

static __attribute__((noinline)) int write_on(struct tls_session *session, enum tls_hooked kind,
					      void *buf, size_t len, size_t *done, int result)
{
	const struct conn_mark mark = {.popped = session->popped_before};
	struct tls_exchange exchange;
	tls_fill(&exchange, kind, buf, len);
	tls_begin(&exchange, session->library, session->ssl, session);
	if (result > 0)
		exchange.done = done ? *done : (size_t)result;
	result = tls_write_on(&exchange, &mark, result);
	if (done)
		*done = exchange.done;
	tls_end(&exchange);
	return result;
}

/* Is it worth a try? A POST, and a piece of something, go another way. */
QUICK bool begins_get(const char *buf, size_t len)
{
	return (long)len >= 4 && __builtin_memcmp(buf, "GET ", 4) == 0;
}

/*
 * A GET, whole and the first that is unanswered, and nothing else is to be done for it. Called with
 * the lock.
 */
QUICK bool record(struct tls_session *session, struct conn *conn, const void *buf, size_t len)
{
	const uint32_t looked_at = CONN_REUSED | CONN_DOUBT | CONN_LARGE | CONN_UNHELD;
	return is_quiet(conn, &session->handle) && (conn->flags & looked_at) == CONN_REUSED &&
	       !conn->request_count && config.policy->methods_always & method_bit(METHOD_GET) &&
	       conn_record_get(conn, buf, len);
}

/* false: it is to be written otherwise, and nothing is recorded. */
QUICK bool begin_write(struct tls_session *session, const void *buf, size_t len)
{
	struct conn *conn = session->handle.conn;
	conn_switch();
	if (!begins_get(buf, len) || !stands_well(session) || config.policy->uses & USES_MORE ||
	    !conn_lock(conn, session->handle.fd))
		return false;
	if (!record(session, conn, buf, len)) {
		conn_unlock(conn); /* it may be another connection by now */
		return false;
	}
	session->begins = true;
	session->sent_before = conn->secured->sent + session->loose.sent;
	session->popped_before = conn->popped;
	conn_unlock(conn);
	return true;
}

static __attribute__((noinline)) int write_otherwise(struct tls_session *session, void *buf,
						     int len)
{
	if (len < 0)
		return session->library->SSL_write(session->ssl, buf, len);
	return tls_exchange(session->library, HOOKED_SSL_write, session->ssl, session, buf,
			    (size_t)len, NULL);
}

int tls_quick_write(struct tls_session *session, void *buf, int len)
{
	char frame;
	if (__builtin_expect(!begin_write(session, buf, (size_t)len), 0))
		return write_otherwise(session, buf, len);
	begin(session, &frame);
	int result = session->library->SSL_write(session->ssl, buf, len);
	if (__builtin_expect(end() && result == len, 1))
		return result;
	return write_on(session, HOOKED_SSL_write, buf, (size_t)len, NULL, result);
}

int tls_quick_write_ex(struct tls_session *session, void *buf, size_t len, size_t *done)
{
	char frame;
	if (__builtin_expect(!begin_write(session, buf, len), 0))
		return tls_exchange(session->library, HOOKED_SSL_write_ex, session->ssl, session,
				    buf, len, done);
	begin(session, &frame);
	int result = session->library->SSL_write_ex(session->ssl, buf, len, done);
	if (__builtin_expect(end() && result > 0 && *done == len, 1))
		return result;
	return write_on(session, HOOKED_SSL_write_ex, buf, len, done, result);
}
