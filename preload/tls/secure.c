/* SPDX-License-Identifier: MIT */
#include "secure.h"

#include <errno.h>

#include "../conn/secured.h"
#include "../os/sys.h"
#include "../rescue/machine.h"
#include "bios.h"
#include "hush.h"
#include "memory.h"
#include "pin.h"
#include "spoil.h"

enum {
	ERROR_NONE = 1,	     /* SSL_do_handshake: it is done */
	WANT_READ = 2,	     /* SSL_ERROR_WANT_READ */
	RECEIVED = 2,	     /* SSL_RECEIVED_SHUTDOWN */
	FLAGS_RETRY = 0x0f,  /* BIO_FLAGS_RWS, _SHOULD_RETRY */
	FLAG_AT_END = 0x800, /* BIO_FLAGS_IN_EOF, 3.0 */
};

static struct tls_session *session_of(const struct conn *conn)
{
	return conn->secured->session;
}

/* The session is as one that has not begun; what the program had of it stays with it. */
static void clear(struct tls_session *session)
{
	struct tls_library *library = session->library;
	library->SSL_clear(session->ssl);
	library->SSL_set_session(session->ssl, NULL);
	library->SSL_set_connect_state(session->ssl);
}

bool tls_secure_keep(struct tls_session *session)
{
	/* The program's own handshake has no server yet. */
	bool pinned =
	    session->shakes || session->cleared || (session->spent && session->pin.certificate);
	if (!pinned && !tls_pin_take(session))
		return false;
	if (!pinned) {
		if (session->old_session)
			session->library->SSL_SESSION_free(session->old_session);
		session->old_session = session->library->SSL_get1_session(session->ssl);
	}
	if (!session->cleared && !session->shakes)
		tls_hush(session);
	session->cleared = true;
	return true;
}

/* For an attempt, the first one or a further one. */
static enum reason begin(struct tls_session *session)
{
	if (!tls_bios_make(session))
		return REASON_RESOURCES;
	if (!tls_secure_keep(session))
		return REASON_TLS_CERTIFICATE;
	clear(session);
	session->verified = session->greeted = session->worse = false;
	session->received = 0;
	session->body_left = 0;
	session->head_len = 0;
	return REASON_NONE;
}

/* One round: what the library says to what has come, and that on its way. */
static enum wire_secured go_on(struct tls_session *session, int fresh)
{
	struct tls_library *library = session->library;
	tls_here.judged = session;
	int result = library->SSL_do_handshake(session->ssl);
	tls_here.judged = NULL;
	if (!session->verified && session->received) {
		int same = tls_pin_certificate(session);
		session->verified = same > 0;
		session->reason = REASON_TLS_CERTIFICATE;
		if (same < 0)
			return WIRE_REFUSED;
	}
	if (result == ERROR_NONE) {
		session->reason = tls_pin_rest(session);
		/* What it has said last goes out with the request: Nagle would keep that back. */
		return session->reason == REASON_NONE ? WIRE_SECURED : WIRE_REFUSED;
	}
	int error = tls_bios_flush(session, fresh);
	session->reason = REASON_TLS_CERTIFICATE;
	if (error == -EACCES)
		return WIRE_REFUSED;
	if (error < 0)
		return error == -EAGAIN ? WIRE_FULL : WIRE_LOST;
	/* A handshake that wants nothing has failed: an alert, or what the library would not have.
	 */
	bool wants = session->head_len || library->SSL_get_error(session->ssl, result) == WANT_READ;
	session->reason = REASON_TLS_SESSION;
	return wants ? WIRE_UNDER_WAY : WIRE_REFUSED;
}

static enum wire_secured shake_hands(struct tls_session *session, int fresh)
{
	for (;;) {
		enum wire_secured secured = go_on(session, fresh);
		if (secured != WIRE_UNDER_WAY)
			return secured;
		long got;
		do
			got = tls_bios_feed(session, fresh);
		while (got > 0 && session->head_len);
		if (got == -EAGAIN || got == -EINTR)
			return WIRE_UNDER_WAY;
		if (got <= 0)
			return WIRE_LOST;
	}
}

/* Says the ClientHello of the program's own handshake, and no more. */
static enum wire_secured say_hello(struct tls_session *session, int fresh)
{
	session->library->SSL_do_handshake(session->ssl);
	session->reason = REASON_TLS_SESSION;
	int error = tls_bios_flush(session, fresh);
	if (!error)
		return WIRE_SECURED;
	return error == -EACCES ? WIRE_REFUSED : error == -EAGAIN ? WIRE_FULL : WIRE_LOST;
}

static enum wire_secured secure(struct conn *conn, int fresh, bool first)
{
	struct tls_session *session = session_of(conn);
	if (!tls_session_is_here(conn))
		return WIRE_ELSEWHERE;
	struct tls_library *library = session->library;
	int kept = get_errno();
	library->ERR_set_mark();
	session->reason = first ? begin(session) : REASON_NONE;
	enum wire_secured secured = WIRE_REFUSED;
	if (session->reason == REASON_NONE) {
		tls_bios_put(session);
		secured = session->shakes ? say_hello(session, fresh) : shake_hands(session, fresh);
		tls_bios_take_out(session);
	}
	library->ERR_pop_to_mark();
	set_errno(kept);
	return secured;
}

static enum reason reason(const struct conn *conn)
{
	return session_of(conn)->reason;
}

static bool write_all(struct tls_session *session, const char *bytes, size_t len)
{
	while (len) {
		size_t done = 0;
		if (session->library->SSL_write_ex(session->ssl, bytes, len, &done) <= 0 || !done)
			return false;
		bytes += done;
		len -= done;
	}
	return true;
}

/* The requests are out on the program's own socket, whose session goes on. */
static void stayed(struct tls_session *session, struct conn *conn)
{
	conn->secured->sent += session->flushed;
	tls_session_rebase(session, conn);
	tls_bios_drop(session);
}

static long send_on(struct conn *conn, int fresh, const char *bytes, size_t len)
{
	struct tls_session *session = session_of(conn);
	const bool stays = !session->cleared;
	if (!tls_session_is_here(conn))
		return -EAGAIN;
	if (stays && !session->rbio && !tls_bios_make(session))
		return -ENOMEM;
	session->verified |= stays;
	int kept = get_errno(), error = -ECONNRESET;
	session->library->ERR_set_mark();
	tls_bios_put(session);
	if (session->written || write_all(session, bytes, len)) {
		session->written = true;
		error = tls_bios_flush(session, fresh);
		session->written = error == -EAGAIN;
	}
	tls_bios_take_out(session);
	if (stays && !error)
		stayed(session, conn);
	session->library->ERR_pop_to_mark();
	set_errno(kept);
	return error ? error : (long)len;
}

/* Of one record at most. */
static long hear_piece(struct tls_session *session, int fresh, char *bytes, size_t room, bool takes)
{
	struct tls_library *library = session->library;
	for (;;) {
		size_t done = 0;
		int result = takes ? library->SSL_read_ex(session->ssl, bytes, room, &done)
				   : library->SSL_peek_ex(session->ssl, bytes, room, &done);
		/* What it answers by itself, to an update of keys, is not to stay in our memory. */
		int error = takes ? 0 : tls_bios_flush(session, fresh);
		if (error || result > 0)
			return error ? error : (long)done;
		if (library->SSL_get_error(session->ssl, result) != WANT_READ)
			return library->SSL_get_shutdown(session->ssl) & RECEIVED ? 0 : -ECONNRESET;
		long got;
		do
			got = tls_bios_feed(session, fresh);
		while (got > 0 && session->head_len);
		if (got <= 0)
			return got;
	}
}

static long hear(struct conn *conn, int fresh, char *bytes, size_t room, bool takes)
{
	struct tls_session *session = session_of(conn);
	/* What lies in the library then, no event tells of: who has just read looks there. */
	bool is_told = !session->writes || !rescue_is_nonblocking(conn);
	if (!tls_session_is_here(conn) || !is_told)
		return -EAGAIN;
	int kept = get_errno();
	session->library->ERR_set_mark();
	tls_bios_put(session);
	long heard = hear_piece(session, fresh, bytes, room, takes);
	tls_bios_take_out(session);
	session->library->ERR_pop_to_mark();
	set_errno(kept);
	return heard;
}

static void installed(struct conn *conn)
{
	struct tls_session *session = session_of(conn);
	struct tls_library *library = session->library;
	library->BIO_clear_flags(library->SSL_get_rbio(session->ssl), FLAGS_RETRY | FLAG_AT_END);
	library->BIO_clear_flags(library->SSL_get_wbio(session->ssl), FLAGS_RETRY);
	if (!session->shakes)
		tls_unhush(session);
	session->shaken = session->shakes;
	session->shakes = false;
	if (session->memory)
		tls_memory_drain(session);
	conn_secured_renewed(conn, session->received);
	tls_session_rebase(session, conn);
	session->cleared = session->half = session->spent = session->closed = false;
	session->lost = false;
	session->cookie = conn->cookie;
	tls_bios_drop(session);
	tls_pin_drop(session);
}

/* What the library says of the end that it is told is none of the program's business. */
static void tells(const struct conn *conn)
{
	struct tls_session *session = session_of(conn);
	session->library->ERR_set_mark();
	session->marked = true;
}

const struct wire_carrier tls_carrier = {
    .is_here = tls_session_is_here,
    .tells = tells,
    .spoils = tls_spoil,
    .may_replace = tls_may_replace,
    .secure = secure,
    .reason = reason,
    .send = send_on,
    .hear = hear,
    .installed = installed,
    .version = tls_version,
    .moves = true,
};

void tls_secure_undo(struct tls_session *session)
{
	tls_bios_drop(session);
	if (!session->spent)
		tls_pin_drop(session);
	bool shook = session->shakes;
	session->shakes = false;
	if (!session->cleared)
		return;
	clear(session);
	if (!shook)
		tls_unhush(session);
	if (session->memory && !session->spent)
		tls_memory_end(session);
	session->lost = !shook;
	session->cleared = false;
}

void tls_secure_begin_anew(struct tls_session *session)
{
	if (session->kept_wbio)
		session->library->SSL_set0_wbio(session->ssl, session->kept_wbio);
	session->kept_wbio = NULL;
	session->over = session->shut = session->closed = session->pending = session->lost = false;
}

void tls_secure_spend(struct tls_session *session)
{
	bool is_of_another = session->cookie != session->handle.conn->cookie;
	if (is_of_another && !session->cleared && !session->spent) {
		tls_pin_take(session);
		tls_secure_reset(session);
	}
	session->spent |= session->cleared;
	tls_secure_undo(session);
}

void tls_secure_reset(struct tls_session *session)
{
	if (session->cleared)
		return;
	tls_hush(session);
	session->cleared = true; /* what is undone clears it */
}

void tls_secure_drop(struct tls_session *session)
{
	tls_bios_drop(session);
	tls_pin_drop(session);
	if (session->old_session)
		session->library->SSL_SESSION_free(session->old_session);
	session->old_session = NULL;
	if (session->kept_wbio)
		session->library->BIO_free(session->kept_wbio);
	session->kept_wbio = NULL;
}
