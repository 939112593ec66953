/* SPDX-License-Identifier: MIT */
/*
 * add_request_id over TLS: what the program writes is written from a copy with the header in it. If
 * the library cannot write it all, it is to be given the same bytes once more: the copy stays until
 * then.
 */
#include "../conn/request_id.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "exchange.h"

static void drop(struct tls_session *session)
{
	if (session->wide)
		session->ops->give(session, session->wide);
	session->wide = NULL;
}

/* The program comes back with what it could not write. Not, if it has thought better of it. */
static bool is_once_more(const struct tls_session *session, const struct tls_exchange *exchange)
{
	const size_t place = session->wide_at, own = session->wide_own;
	const char *wide = session->wide, *bytes = exchange->buf;
	return exchange->len >= own && memcmp(bytes, wide, place) == 0 &&
	       memcmp(bytes + place, wide + place + session->wide_header, own - place) == 0;
}

/* false: the bytes are to be written as they are. */
static bool make(struct tls_session *session, const struct tls_exchange *exchange)
{
	char header[REQUEST_ID_MAX];
	if (!tls_session_lock(session))
		return false;
	struct conn *conn = session->handle.conn;
	size_t place = conn_is_writing(conn) || conn->flags & CONN_DOUBT
			   ? 0
			   : request_id_wanted_at(conn, exchange->buf, exchange->len);
	size_t len = place ? request_id_header(conn->cookie, header) : 0;
	conn_unlock(conn);
	char *wide = len ? session->ops->take(session, exchange->len + len) : NULL;
	if (!wide)
		return false;
	memcpy(wide, exchange->buf, place);
	memcpy(wide + place, header, len);
	memcpy(wide + place + len, (const char *)exchange->buf + place, exchange->len - place);
	session->wide = wide;
	session->wide_at = place;
	session->wide_header = len;
	session->wide_own = exchange->len;
	session->wide_done = 0;
	return true;
}

/* Writes on, until the header is out: half of it is nothing that the program could be told of. */
static int write_on(struct tls_session *session, struct tls_exchange *exchange)
{
	const size_t len = session->wide_own + session->wide_header;
	int result;
	do {
		exchange->buf = session->wide + session->wide_done;
		exchange->len = len - session->wide_done;
		result = tls_write_as_it_is(exchange);
		session->wide_done += result > 0 ? exchange->done : 0;
	} while (result > 0 && session->wide_done < session->wide_at + session->wide_header);
	return result;
}

int tls_write_wide(struct tls_exchange *exchange)
{
	struct tls_session *session = exchange->call.session;
	const bool is_int = exchange->kind == HOOKED_SSL_write;
	if (session->wide && !is_once_more(session, exchange))
		drop(session);
	if (!session->wide && !make(session, exchange))
		return tls_write_as_it_is(exchange);
	struct tls_exchange own = *exchange;
	int result = write_on(session, exchange);
	exchange->buf = own.buf;
	exchange->len = own.len;
	exchange->done = 0;
	if (result > 0)
		exchange->done = session->wide_done - session->wide_header;
	if (result > 0 || !session->ops->wants(session, result))
		drop(session);
	return result > 0 && is_int ? (int)exchange->done : result;
}
