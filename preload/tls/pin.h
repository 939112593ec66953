/* SPDX-License-Identifier: MIT */
/*
 * What the server was that the program has accepted on a session: the one that a rescue leads to
 * must be the same, in a full handshake, before a byte of the program's is sent.
 */
#ifndef REDIAL_TLS_PIN_H
#define REDIAL_TLS_PIN_H

#include "session.h"

/* Takes it, before the session is cleared for the first time. false if there is no certificate. */
bool tls_pin_take(struct tls_session *session);

/* 1: it is the same server's, byte for byte; 0: it has not come yet; -1: it is another one. */
int tls_pin_certificate(const struct tls_session *session);

/*
 * The handshake is done: what the library says of the chain, protocol, version and cipher. Returns
 * REASON_NONE if all is as it was, or better.
 */
enum reason tls_pin_rest(const struct tls_session *session);

void tls_pin_drop(struct tls_session *session);

/* The version of what is spoken now, for the log. */
const char *tls_version(const struct conn *conn);

#endif
