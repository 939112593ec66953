/* SPDX-License-Identifier: MIT */
/*
 * A call to OpenSSL on a session that stands well, and in which nothing happens but that bytes go
 * over its socket: nearly all are. No more is kept of it than struct tls_here has, and the calls on
 * the socket only count for the session what moves, without the connection's lock. What goes
 * otherwise than that is no quick call any more, but one like any other.
 */
#ifndef REDIAL_TLS_QUICK_H
#define REDIAL_TLS_QUICK_H

#include <stddef.h>

#include "session.h"

/*
 * SSL_read, SSL_read_ex, SSL_write and SSL_write_ex, on an SSL that has a session; quick or not,
 * they do all that there is to do.
 */
int tls_quick_read(struct tls_session *session, void *buf, int len);
int tls_quick_read_ex(struct tls_session *session, void *buf, size_t len, size_t *done);
int tls_quick_write(struct tls_session *session, void *buf, int len);
int tls_quick_write_ex(struct tls_session *session, void *buf, size_t len, size_t *done);

/*
 * Is it such a call, on the session in tls_here, that makes a call on conn's socket? Takes no lock.
 */
static inline __attribute__((always_inline)) bool tls_quick_is_on(const struct conn *conn)
{
	return __builtin_expect(tls_here.conn == conn, 1) &&
	       tls_here.life == __atomic_load_n(&conn->life, __ATOMIC_RELAXED);
}

/*
 * The socket has given bytes for the session: the header of a record, the rest of it or all of it.
 * false: it is anything else, and not counted.
 */
static inline __attribute__((always_inline)) bool tls_quick_has_read(struct tls_session *session,
								     const uint8_t *bytes, long len)
{
	enum { HEADER = 5 };
	uint32_t left = session->loose.body_left;
	if (left) {
		if (len != (long)left)
			return false;
		left = 0;
	} else {
		if (len < HEADER)
			return false;
		left = (uint32_t)bytes[3] << 8 | bytes[4];
		if (len != HEADER) {
			if (len != (long)left + HEADER)
				return false;
			left = 0;
		}
	}
	session->loose.body_left = left;
	session->loose.received += (uint64_t)len;
	return true;
}

/* A call on conn's socket is no quick one's any more. Called with the lock. */
static inline void tls_quick_leave(struct conn *conn)
{
	if (__builtin_expect(tls_quick_is_on(conn), 0))
		tls_session_tell(tls_here.session, conn);
}

#endif
