/* SPDX-License-Identifier: MIT */
/* The program's own callbacks are for its own handshakes: in those of a rescue they are not called.
 */
#ifndef REDIAL_TLS_HUSH_H
#define REDIAL_TLS_HUSH_H

#include "session.h"

/* Takes them out, and puts them back. */
void tls_hush(struct tls_session *session);
void tls_unhush(struct tls_session *session);

/* The one that is told how a handshake goes, alone: the server's certificate is judged as ever. */
void tls_mute(struct tls_session *session);
void tls_unmute(struct tls_session *session);

#endif
