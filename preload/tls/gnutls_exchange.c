/* SPDX-License-Identifier: MIT */
#include "gnutls_exchange.h"

#include "../os/sys.h"

enum { AGAIN = -28 }; /* GNUTLS_E_AGAIN */

static long read_or_write(const struct gnutls_exchange *exchange, void *now)
{
	const struct tls_exchange *what = &exchange->exchange;
	if (what->kind == HOOKED_SSL_read)
		return gnutls.gnutls_record_recv(now, what->buf, what->len);
	if (exchange->padded)
		return gnutls.gnutls_record_send2(now, what->buf, what->len, exchange->pad,
						  exchange->flags);
	return gnutls.gnutls_record_send(now, what->buf, what->len);
}

int gnutls_make(struct tls_exchange *what)
{
	struct gnutls_exchange *exchange = (struct gnutls_exchange *)what;
	void *now = gnutls_session_now(exchange->session);
	long result = read_or_write(exchange, now);
	/* It failed on what another thread's rescue has replaced meanwhile. */
	while (result < 0 && what->kind == HOOKED_SSL_read &&
	       gnutls_session_now(exchange->session) != now) {
		now = gnutls_session_now(exchange->session);
		result = read_or_write(exchange, now);
	}
	exchange->error = result < 0 ? (int)result : 0;
	what->done = result > 0 ? (size_t)result : 0;
	return result > 0 ? 1 : (int)result;
}

void gnutls_call_begin(struct tls_call *call, struct gnutls_session *session)
{
	*call = (struct tls_call){
	    .ops = &tls_gnutls,
	    .ssl = session->own,
	    .session = session->bound ? &session->session : NULL,
	};
	gnutls_session_enter(session);
	tls_call_enter(call);
}

void gnutls_call_end(struct tls_call *call, struct gnutls_session *session)
{
	tls_call_end(call);
	gnutls_session_leave(session);
}

/*
 * A record that is half out is to be written on with no bytes given, of which nobody knows then
 * what they are.
 */
static bool is_unseen(const struct gnutls_exchange *exchange)
{
	return exchange->exchange.kind == HOOKED_SSL_write && !exchange->exchange.len;
}

long gnutls_exchange(struct gnutls_exchange *exchange, int exchanges(struct tls_exchange *))
{
	struct gnutls_session *session = exchange->session;
	struct tls_call *call = &exchange->exchange.call;
	bool writes = exchange->exchange.kind == HOOKED_SSL_write;
	gnutls_call_begin(call, session);
	session->session.pending = false;
	if (writes)
		__atomic_store_n(&session->writer, sys_self(), __ATOMIC_RELAXED);
	if (!tls_call_is_outermost(call) || is_unseen(exchange)) {
		gnutls_session_give_up(session);
		exchanges = tls_make;
	}
	int result = exchanges(&exchange->exchange);
	if (writes)
		__atomic_store_n(&session->writer, 0, __ATOMIC_RELAXED);
	gnutls_call_end(call, session);
	if (result > 0)
		return (long)exchange->exchange.done;
	if (exchange->exchange.later)
		return AGAIN;
	return result ? exchange->error : 0;
}

/* A second one is another session's keys, and perhaps another server: not to be told apart. */
int gnutls_shake(struct gnutls_session *session)
{
	struct tls_call call;
	if (session->shaken)
		gnutls_session_give_up(session);
	gnutls_call_begin(&call, session);
	int result = gnutls.gnutls_handshake(gnutls_session_now(session));
	gnutls_call_end(&call, session);
	if (result == 0)
		session->shaken = true;
	return result;
}
