/* SPDX-License-Identifier: MIT */
/* What session.c asks of OpenSSL. */
#include "../conn/greeting.h"
#include "../conn/secured.h"
#include "../os/mem.h"
#include "exchange.h"
#include "memory.h"
#include "seats.h"
#include "secure.h"

enum {
	FLAGS_WANT_READ = 0x09, /* BIO_FLAGS_READ, BIO_FLAGS_SHOULD_RETRY */
	SHUTDOWN_RECEIVED = 2,	/* SSL_RECEIVED_SHUTDOWN */
	WANT_READ = 2,		/* SSL_ERROR_* */
	WANT_WRITE = 3,
};

void tls_call_begin(struct tls_call *call, struct tls_library *library, void *ssl,
		    struct tls_session *session)
{
	call->ops = &tls_openssl;
	call->library = library;
	call->ssl = ssl;
	call->session = session;
	call->unread = 0;
	tls_call_enter(call);
	if (!call->session && tls_memory_any_waits())
		tls_memory_meet(call);
}

static bool client_random(const struct tls_call *call, uint8_t *random)
{
	return call->library->SSL_get_client_random(call->ssl, random, CONN_RANDOM_LEN) ==
	       CONN_RANDOM_LEN;
}

/*
 * Do library and socket agree on all that was said? What was said to a proxy before the hello has
 * mostly gone by calls of the program's own, and not by the session's BIO. What is unread lies in
 * memory.
 */
static bool begins_even(struct tls_session *session, const struct conn *conn, uint64_t unread)
{
	const struct greeting *greeting = conn_greeting(conn);
	session->read_base = -conn_said_by_proxy(conn) - unread;
	if (!greeting || tls_session_is_even(session, conn))
		return tls_session_is_even(session, conn);
	session->read_base = -unread;
	session->written_base = greeting->len;
	return tls_session_is_even(session, conn);
}

/* Not where bytes were sent before the server was known. */
static struct tls_session *bind_session(struct tls_call *call, struct conn *conn)
{
	struct tls_library *library = call->library;
	if (library->SSL_get_early_data_status(call->ssl) != 0)
		return NULL;
	struct tls_session *session = library->CRYPTO_zalloc(sizeof(*session), "", 0);
	if (!session)
		return NULL;
	session->ops = &tls_openssl;
	session->library = library;
	session->ssl = call->ssl;
	handle_find(&session->handle, conn, conn->fd);
	if (!begins_even(session, conn, call->unread) ||
	    !library->SSL_set_ex_data(call->ssl, library->index, session)) {
		library->CRYPTO_free(session, "", 0);
		return NULL;
	}
	tls_seat_take(call->ssl, session);
	session->read_base += call->unread;
	conn->secured->carrier = &tls_carrier;
	return session;
}

void tls_session_rebase(struct tls_session *session, const struct conn *conn)
{
	struct tls_library *library = session->library;
	session->read_base =
	    library->BIO_number_read(library->SSL_get_rbio(session->ssl)) - conn->received;
	session->written_base =
	    library->BIO_number_written(library->SSL_get_wbio(session->ssl)) - conn->secured->sent;
}

static bool is_even(const struct tls_session *session, const struct conn *conn)
{
	struct tls_library *library = session->library;
	void *rbio = library->SSL_get_rbio(session->ssl);
	void *wbio = library->SSL_get_wbio(session->ssl);
	const uint64_t sent = conn->secured->sent + session->refused;
	return rbio && wbio &&
	       library->BIO_number_read(rbio) - conn->received == session->read_base &&
	       library->BIO_number_written(wbio) - sent == session->written_base;
}

static bool is_closed(const struct tls_session *session, int result)
{
	(void)result;
	return session->library->SSL_get_shutdown(session->ssl) & SHUTDOWN_RECEIVED;
}

/* Its BIO says it as well: SSL_get_error and SSL_want go by that. */
static void put_off(struct tls_session *session)
{
	struct tls_library *library = session->library;
	void *rbio = library->SSL_get_rbio(session->ssl);
	if (rbio)
		library->BIO_set_flags(rbio, FLAGS_WANT_READ);
}

static void close_session(struct tls_session *session)
{
	session->library->SSL_set_shutdown(session->ssl, SHUTDOWN_RECEIVED);
}

int tls_session_dup(void *to, const void *from, void *at, int index, long number, void *pointer)
{
	(void)to, (void)from, (void)index, (void)number, (void)pointer;
	*(void **)at = NULL;
	return 1;
}

void tls_session_freed(void *ssl, void *data, void *all, int index, long number, void *pointer)
{
	struct tls_session *session = data;
	struct tls_library *library = pointer;
	(void)all, (void)index, (void)number;
	tls_forget_calls(ssl, session);
	if (!session)
		return;
	tls_seat_leave(session->ssl);
	tls_session_give_up(session);
	tls_secure_drop(session);
	library->CRYPTO_free(session->wide, "", 0);
	library->CRYPTO_free(session, "", 0);
}

/* If a rescue begins because of what it finds, its error queue is not to tell of that. */
static int read_on(const struct tls_exchange *exchange, char *bytes, size_t len, size_t *done)
{
	struct tls_library *library = exchange->call.library;
	struct tls_session *session = exchange->call.session;
	library->ERR_set_mark();
	int result = library->SSL_read_ex(exchange->call.ssl, bytes, len, done);
	session->marked = result <= 0 && !session->ops->wants(session, result);
	return result;
}

static size_t look(const struct tls_exchange *exchange, char *bytes, size_t len)
{
	const struct tls_library *library = exchange->call.library;
	size_t shown = 0;
	bool any = library->SSL_pending(exchange->call.ssl) > 0;
	return any && library->SSL_peek_ex(exchange->call.ssl, bytes, len, &shown) > 0 ? shown : 0;
}

static bool wants(const struct tls_session *session, int result)
{
	int error = session->library->SSL_get_error(session->ssl, result);
	return error == WANT_READ || error == WANT_WRITE;
}

static char *take(const struct tls_session *session, size_t len)
{
	return session->library->CRYPTO_zalloc(len, "", 0);
}

static void give(const struct tls_session *session, char *memory)
{
	session->library->CRYPTO_free(memory, "", 0);
}

const struct tls_ops tls_openssl = {
    .random = client_random,
    .bind = bind_session,
    .is_even = is_even,
    .make = tls_make_openssl,
    .is_closed = is_closed,
    .put_off = put_off,
    .undo = tls_secure_undo,
    .close = close_session,
    .read = read_on,
    .look = look,
    .wants = wants,
    .spend = tls_secure_spend,
    .reset = tls_secure_reset,
    .take = take,
    .give = give,
};
