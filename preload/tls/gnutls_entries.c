/* SPDX-License-Identifier: MIT */
/* What the slots of a program that uses GnuTLS lead to. */
#include "gnutls_exchange.h"

static int on_gnutls_init(void **session, unsigned flags)
{
	int result = gnutls.gnutls_init(session, flags);
	if (result >= 0)
		gnutls_session_made(*session, flags);
	return result;
}

static void on_gnutls_deinit(void *session)
{
	struct gnutls_session *known = session ? gnutls_session_find(session) : NULL;
	if (known)
		gnutls_session_gone(known);
	gnutls.gnutls_deinit(session);
}

static int on_gnutls_handshake(void *session)
{
	struct gnutls_session *known = gnutls_session_find(session);
	return known ? gnutls_shake(known) : gnutls.gnutls_handshake(session);
}

static long on_gnutls_record_recv(void *session, void *buf, size_t len)
{
	struct gnutls_exchange exchange = {.session = gnutls_session_find(session)};
	if (!exchange.session)
		return gnutls.gnutls_record_recv(session, buf, len);
	exchange.exchange = (struct tls_exchange){.kind = HOOKED_SSL_read, .buf = buf, .len = len};
	return gnutls_exchange(&exchange, tls_read);
}

static long send_by(struct gnutls_exchange *exchange, const void *buf, size_t len)
{
	exchange->exchange =
	    (struct tls_exchange){.kind = HOOKED_SSL_write, .buf = (void *)buf, .len = len};
	return gnutls_exchange(exchange, tls_write);
}

static long on_gnutls_record_send(void *session, const void *buf, size_t len)
{
	struct gnutls_exchange exchange = {.session = gnutls_session_find(session)};
	if (!exchange.session)
		return gnutls.gnutls_record_send(session, buf, len);
	return send_by(&exchange, buf, len);
}

static long on_gnutls_record_send2(void *session, const void *buf, size_t len, size_t pad,
				   unsigned flags)
{
	struct gnutls_exchange exchange = {
	    .session = gnutls_session_find(session), .padded = true, .pad = pad, .flags = flags};
	if (!exchange.session)
		return gnutls.gnutls_record_send2(session, buf, len, pad, flags);
	return send_by(&exchange, buf, len);
}

/* 0: what the last call waits for is bytes. */
static int on_gnutls_record_get_direction(void *session)
{
	struct gnutls_session *known = gnutls_session_find(session);
	if (!known)
		return gnutls.gnutls_record_get_direction(session);
	if (known->session.pending)
		return 0;
	gnutls_session_enter(known);
	int result = gnutls.gnutls_record_get_direction(gnutls_session_now(known));
	gnutls_session_leave(known);
	return result;
}

/* Bytes that are held back for the program are there for it, as those in the library are. */
static size_t on_gnutls_record_check_pending(void *session)
{
	struct gnutls_session *known = gnutls_session_find(session);
	if (!known)
		return gnutls.gnutls_record_check_pending(session);
	gnutls_session_enter(known);
	size_t result = gnutls.gnutls_record_check_pending(gnutls_session_now(known));
	if (known->bound)
		result += (size_t)tls_held_pending(&known->session);
	gnutls_session_leave(known);
	return result;
}

/* Called by a transport of the program's, within the session's call. */
static void on_gnutls_transport_set_errno(void *session, int error)
{
	struct gnutls_session *known = gnutls_session_find(session);
	gnutls.gnutls_transport_set_errno(known ? gnutls_session_now(known) : session, error);
}

#define X(result, name, parameters, arguments)                                                     \
	static result on_##name parameters                                                         \
	{                                                                                          \
		struct gnutls_session *known = gnutls_session_find(session);                       \
		if (!known)                                                                        \
			return gnutls.name arguments;                                              \
		struct tls_call call;                                                              \
		gnutls_call_begin(&call, known);                                                   \
		session = gnutls_session_now(known);                                               \
		result answer = gnutls.name arguments;                                             \
		gnutls_call_end(&call, known);                                                     \
		return answer;                                                                     \
	}
GNUTLS_FORWARDED(X)
#undef X

static void *give_up(void *session)
{
	struct gnutls_session *known = gnutls_session_find(session);
	if (!known)
		return session;
	gnutls_session_give_up(known);
	return gnutls_session_now(known);
}

#define X(result, name, parameters, arguments)                                                     \
	static result on_##name parameters                                                         \
	{                                                                                          \
		session = give_up(session);                                                        \
		return gnutls.name arguments;                                                      \
	}
GNUTLS_GIVING_UP(X)
#undef X

#define X(result, name, parameters, ...) result on_##name parameters;
GNUTLS_RECORDED(X)
#undef X

#define X(result, name, ...)                                                                       \
	case HOOKED_##name:                                                                        \
		return (void *)on_##name;

void *gnutls_entry(enum gnutls_hooked call)
{
	switch (call) {
		GNUTLS_HOOKED(X)
	default:
		return NULL;
	}
}
