/* SPDX-License-Identifier: MIT */
/*
 * The program's own handshake, whose connection has died after the server's first byte: it is begun
 * again on a fresh socket. There the session says a new ClientHello and no more; what follows is
 * left to the program's own calls, with its own callbacks and checks, for it is its handshake.
 */
#ifndef REDIAL_TLS_SHAKE_H
#define REDIAL_TLS_SHAKE_H

#include "exchange.h"

/*
 * The end has come, in a call of this thread's: of a handshake that may be begun again? Then a
 * rescue of conn that begins now is one of that. `writes`: a write has found it. Called with the
 * lock.
 */
bool tls_shake_begins(struct conn *conn, bool writes);

/* It has not begun. */
void tls_shake_refused(struct conn *conn);

/* SSL_do_handshake or SSL_connect: as often as it takes. Returns what the last one does. */
int tls_shake(struct tls_exchange *exchange, int shakes(void *));

/*
 * A request is about to be written. If a handshake that was begun again is over, its rescue is.
 * false: it is not, and what the request does is not to be followed. Called with the lock.
 */
bool tls_shake_is_over(struct tls_session *session, struct conn *conn);

#endif
