/* SPDX-License-Identifier: MIT */
/* What a client says in the handshakes of a rescue. */
#ifndef REDIAL_TLS_FLIGHT_H
#define REDIAL_TLS_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * May that leave before the server is known? A ClientHello may, and what stands before the second
 * one (RFC 8446 section 4.1.4, and appendix D.4).
 */
bool tls_is_greeting(const char *out, size_t len);

#endif
