/* SPDX-License-Identifier: MIT */
/*
 * From an SSL to its session: OpenSSL would tell as well (SSL_get_ex_data), but in forty
 * instructions, for each call. A session has one of two seats, by where its SSL lies; where others
 * have them, and only then, the library is asked.
 */
#ifndef REDIAL_TLS_SEATS_H
#define REDIAL_TLS_SEATS_H

#include <stdbool.h>
#include <stdint.h>

#include "library.h"

struct tls_session;

struct tls_seat {
	const void *ssl; /* NULL: free */
	struct tls_session *session;
};

enum { TLS_SEATS = 512 };

extern struct tls_seat *tls_seats __attribute__((visibility("hidden")));

/* How many sessions have none: 0, and what is found in no seat has no session. */
extern uint32_t tls_unseated __attribute__((visibility("hidden")));

/* Memory for them: before any entry is written into a slot. false if there is none. */
bool tls_seats_ready(void);

/* ssl, which has no session yet, has this one from now on. */
void tls_seat_take(const void *ssl, struct tls_session *session);

/* ssl, which has one, goes. */
void tls_seat_leave(const void *ssl);

/* A library is gone, and with it those of its SSLs that nobody has freed. */
void tls_seats_forget(void);

static inline struct tls_seat *tls_seat_near(const void *ssl)
{
	const uintptr_t at = (uintptr_t)ssl, mask = (TLS_SEATS - 1) * sizeof(struct tls_seat);
	return (struct tls_seat *)((char *)tls_seats + ((at ^ at >> 8) & mask));
}

static inline struct tls_seat *tls_seat_beside(const struct tls_seat *seat)
{
	return (struct tls_seat *)((uintptr_t)seat ^ sizeof(*seat));
}

/* Is it ssl's? Then it has the session. Only the thread that uses ssl asks. NULL has none:
 * libraries answer it with an error. */
static inline bool tls_seat_is_of(const struct tls_seat *seat, const void *ssl)
{
	return ssl && __atomic_load_n(&seat->ssl, __ATOMIC_ACQUIRE) == ssl;
}

/* The session of an SSL of the library's that has none in the near seat, which that is, or NULL. */
static inline struct tls_session *tls_session_further(const struct tls_library *library,
						      const void *ssl, const struct tls_seat *near)
{
	const struct tls_seat *seat = tls_seat_beside(near);
	if (tls_seat_is_of(seat, ssl))
		return seat->session;
	if (__builtin_expect(!__atomic_load_n(&tls_unseated, __ATOMIC_RELAXED), 1))
		return NULL;
	return library->SSL_get_ex_data(ssl, library->index);
}

/* The session of any SSL of the library's, or NULL. */
static inline struct tls_session *tls_session_of(const struct tls_library *library, const void *ssl)
{
	const struct tls_seat *seat = tls_seat_near(ssl);
	return __builtin_expect(tls_seat_is_of(seat, ssl), 1)
		   ? seat->session
		   : tls_session_further(library, ssl, seat);
}

#endif
