/* SPDX-License-Identifier: MIT */
#include "gnutls_transport.h"

#include <errno.h>

#include "../os/mem.h"
#include "../os/sys.h"
#include "../wire/socket.h"
#include "flight.h"
#include "gnutls_pin.h"

enum { CHANGE_LEN = 6 }; /* a change_cipher_spec, RFC 8446 appendix D.4 */

/* Whose next session it is that calls: what it is given as its transport is the program's. */
static struct gnutls_session *caller(void)
{
	const struct tls_call *call = tls_call_here();
	return call ? (struct gnutls_session *)call->session : NULL;
}

/* Sends what the session has made. Returns 0, or a negative errno. */
int gnutls_flush(struct gnutls_session *session)
{
	while (session->out_at < session->out_len) {
		long taken = wire_send(session->fresh, session->out + session->out_at,
				       session->out_len - session->out_at);
		if (taken < 0)
			return wire_took_nothing(taken) ? -EAGAIN : (int)taken;
		session->out_at += (size_t)taken;
		session->flushed += (uint64_t)taken;
	}
	session->out_at = session->out_len = 0;
	return 0;
}

static long fail(struct gnutls_session *session, int error)
{
	session->full |= error == EAGAIN;
	session->lost |= error != EAGAIN;
	gnutls.gnutls_transport_set_errno(session->speaks, error);
	set_errno(error);
	return -1;
}

/* Is it known by now who is there? If it is another one, or on other terms, nothing is sent. */
static bool may_send(struct gnutls_session *session, const void *bytes, size_t len)
{
	if (session->verified)
		return true;
	int same = gnutls_pin_certificate(session);
	if (same > 0)
		session->reason = gnutls_pin_terms(session);
	session->verified = same > 0 && session->reason == REASON_NONE;
	if (same < 0)
		session->reason = REASON_TLS_CERTIFICATE;
	session->refused = !session->verified && (same || !tls_is_greeting(bytes, len));
	return !session->refused;
}

/*
 * It goes out when the session reads, or with the request: the last flight by itself would have
 * Nagle keep the request back.
 */
long gnutls_push_ours(void *pointer, const void *bytes, size_t len)
{
	struct gnutls_session *session = caller();
	(void)pointer;
	if (!session || !session->speaks) {
		set_errno(EPIPE);
		return -1;
	}
	if (!may_send(session, bytes, len))
		return fail(session, EPIPE);
	if (len > GNUTLS_OUT_ROOM - session->out_len && gnutls_flush(session))
		return fail(session, EAGAIN);
	if (len > GNUTLS_OUT_ROOM - session->out_len)
		return fail(session, EPIPE);
	memcpy(session->out + session->out_len, bytes, len);
	session->out_len += len;
	return (long)len;
}

long gnutls_pull_ours(void *pointer, void *buf, size_t len)
{
	struct gnutls_session *session = caller();
	(void)pointer;
	if (!session || !session->speaks) {
		set_errno(EPIPE);
		return -1;
	}
	/* What stands before the last flight, and asks for nothing, waits for that. */
	int error = session->out_len > CHANGE_LEN ? gnutls_flush(session) : 0;
	if (error)
		return fail(session, -error);
	long got = wire_receive(session->fresh, buf, len);
	if (got > 0) {
		session->received += (uint64_t)got;
		return got;
	}
	if (got == -EAGAIN || got == -EINTR) {
		gnutls.gnutls_transport_set_errno(session->speaks, EAGAIN);
		set_errno(EAGAIN);
		return -1;
	}
	session->lost = true;
	return got ? fail(session, (int)-got) : 0;
}

/* Whether there is anything to read, the next pull tells. */
int gnutls_wait_not(void *pointer, unsigned ms)
{
	(void)pointer, (void)ms;
	return 1;
}
