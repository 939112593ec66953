/* SPDX-License-Identifier: MIT */
/* What a call of the program's to its TLS library does: reading, and writing. */
#ifndef REDIAL_TLS_EXCHANGE_H
#define REDIAL_TLS_EXCHANGE_H

#include "session.h"

struct tls_exchange {
	struct tls_call call; /* the first */
	enum tls_hooked kind; /* one of the SSL_read, SSL_peek and SSL_write, or of a filter */
	void *bio;	      /* that filter */
	void *buf;
	size_t len;
	size_t done; /* bytes, of a call that has worked */
	bool later;  /* the program has been told to come back, by us */
	bool failed; /* a rescue has come to nothing in the call, of which the program is to hear */
};

/* Return what the library's call returns, which they make: above 0 if it has worked. */
int tls_read(struct tls_exchange *exchange);
int tls_write(struct tls_exchange *exchange);

/* tls_write is the second one of these where an id may have to be added (widen.c), else the first.
 */
int tls_write_as_it_is(struct tls_exchange *exchange);
int tls_write_wide(struct tls_exchange *exchange);

/* Makes the library's call; the second one is OpenSSL's. */
int tls_make(struct tls_exchange *exchange);
int tls_make_openssl(struct tls_exchange *exchange);

/* Instead of that, what it returns to a program that is to come back. */
int tls_come_back(struct tls_exchange *exchange);

/* What a rescue that has the connection comes to, for a call that is to go on. */
enum tls_attended {
	TLS_GO_ON, /* make the library's call */
	TLS_LATER, /* the program is to come back: it wants to read */
	TLS_ENDED, /* the connection ended by a close_notify, and there is no other */
	TLS_GIVEN, /* the program has been given bytes that were held back */
	TLS_AGAIN, /* look anew */
};

/* A rescue is under way, or none: goes as far as the call may. Takes no lock with it. */
enum tls_attended tls_attend(struct tls_exchange *exchange, bool writes);

/*
 * The call has given nothing, and a rescue has its connection. Is it to be attended to, and the
 * call made again? Also of one that has failed within it: the socket has said EAGAIN then, of which
 * the program of a blocking one must not hear. Called with the lock.
 */
bool tls_is_to_attend(struct tls_exchange *exchange, const struct conn *conn);

static inline bool tls_peeks(const struct tls_exchange *exchange)
{
	return exchange->kind == HOOKED_SSL_peek || exchange->kind == HOOKED_SSL_peek_ex;
}

/* held.c: bytes that the library has given, and the program may not get. */

/* The library has given bytes that are worth a look (hold_text_is_due). With the lock, which it
 * keeps; true: they are held. */
bool tls_hold(struct tls_exchange *exchange, struct conn *conn);

/* CARE_HOLDING, or a rescue has failed that has an answer. With the lock, leaves without. */
enum tls_attended tls_give_held(struct tls_exchange *exchange);

/* How many bytes of them there are to give: what SSL_pending does not know of. */
int tls_held_pending(struct tls_session *session);

#endif
