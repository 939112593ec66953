/* SPDX-License-Identifier: MIT */
/*
 * Is the server that the next session speaks to the one that the program has accepted? (pin.h has
 * the same for OpenSSL.) What was agreed on there is asked of the session that was, which is still
 * as it was.
 */
#ifndef REDIAL_TLS_GNUTLS_PIN_H
#define REDIAL_TLS_GNUTLS_PIN_H

#include "gnutls_session.h"

/* Has the program's session a certificate of the server's? */
bool gnutls_pin_is_there(const struct gnutls_session *session);

/* 1: it is the same server's, byte for byte; 0: none has come yet; -1: it is another one. */
int gnutls_pin_certificate(const struct gnutls_session *session);

/*
 * Once that is known: version and protocol (ALPN) as they were, or better. And once the handshake
 * is done, what the library says of the chain, where the program lets it, and the cipher as well.
 */
enum reason gnutls_pin_terms(const struct gnutls_session *session);
enum reason gnutls_pin_rest(const struct gnutls_session *session);

#endif
