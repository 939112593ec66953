/* SPDX-License-Identifier: MIT */
/* A call of the program's to OpenSSL, from its beginning to its end. */
#include "../os/sys.h"
#include "exchange.h"

bool tls_begin(struct tls_exchange *exchange, struct tls_library *library, void *ssl,
	       struct tls_session *session)
{
	tls_call_begin(&exchange->call, library, ssl, session);
	session = exchange->call.session;
	if (!session)
		return true;
	session->pending = tls_session_is_driven(session);
	if (session->pending) {
		tls_call_end(&exchange->call);
		return false;
	}
	if (session->loose.sent | session->loose.received && tls_session_lock(session))
		conn_unlock(session->handle.conn);
	if (tls_call_is_outermost(&exchange->call))
		session->user = session->thread = sys_self();
	return true;
}

void tls_end(struct tls_exchange *exchange)
{
	if (exchange->call.session && tls_call_is_outermost(&exchange->call))
		exchange->call.session->thread = 0;
	tls_call_end(&exchange->call);
}

/*
 * Within a callback of the library's nothing is begun. The call as it is; no more is known then,
 * but of a session whose calls touch no socket (Node writes its request in such a one).
 */
int tls_run(struct tls_exchange *exchange, struct tls_library *library, void *ssl,
	    struct tls_session *session, int exchanges(struct tls_exchange *))
{
	if (!tls_begin(exchange, library, ssl, session))
		return tls_come_back(exchange);
	session = exchange->call.session;
	if (!tls_call_is_outermost(&exchange->call) && !(session && session->memory)) {
		if (session)
			tls_session_give_up(session);
		exchanges = tls_make;
	}
	int result = exchanges(exchange);
	tls_end(exchange);
	return result;
}

void tls_fill(struct tls_exchange *exchange, enum tls_hooked kind, void *buf, size_t len)
{
	exchange->kind = kind;
	exchange->bio = NULL;
	exchange->buf = buf;
	exchange->len = len;
	exchange->done = 0;
	exchange->later = exchange->failed = false;
}

__attribute__((noinline)) int tls_exchange(struct tls_library *library, enum tls_hooked kind,
					   void *ssl, struct tls_session *session, void *buf,
					   size_t len, size_t *done)
{
	const bool writes = kind == HOOKED_SSL_write || kind == HOOKED_SSL_write_ex;
	struct tls_exchange exchange;
	tls_fill(&exchange, kind, buf, len);
	int result = tls_run(&exchange, library, ssl, session, writes ? tls_write : tls_read);
	if (done)
		*done = exchange.done;
	return result;
}
