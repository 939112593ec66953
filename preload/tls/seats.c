/* SPDX-License-Identifier: MIT */
#include "seats.h"

#include "../os/sys.h"

/* PROT_READ, PROT_WRITE; MAP_PRIVATE, MAP_ANONYMOUS. */
enum { PROTECT_READ = 1, PROTECT_WRITE = 2, MAP_OURS = 0x22 };

/* Added when nothing can be said of those without a seat any more. */
enum { UNKNOWN = 1 << 30 };

/* Whose seat is about to be taken. */
#define TAKING ((const void *)1)

/* In memory that a forked child has as well: its SSLs have the same sessions. */
struct tls_seat *tls_seats;
uint32_t tls_unseated;

bool tls_seats_ready(void)
{
	if (tls_seats)
		return true;
	long at = sys6(mmap, 0, TLS_SEATS * sizeof(*tls_seats), PROTECT_READ | PROTECT_WRITE,
		       MAP_OURS, -1, 0);
	if (at < 0 && at > -4096)
		return false;
	tls_seats = (struct tls_seat *)at;
	return true;
}

static bool take(struct tls_seat *seat, const void *ssl, struct tls_session *session)
{
	const void *nobody = NULL;
	if (!__atomic_compare_exchange_n(&seat->ssl, &nobody, TAKING, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	seat->session = session;
	__atomic_store_n(&seat->ssl, ssl, __ATOMIC_RELEASE);
	return true;
}

void tls_seat_take(const void *ssl, struct tls_session *session)
{
	struct tls_seat *near = tls_seat_near(ssl);
	if (!take(near, ssl, session) && !take(tls_seat_beside(near), ssl, session))
		__atomic_add_fetch(&tls_unseated, 1, __ATOMIC_RELAXED);
}

static bool leave(struct tls_seat *seat, const void *ssl)
{
	return __atomic_compare_exchange_n(&seat->ssl, &ssl, NULL, false, __ATOMIC_RELEASE,
					   __ATOMIC_RELAXED);
}

void tls_seat_leave(const void *ssl)
{
	struct tls_seat *near = tls_seat_near(ssl);
	if (!leave(near, ssl) && !leave(tls_seat_beside(near), ssl))
		__atomic_sub_fetch(&tls_unseated, 1, __ATOMIC_RELAXED);
}

void tls_seats_forget(void)
{
	if (!tls_seats)
		return;
	__atomic_or_fetch(&tls_unseated, UNKNOWN, __ATOMIC_SEQ_CST);
	for (int i = 0; i < TLS_SEATS; i++)
		__atomic_store_n(&tls_seats[i].ssl, NULL, __ATOMIC_RELEASE);
}
