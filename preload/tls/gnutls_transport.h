/* SPDX-License-Identifier: MIT */
/*
 * What carries the bytes of a session in a rescue: they go over a socket of redial's, past the
 * program's transport, and none before it is known who is there.
 */
#ifndef REDIAL_TLS_GNUTLS_TRANSPORT_H
#define REDIAL_TLS_GNUTLS_TRANSPORT_H

#include "gnutls_session.h"

enum { GNUTLS_OUT_ROOM = 65536 };

/* For the library. Whose session it is the call that is under way tells. */
gnutls_pull gnutls_pull_ours;
gnutls_push gnutls_push_ours;
gnutls_pull_timeout gnutls_wait_not;

/* Sends what the session has made. Returns 0, or a negative errno. */
int gnutls_flush(struct gnutls_session *session);

#endif
