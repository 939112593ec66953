/* SPDX-License-Identifier: MIT */
#include "gnutls_secure.h"

#include <errno.h>

#include "../conn/secured.h"
#include "../os/sys.h"
#include "gnutls_pin.h"
#include "gnutls_transport.h"

enum {
	PIECE = 16384,	 /* of what is sent in one record */
	ROUNDS_MAX = 16, /* of a server that says nothing but warnings */
};

/* GNUTLS_E_* */
enum {
	AGAIN = -28,
	INTERRUPTED = -52,
	WARNING = -16,	  /* _WARNING_ALERT_RECEIVED */
	UNVERIFIED = -348 /* _CERTIFICATE_VERIFICATION_ERROR */
};

/* Of gnutls_init: nothing is to be sent before the handshake is over. */
enum { FLAGS_HASTY = 1 << 8 | 1 << 20 }; /* GNUTLS_ENABLE_FALSE_START, _EARLY_DATA */

enum { TLS_1_2 = 4, TLS_1_3 = 5 }; /* gnutls_protocol_t */

void gnutls_secure_drop(struct gnutls_session *session)
{
	void *next = session->next;
	session->next = NULL;
	if (next)
		gnutls.gnutls_deinit(next);
	if (session->out)
		(*gnutls.free)(session->out);
	session->out = NULL;
	session->out_at = session->out_len = session->written = 0;
	session->flushed = 0;
	session->secured = session->stays = false;
}

void gnutls_secure_undo(struct tls_session *session)
{
	gnutls_secure_drop((struct gnutls_session *)session);
}

void gnutls_secure_spend(struct tls_session *session)
{
	session->spent |= session->cookie != session->handle.conn->cookie;
	gnutls_secure_undo(session);
}

/* The program's own session finds the end that there was at first. */
void gnutls_secure_reset(struct tls_session *session)
{
	gnutls_session_replace((struct gnutls_session *)session, NULL);
}

/* For an attempt, the first one or a further one. */
static enum reason begin(struct gnutls_session *session)
{
	gnutls_secure_drop(session);
	if (!gnutls_pin_is_there(session))
		return REASON_TLS_CERTIFICATE;
	session->out = (*gnutls.allocate)(GNUTLS_OUT_ROOM);
	if (!session->out || gnutls.gnutls_init(&session->next, session->settings.flags &
								    ~(unsigned)FLAGS_HASTY) < 0) {
		session->next = NULL;
		return REASON_RESOURCES;
	}
	gnutls.gnutls_transport_set_pull_function(session->next, gnutls_pull_ours);
	gnutls.gnutls_transport_set_push_function(session->next, gnutls_push_ours);
	gnutls.gnutls_transport_set_pull_timeout_function(session->next, gnutls_wait_not);
	gnutls.gnutls_handshake_set_timeout(session->next, 0);
	session->speaks = session->next;
	session->verified = session->refused = session->lost = false;
	session->received = 0;
	return gnutls_apply(&session->settings, session->next) ? REASON_NONE : REASON_TLS_SESSION;
}

/* The handshake has come to an end that is none. */
static enum wire_secured give_up(struct gnutls_session *session, int error)
{
	if (session->refused)
		return WIRE_REFUSED;
	if (session->lost)
		return WIRE_LOST;
	session->reason = error == UNVERIFIED ? REASON_TLS_VERIFY : REASON_TLS_SESSION;
	if (gnutls_pin_certificate(session) < 0)
		session->reason = REASON_TLS_CERTIFICATE;
	return WIRE_REFUSED;
}

static enum wire_secured shake_hands(struct gnutls_session *session)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		session->full = false;
		int result = gnutls.gnutls_handshake(session->next);
		if (result == 0) {
			session->reason = gnutls_pin_rest(session);
			session->secured = session->reason == REASON_NONE;
			return session->reason == REASON_NONE ? WIRE_SECURED : WIRE_REFUSED;
		}
		if (result == AGAIN)
			return session->full ? WIRE_FULL : WIRE_UNDER_WAY;
		if (result != INTERRUPTED && result != WARNING)
			return give_up(session, result);
	}
	return give_up(session, 0);
}

static enum wire_secured secure(struct conn *conn, int fresh, bool first)
{
	struct gnutls_session *session = gnutls_session_of(conn);
	if (!tls_session_is_here(conn))
		return WIRE_ELSEWHERE;
	int kept = get_errno();
	session->fresh = fresh;
	session->reason = first ? begin(session) : REASON_NONE;
	enum wire_secured secured =
	    session->reason == REASON_NONE ? shake_hands(session) : WIRE_REFUSED;
	set_errno(kept);
	return secured;
}

static enum reason reason(const struct conn *conn)
{
	return gnutls_session_of(conn)->reason;
}

/* Returns 0 once all is out, or a negative errno. */
static int send_all(struct gnutls_session *session, const char *bytes, size_t len)
{
	for (;;) {
		/* The last flight of the handshake waits for the first record. */
		int error = session->written ? gnutls_flush(session) : 0;
		if (error || session->written == len)
			return error;
		size_t left = len - session->written;
		long taken = gnutls.gnutls_record_send(session->speaks, bytes + session->written,
						       left < PIECE ? left : PIECE);
		if (taken <= 0)
			return taken == AGAIN || taken == INTERRUPTED ? -EAGAIN : -ECONNRESET;
		session->written += (size_t)taken;
	}
}

/* On the program's own socket, whose session goes on: nothing came of a fresh one. */
static int send_stayed(struct gnutls_session *session, int socket, const char *bytes, size_t len)
{
	void *now = gnutls_session_now(session);
	if (!session->stays) {
		gnutls_secure_drop(session);
		session->out = (*gnutls.allocate)(GNUTLS_OUT_ROOM);
		session->stays = session->verified = true;
	}
	if (!session->out)
		return -ENOMEM;
	session->speaks = now;
	session->fresh = socket;
	gnutls.gnutls_transport_set_push_function(now, gnutls_push_ours);
	int error = send_all(session, bytes, len);
	gnutls_apply_transport(&session->settings, now);
	return error;
}

static long send_on(struct conn *conn, int to, const char *bytes, size_t len)
{
	struct gnutls_session *session = gnutls_session_of(conn);
	bool stays = session->stays || !session->secured || to != session->fresh;
	if (!tls_session_is_here(conn))
		return -EAGAIN;
	int kept = get_errno();
	int error = stays ? send_stayed(session, to, bytes, len) : send_all(session, bytes, len);
	if (error != -EAGAIN)
		session->written = 0;
	if (stays && !error) {
		conn->secured->sent += session->flushed;
		gnutls_secure_drop(session);
	}
	set_errno(kept);
	return error ? error : (long)len;
}

static void installed(struct conn *conn)
{
	struct gnutls_session *session = gnutls_session_of(conn);
	void *shadow = session->next;
	session->next = NULL;
	gnutls_secure_drop(session);
	gnutls_apply_transport(&session->settings, shadow);
	gnutls_session_replace(session, shadow);
	conn_secured_renewed(conn, session->received);
	session->outside = session->session.half = session->session.spent = false;
	session->session.cookie = conn->cookie;
}

static enum reason may_replace(const struct conn *conn)
{
	const struct gnutls_session *session = gnutls_session_of(conn);
	if (session && session->session.spent)
		return session->settings.unknown ? REASON_TLS_SESSION : REASON_NONE;
	if (!session || session->session.half || session->outside || conn_has_part(conn->secured))
		return REASON_TLS_IN_FLIGHT;
	uintptr_t writer = __atomic_load_n(&session->writer, __ATOMIC_RELAXED);
	void *now = gnutls_session_now(session);
	if ((writer && writer != sys_self()) || gnutls.gnutls_record_check_pending(now))
		return REASON_TLS_IN_FLIGHT;
	/* A shadow that was replaced is to be freed first. */
	if (!session->shaken || session->settings.unknown || session->retired ||
	    (gnutls.is_ktls_enabled && gnutls.is_ktls_enabled(now)))
		return REASON_TLS_SESSION;
	return REASON_NONE;
}

static const char *version(const struct conn *conn)
{
	const struct gnutls_session *session = gnutls_session_of(conn);
	int number = session ? gnutls.gnutls_protocol_get_version(gnutls_session_now(session)) : 0;
	return number == TLS_1_3 ? "1.3" : number == TLS_1_2 ? "1.2" : number ? "1.0" : "";
}

static void tell_nothing(const struct conn *conn)
{
	(void)conn;
}

const struct wire_carrier gnutls_carrier = {
    .is_here = tls_session_is_here,
    .tells = tell_nothing,
    .may_replace = may_replace,
    .secure = secure,
    .reason = reason,
    .send = send_on,
    .installed = installed,
    .version = version,
};
