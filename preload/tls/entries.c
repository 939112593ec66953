/* SPDX-License-Identifier: MIT */
/*
 * What the slots of the program lead to: for each library functions of its own, which know by that
 * whose call they are.
 */
#include <limits.h>

#include "exchange.h"
#include "../conn/secured.h"
#include "quick.h"
#include "seats.h"
#include "shake.h"

enum {
	WANT_READ = 2, /* SSL_ERROR_* */
	ZERO_RETURN = 6,
	CONTROL_GET_SSL = 110,	/* BIO_C_GET_SSL */
	FLAGS_RETRY = 0x0f,	/* BIO_FLAGS_RWS, _SHOULD_RETRY */
	FLAGS_WANT_READ = 0x09, /* BIO_FLAGS_READ, _SHOULD_RETRY */
};

#define APART __attribute__((noinline))

/*
 * Can a call to this SSL, which has no session, not become one's while it lasts? What has shaken
 * hands says no hello by which it could be found: most are a server's.
 */
static inline bool is_nobodys(struct tls_library *library, const void *ssl)
{
	return !__atomic_load_n(&conn_secured_alone, __ATOMIC_RELAXED) &&
	       library->SSL_is_init_finished(ssl);
}

/* Of an SSL that has no session, or not where it is looked for first. */
static APART int read_int(struct tls_library *library, void *ssl, void *buf, int len,
			  const struct tls_seat *near)
{
	struct tls_session *session = tls_session_further(library, ssl, near);
	if (session)
		return tls_quick_read(session, buf, len);
	if (is_nobodys(library, ssl) || len < 0)
		return library->SSL_read(ssl, buf, len);
	return tls_exchange(library, HOOKED_SSL_read, ssl, NULL, buf, (size_t)len, NULL);
}

static APART int read_size(struct tls_library *library, void *ssl, void *buf, size_t len,
			   size_t *done, const struct tls_seat *near)
{
	struct tls_session *session = tls_session_further(library, ssl, near);
	if (session)
		return tls_quick_read_ex(session, buf, len, done);
	if (is_nobodys(library, ssl))
		return library->SSL_read_ex(ssl, buf, len, done);
	return tls_exchange(library, HOOKED_SSL_read_ex, ssl, NULL, buf, len, done);
}

static APART int write_int(struct tls_library *library, void *ssl, void *buf, int len,
			   const struct tls_seat *near)
{
	struct tls_session *session = tls_session_further(library, ssl, near);
	if (session)
		return tls_quick_write(session, buf, len);
	if (is_nobodys(library, ssl) || len < 0)
		return library->SSL_write(ssl, buf, len);
	return tls_exchange(library, HOOKED_SSL_write, ssl, NULL, buf, (size_t)len, NULL);
}

static APART int write_size(struct tls_library *library, void *ssl, void *buf, size_t len,
			    size_t *done, const struct tls_seat *near)
{
	struct tls_session *session = tls_session_further(library, ssl, near);
	if (session)
		return tls_quick_write_ex(session, buf, len, done);
	if (is_nobodys(library, ssl))
		return library->SSL_write_ex(ssl, buf, len, done);
	return tls_exchange(library, HOOKED_SSL_write_ex, ssl, NULL, buf, len, done);
}

static int peek_int(struct tls_library *library, void *ssl, void *buf, int len)
{
	struct tls_session *session = tls_session_of(library, ssl);
	if (len < 0 || (!session && is_nobodys(library, ssl)))
		return library->SSL_peek(ssl, buf, len);
	return tls_exchange(library, HOOKED_SSL_peek, ssl, session, buf, (size_t)len, NULL);
}

static int peek_size(struct tls_library *library, void *ssl, void *buf, size_t len, size_t *done)
{
	struct tls_session *session = tls_session_of(library, ssl);
	if (!session && is_nobodys(library, ssl))
		return library->SSL_peek_ex(ssl, buf, len, done);
	return tls_exchange(library, HOOKED_SSL_peek_ex, ssl, session, buf, len, done);
}

/* As the filter itself would say it, where it has not been asked. */
static void tell_filter(struct tls_library *library, struct tls_exchange *exchange, int result)
{
	const struct tls_session *session = exchange->call.session;
	bool pending = session && session->pending;
	if (pending || result > 0 || (session && session->closed))
		library->BIO_clear_flags(exchange->bio, FLAGS_RETRY);
	if (pending)
		library->BIO_set_flags(exchange->bio, FLAGS_WANT_READ);
}

static int exchange_filter(struct tls_library *library, enum tls_hooked kind, void *bio, char *buf,
			   size_t len, size_t *done)
{
	const bool reads = kind == TLS_FILTER_READ;
	void *ssl = NULL;
	library->BIO_ctrl(bio, CONTROL_GET_SSL, 0, &ssl);
	if (!ssl)
		return (reads ? library->filter_read : library->filter_write)(bio, buf, len, done);
	struct tls_session *session = tls_session_of(library, ssl);
	struct tls_exchange exchange = {.kind = kind, .buf = buf, .len = len, .bio = bio};
	int result = tls_run(&exchange, library, ssl, session, reads ? tls_read : tls_write);
	tell_filter(library, &exchange, result);
	*done = exchange.done;
	return result;
}

/* Of a handshake its session may be found. */
static int shake(struct tls_library *library, void *ssl, int shakes(void *))
{
	struct tls_exchange exchange = {.kind = HOOKED_SSL_do_handshake};
	if (!tls_begin(&exchange, library, ssl, tls_session_of(library, ssl)))
		return -1;
	exchange.call.shakes = tls_call_is_outermost(&exchange.call);
	int result = exchange.call.shakes ? tls_shake(&exchange, shakes) : shakes(ssl);
	tls_end(&exchange);
	return result;
}

static int error_of(struct tls_library *library, const void *ssl, int result)
{
	const struct tls_session *session = tls_session_of(library, ssl);
	if (session && session->pending && result <= 0)
		return WANT_READ;
	if (session && session->closed && result == 0)
		return ZERO_RETURN;
	return library->SSL_get_error(ssl, result);
}

/* What is not as the program knows it cannot say goodbye: as bare, but for the bytes of that. */
static int shut_down(struct tls_library *library, void *ssl)
{
	struct tls_session *session = tls_session_of(library, ssl);
	if (!session || !(session->memory || session->cleared) ||
	    !(session->over || tls_session_is_busy(session)))
		return library->SSL_shutdown(ssl);
	session->pending = session->shut;
	if (session->closed && session->over)
		return 1;
	int result = session->shut ? -1 : 0;
	session->shut = true;
	return result;
}

/* Bytes that are held back for the program are there for it, as those in the library are. */
static int pending_of(struct tls_library *library, const void *ssl, int in_library, bool counts)
{
	struct tls_session *session = tls_session_of(library, ssl);
	int held = session ? tls_held_pending(session) : 0;
	return counts ? in_library + held : in_library || held;
}

/* By the first look, else: where nothing is to be done, nothing but what that takes is done. */
#define CALL(quick, otherwise, n, ...)                                                             \
	const struct tls_seat *seat = tls_seat_near(ssl);                                          \
	if (__builtin_expect(tls_seat_is_of(seat, ssl), 1))                                        \
		return quick(seat->session, __VA_ARGS__);                                          \
	return otherwise(&tls_libraries[n], ssl, __VA_ARGS__, seat)

#define ENTRIES(n)                                                                                 \
	static int read_##n(void *ssl, void *buf, int len)                                         \
	{                                                                                          \
		CALL(tls_quick_read, read_int, n, buf, len);                                       \
	}                                                                                          \
	static int read_ex_##n(void *ssl, void *buf, size_t len, size_t *done)                     \
	{                                                                                          \
		CALL(tls_quick_read_ex, read_size, n, buf, len, done);                             \
	}                                                                                          \
	static int peek_##n(void *ssl, void *buf, int len)                                         \
	{                                                                                          \
		return peek_int(&tls_libraries[n], ssl, buf, len);                                 \
	}                                                                                          \
	static int peek_ex_##n(void *ssl, void *buf, size_t len, size_t *done)                     \
	{                                                                                          \
		return peek_size(&tls_libraries[n], ssl, buf, len, done);                          \
	}                                                                                          \
	static int write_##n(void *ssl, const void *buf, int len)                                  \
	{                                                                                          \
		CALL(tls_quick_write, write_int, n, (void *)buf, len);                             \
	}                                                                                          \
	static int write_ex_##n(void *ssl, const void *buf, size_t len, size_t *done)              \
	{                                                                                          \
		CALL(tls_quick_write_ex, write_size, n, (void *)buf, len, done);                   \
	}                                                                                          \
	static int filter_read_##n(void *bio, char *buf, size_t len, size_t *done)                 \
	{                                                                                          \
		return exchange_filter(&tls_libraries[n], TLS_FILTER_READ, bio, buf, len, done);   \
	}                                                                                          \
	static int filter_write_##n(void *bio, char *buf, size_t len, size_t *done)                \
	{                                                                                          \
		return exchange_filter(&tls_libraries[n], TLS_FILTER_WRITE, bio, buf, len, done);  \
	}                                                                                          \
	static int handshake_##n(void *ssl)                                                        \
	{                                                                                          \
		return shake(&tls_libraries[n], ssl, tls_libraries[n].SSL_do_handshake);           \
	}                                                                                          \
	static int connect_##n(void *ssl)                                                          \
	{                                                                                          \
		return shake(&tls_libraries[n], ssl, tls_libraries[n].SSL_connect);                \
	}                                                                                          \
	static int shut_down_##n(void *ssl)                                                        \
	{                                                                                          \
		return shut_down(&tls_libraries[n], ssl);                                          \
	}                                                                                          \
	static int error_##n(const void *ssl, int result)                                          \
	{                                                                                          \
		return error_of(&tls_libraries[n], ssl, result);                                   \
	}                                                                                          \
	static int pending_##n(const void *ssl)                                                    \
	{                                                                                          \
		return pending_of(&tls_libraries[n], ssl, tls_libraries[n].SSL_pending(ssl),       \
				  true);                                                           \
	}                                                                                          \
	static int has_pending_##n(const void *ssl)                                                \
	{                                                                                          \
		return pending_of(&tls_libraries[n], ssl, tls_libraries[n].SSL_has_pending(ssl),   \
				  false);                                                          \
	}

ENTRIES(0)
ENTRIES(1)
ENTRIES(2)
ENTRIES(3)

/* n is what none of them is but the last. */
#define CHOOSE(n, name) (n == 0 ? name##_0 : n == 1 ? name##_1 : n == 2 ? name##_2 : name##_3)
#define CASE(call, name)                                                                           \
	case HOOKED_##call:                                                                        \
		return (void *)CHOOSE(n, name)

void *tls_entry(int n, enum tls_hooked call)
{
	switch (call) {
		CASE(SSL_read, read);
		CASE(SSL_read_ex, read_ex);
		CASE(SSL_peek, peek);
		CASE(SSL_peek_ex, peek_ex);
		CASE(SSL_write, write);
		CASE(SSL_write_ex, write_ex);
		CASE(SSL_do_handshake, handshake);
		CASE(SSL_connect, connect);
		CASE(SSL_shutdown, shut_down);
		CASE(SSL_get_error, error);
		CASE(SSL_pending, pending);
		CASE(SSL_has_pending, has_pending);
	default:
		return NULL;
	}
}

tls_filter *tls_filter_entry(int n, bool reads)
{
	return reads ? CHOOSE(n, filter_read) : CHOOSE(n, filter_write);
}
