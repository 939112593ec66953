/* SPDX-License-Identifier: MIT */
/*
 * Two memory BIOs of ours between a session and the fresh socket of a rescue: the library makes
 * bytes, which are sent, and gets bytes, a record at a time, so that nothing is ever read too far.
 */
#ifndef REDIAL_TLS_BIOS_H
#define REDIAL_TLS_BIOS_H

#include "session.h"

/* Makes them, empty, and drops them. false: no memory. */
bool tls_bios_make(struct tls_session *session);
void tls_bios_drop(struct tls_session *session);

/* They are in the place of the program's, until they are taken out. */
void tls_bios_put(struct tls_session *session);
void tls_bios_take_out(struct tls_session *session);

/*
 * Sends what the library has made; before the server is known nothing but a ClientHello. Returns 0,
 * or a negative errno: -EACCES where it would be something else.
 */
int tls_bios_flush(struct tls_session *session, int fresh);

/* Gives the library more of one record. Returns the bytes, 0 at the end, or a negative errno. */
long tls_bios_feed(struct tls_session *session, int fresh);

#endif
