/* SPDX-License-Identifier: MIT */
#include "given_up.h"

#include "seats.h"
#include "secure.h"
#include "session.h"

enum when { FOR_GOOD, ONCE_BOUND, ANEW };

/* A session that has no connection, and will have none: one that is met is not bound again. */
static void never_bind(struct tls_library *library, void *ssl)
{
	struct tls_session *session = library->CRYPTO_zalloc(sizeof(*session), "", 0);
	if (!session)
		return;
	session->ops = &tls_openssl;
	session->library = library;
	session->ssl = ssl;
	if (library->SSL_set_ex_data(ssl, library->index, session))
		tls_seat_take(ssl, session);
	else
		library->CRYPTO_free(session, "", 0);
}

static __attribute__((noinline)) void give_up(struct tls_library *library, const void *ssl,
					      enum when when)
{
	struct tls_session *session = tls_session_of(library, ssl);
	if (session) {
		tls_session_give_up(session);
		if (session->cleared) /* a rescue was under way */
			session->ops->undo(session);
		if (when == ANEW)
			tls_secure_begin_anew(session);
	} else if (when == FOR_GOOD) {
		never_bind(library, (void *)ssl);
	}
}

#define X(n, result, name, parameters, arguments, when)                                            \
	static result name##_##n parameters                                                        \
	{                                                                                          \
		struct tls_library *library = &tls_libraries[n];                                   \
		give_up(library, ssl, when);                                                       \
		return ((result(*) parameters)library->given_up[GIVES_UP_##name])arguments;        \
	}
#define X0(...) X(0, __VA_ARGS__)
#define X1(...) X(1, __VA_ARGS__)
#define X2(...) X(2, __VA_ARGS__)
#define X3(...) X(3, __VA_ARGS__)
TLS_GIVEN_UP(X0)
TLS_GIVEN_UP(X1)
TLS_GIVEN_UP(X2)
TLS_GIVEN_UP(X3)
#undef X

/* Of the library's number, as in tls_entry. */
#define X(result, name, parameters, arguments, when)                                               \
	case GIVES_UP_##name:                                                                      \
		return n == 0	? (void *)name##_0                                                 \
		       : n == 1 ? (void *)name##_1                                                 \
		       : n == 2 ? (void *)name##_2                                                 \
				: (void *)name##_3;

void *tls_given_up_entry(int n, enum tls_given_up call)
{
	switch (call) {
		TLS_GIVEN_UP(X)
	default:
		return NULL;
	}
}
