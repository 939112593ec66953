/* SPDX-License-Identifier: MIT */
/*
 * What the slots of the program lead to: for each library functions of its own, which know by that
 * whose call they are.
 */
#include <limits.h>

#include "exchange.h"
#include "../conn/secured.h"
#include "../os/sys.h"
#include "shake.h"

enum {
	WANT_READ = 2, /* SSL_ERROR_* */
	ZERO_RETURN = 6,
	CONTROL_GET_SSL = 110,	/* BIO_C_GET_SSL */
	FLAGS_RETRY = 0x0f,	/* BIO_FLAGS_RWS, _SHOULD_RETRY */
	FLAGS_WANT_READ = 0x09, /* BIO_FLAGS_READ, _SHOULD_RETRY */
};

/*
 * Can a call to this SSL, which has no session, not become one's while it lasts? What has shaken
 * hands says no hello by which it could be found: most are a server's.
 */
static inline bool is_nobodys(struct tls_library *library, const void *ssl)
{
	return !__atomic_load_n(&conn_secured_alone, __ATOMIC_RELAXED) &&
	       library->SSL_is_init_finished(ssl);
}

/* Is the call to be made as it is? Else its session, or NULL, is in *session. */
static inline bool passes(struct tls_library *library, const void *ssl,
			  struct tls_session **session)
{
	*session = library->SSL_get_ex_data(ssl, library->index);
	return !*session && is_nobodys(library, ssl);
}

/*
 * false: it is made by a callback amid a rescue's handshake, in which nothing is written or read.
 * The program is to come back later.
 */
static bool begin_of(struct tls_exchange *exchange, struct tls_library *library, void *ssl,
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
	if (tls_call_is_outermost(&exchange->call))
		session->user = session->thread = sys_self();
	return true;
}

static bool begin(struct tls_exchange *exchange, struct tls_library *library, void *ssl)
{
	return begin_of(exchange, library, ssl, library->SSL_get_ex_data(ssl, library->index));
}

static void end(struct tls_exchange *exchange)
{
	if (exchange->call.session && tls_call_is_outermost(&exchange->call))
		exchange->call.session->thread = 0;
	tls_call_end(&exchange->call);
}

/*
 * Within a callback of the library's nothing is begun. The call as it is; no more is known then,
 * but of a session whose calls touch no socket (Node writes its request in such a one).
 */
static int run(struct tls_exchange *exchange, struct tls_library *library, void *ssl,
	       struct tls_session *session, int exchanges(struct tls_exchange *))
{
	if (!begin_of(exchange, library, ssl, session))
		return tls_come_back(exchange);
	session = exchange->call.session;
	if (!tls_call_is_outermost(&exchange->call) && !(session && session->memory)) {
		if (session)
			tls_session_give_up(session);
		exchanges = tls_make;
	}
	int result = exchanges(exchange);
	end(exchange);
	return result;
}

/* All but the call, which begin_of fills: so large a struct is not cleared for each. */
static inline void fill(struct tls_exchange *exchange, enum tls_hooked kind, void *buf, size_t len)
{
	exchange->kind = kind;
	exchange->bio = NULL;
	exchange->buf = buf;
	exchange->len = len;
	exchange->done = 0;
	exchange->later = exchange->failed = false;
}

static __attribute__((noinline)) int exchange_int(struct tls_library *library, enum tls_hooked kind,
						  void *ssl, struct tls_session *session, void *buf,
						  int len)
{
	struct tls_exchange exchange;
	if (len < 0)
		return kind == HOOKED_SSL_write ? library->SSL_write(ssl, buf, len)
						: library->SSL_read(ssl, buf, len);
	fill(&exchange, kind, buf, (size_t)len);
	return run(&exchange, library, ssl, session,
		   kind == HOOKED_SSL_write ? tls_write : tls_read);
}

static __attribute__((noinline)) int exchange_size(struct tls_library *library,
						   enum tls_hooked kind, void *ssl,
						   struct tls_session *session, void *buf,
						   size_t len, size_t *done)
{
	struct tls_exchange exchange;
	fill(&exchange, kind, buf, len);
	int result = run(&exchange, library, ssl, session,
			 kind == HOOKED_SSL_write_ex ? tls_write : tls_read);
	*done = exchange.done;
	return result;
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
	struct tls_session *session = library->SSL_get_ex_data(ssl, library->index);
	struct tls_exchange exchange = {.kind = kind, .buf = buf, .len = len, .bio = bio};
	int result = run(&exchange, library, ssl, session, reads ? tls_read : tls_write);
	tell_filter(library, &exchange, result);
	*done = exchange.done;
	return result;
}

/* Of a handshake its session may be found. */
static int shake(struct tls_library *library, void *ssl, int shakes(void *))
{
	struct tls_exchange exchange = {.kind = HOOKED_SSL_do_handshake};
	if (!begin(&exchange, library, ssl))
		return -1;
	exchange.call.shakes = tls_call_is_outermost(&exchange.call);
	int result = exchange.call.shakes ? tls_shake(&exchange, shakes) : shakes(ssl);
	end(&exchange);
	return result;
}

static int error_of(struct tls_library *library, const void *ssl, int result)
{
	const struct tls_session *session = library->SSL_get_ex_data(ssl, library->index);
	if (session && session->pending && result <= 0)
		return WANT_READ;
	if (session && session->closed && result == 0)
		return ZERO_RETURN;
	return library->SSL_get_error(ssl, result);
}

/* What is not as the program knows it cannot say goodbye: as bare, but for the bytes of that. */
static int shut_down(struct tls_library *library, void *ssl)
{
	struct tls_session *session = library->SSL_get_ex_data(ssl, library->index);
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
	struct tls_session *session = library->SSL_get_ex_data(ssl, library->index);
	int held = session ? tls_held_pending(session) : 0;
	return counts ? in_library + held : in_library || held;
}

/* Where it passes, nothing but what that takes is done before the library's own call. */
#define EXCHANGE(n, name, exchange, ...)                                                           \
	struct tls_library *library = &tls_libraries[n];                                           \
	struct tls_session *session;                                                               \
	if (passes(library, ssl, &session))                                                        \
		return library->name(ssl, buf, __VA_ARGS__);                                       \
	return exchange(library, HOOKED_##name, ssl, session, (void *)buf, __VA_ARGS__)

#define ENTRIES(n)                                                                                 \
	static int read_##n(void *ssl, void *buf, int len)                                         \
	{                                                                                          \
		EXCHANGE(n, SSL_read, exchange_int, len);                                          \
	}                                                                                          \
	static int read_ex_##n(void *ssl, void *buf, size_t len, size_t *done)                     \
	{                                                                                          \
		EXCHANGE(n, SSL_read_ex, exchange_size, len, done);                                \
	}                                                                                          \
	static int peek_##n(void *ssl, void *buf, int len)                                         \
	{                                                                                          \
		EXCHANGE(n, SSL_peek, exchange_int, len);                                          \
	}                                                                                          \
	static int peek_ex_##n(void *ssl, void *buf, size_t len, size_t *done)                     \
	{                                                                                          \
		EXCHANGE(n, SSL_peek_ex, exchange_size, len, done);                                \
	}                                                                                          \
	static int write_##n(void *ssl, const void *buf, int len)                                  \
	{                                                                                          \
		EXCHANGE(n, SSL_write, exchange_int, len);                                         \
	}                                                                                          \
	static int write_ex_##n(void *ssl, const void *buf, size_t len, size_t *done)              \
	{                                                                                          \
		EXCHANGE(n, SSL_write_ex, exchange_size, len, done);                               \
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

#define ROW(n)                                                                                     \
	{                                                                                          \
		[HOOKED_SSL_read] = (void *)read_##n, [HOOKED_SSL_read_ex] = (void *)read_ex_##n,  \
		[HOOKED_SSL_peek] = (void *)peek_##n, [HOOKED_SSL_peek_ex] = (void *)peek_ex_##n,  \
		[HOOKED_SSL_write] = (void *)write_##n,                                            \
		[HOOKED_SSL_write_ex] = (void *)write_ex_##n,                                      \
		[HOOKED_SSL_do_handshake] = (void *)handshake_##n,                                 \
		[HOOKED_SSL_connect] = (void *)connect_##n,                                        \
		[HOOKED_SSL_shutdown] = (void *)shut_down_##n,                                     \
		[HOOKED_SSL_get_error] = (void *)error_##n,                                        \
		[HOOKED_SSL_pending] = (void *)pending_##n,                                        \
		[HOOKED_SSL_has_pending] = (void *)has_pending_##n                                 \
	}

void *const tls_entries[TLS_LIBRARIES_MAX][TLS_HOOKED_COUNT] = {ROW(0), ROW(1), ROW(2), ROW(3)};

#define FILTER(n)                                                                                  \
	{                                                                                          \
		filter_read_##n, filter_write_##n                                                  \
	}

tls_filter *const tls_filter_entries[TLS_LIBRARIES_MAX][2] = {FILTER(0), FILTER(1), FILTER(2),
							      FILTER(3)};
