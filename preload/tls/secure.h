/* SPDX-License-Identifier: MIT */
/*
 * The program's own session shakes hands on the fresh socket of a rescue, over memory of ours: the
 * library makes bytes, which are sent, and gets bytes, a record at a time. Nothing but a
 * ClientHello is sent before the server has shown the very certificate that the program has
 * accepted.
 */
#ifndef REDIAL_TLS_SECURE_H
#define REDIAL_TLS_SECURE_H

#include "../wire/carrier.h"
#include "session.h"

extern const struct wire_carrier tls_carrier __attribute__((visibility("hidden")));

/* Of tls_carrier: REASON_NONE if it may. */
enum reason tls_may_replace(const struct conn *conn);

/*
 * What a rescue clears, and the program may ask for later, is kept, and what the server was. false:
 * that cannot be told. From here on the session is none that goes on with its connection.
 */
bool tls_secure_keep(struct tls_session *session);

/*
 * The rescue has failed: the session is as one that has not begun, on the program's own socket,
 * where it will find the original end by itself.
 */
void tls_secure_undo(struct tls_session *session);

/*
 * The same where the program gets an answer that was held back before it: there is nothing more on
 * that socket. Only a rescue can go on with the session, and knows by it whom to ask for.
 */
void tls_secure_spend(struct tls_session *session);

/* The program takes it for another connection: whatever such a failure has left in it goes. */
void tls_secure_begin_anew(struct tls_session *session);

/* What the library has of the connection is forgotten. */
void tls_secure_reset(struct tls_session *session);

/* Gives back what a rescue has left. */
void tls_secure_drop(struct tls_session *session);

#endif
