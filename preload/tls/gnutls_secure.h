/* SPDX-License-Identifier: MIT */
/*
 * Another session, set as the program's is, shakes hands on the fresh socket of a rescue. Nothing
 * but a ClientHello is sent before the server has shown the very certificate of the program's
 * session, which is not touched: if all fails it finds the original end by itself.
 */
#ifndef REDIAL_TLS_GNUTLS_SECURE_H
#define REDIAL_TLS_GNUTLS_SECURE_H

#include "../wire/carrier.h"
#include "gnutls_session.h"

extern const struct wire_carrier gnutls_carrier __attribute__((visibility("hidden")));

/* The rescue has failed. */
void gnutls_secure_undo(struct tls_session *session);

/* The same, where the program gets an answer that was held back; and where it gets none, nor what
 * of one is in the library. */
void gnutls_secure_spend(struct tls_session *session);
void gnutls_secure_reset(struct tls_session *session);

/* Gives back what a rescue has left. */
void gnutls_secure_drop(struct gnutls_session *session);

#endif
