/* SPDX-License-Identifier: MIT */
/* A call of the program's that reads or writes by a GnuTLS session. */
#ifndef REDIAL_TLS_GNUTLS_EXCHANGE_H
#define REDIAL_TLS_GNUTLS_EXCHANGE_H

#include "exchange.h"
#include "gnutls_session.h"

struct gnutls_exchange {
	struct tls_exchange exchange; /* kind: HOOKED_SSL_read, or HOOKED_SSL_write */
	struct gnutls_session *session;
	bool padded; /* gnutls_record_send2 */
	size_t pad;
	unsigned flags;
	int error; /* the library's, of a call that has failed */
};

/* A call to the session is under way: bytes may move in it, as those of a ticket. */
void gnutls_call_begin(struct tls_call *call, struct gnutls_session *session);
void gnutls_call_end(struct tls_call *call, struct gnutls_session *session);

/* tls_ops.make */
int gnutls_make(struct tls_exchange *exchange);

/* Returns what the program's call returns. */
long gnutls_exchange(struct gnutls_exchange *exchange, int exchanges(struct tls_exchange *));

/* A handshake. */
int gnutls_shake(struct gnutls_session *session);

#endif
