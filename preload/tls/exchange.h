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

/*
 * The same for a call that the library has made already, with this result, upon which it may be
 * made again; of a write the bytes were recorded before that, where the connection stood at mark.
 */
int tls_read_on(struct tls_exchange *exchange, int result);
int tls_write_on(struct tls_exchange *exchange, const struct conn_mark *mark, int result);

/* tls_write is the second one of these where an id may have to be added (widen.c), else the first.
 */
int tls_write_as_it_is(struct tls_exchange *exchange);
int tls_write_wide(struct tls_exchange *exchange);

/* The program has bytes of a response. Called with the lock, leaves without. */
void tls_take_note(struct conn *conn, const void *bytes, size_t len);

/* All of an exchange but its call, which tls_begin fills: so large a struct is not cleared. */
void tls_fill(struct tls_exchange *exchange, enum tls_hooked kind, void *buf, size_t len);

/*
 * The call to OpenSSL begins, on a session, or on an SSL that has none (NULL). false: it is made by
 * a callback amid a rescue's handshake, in which nothing is written or read. The program is to come
 * back later, and tls_end is not to be called.
 */
bool tls_begin(struct tls_exchange *exchange, struct tls_library *library, void *ssl,
	       struct tls_session *session);
void tls_end(struct tls_exchange *exchange);

/* Both, and between them tls_read or tls_write. Returns what the program gets. */
int tls_run(struct tls_exchange *exchange, struct tls_library *library, void *ssl,
	    struct tls_session *session, int exchanges(struct tls_exchange *));

/* SSL_read and the like, by the kind; done is of those that have it, else NULL. */
int tls_exchange(struct tls_library *library, enum tls_hooked kind, void *ssl,
		 struct tls_session *session, void *buf, size_t len, size_t *done);

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
