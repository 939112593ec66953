/* SPDX-License-Identifier: MIT */
/* Keep-Alive (RFC 2068 section 19.7.1.1): pure. */
#ifndef REDIAL_HTTP1_KEEP_ALIVE_H
#define REDIAL_HTTP1_KEEP_ALIVE_H

#include <stddef.h>
#include <stdint.h>

/*
 * The N of `Keep-Alive: timeout=N` (RFC 2068 section 19.7.1.1), seconds, in a piece of a response
 * that starts in its head; 0 if there is none. Heads of interim responses are passed over.
 */
uint16_t http1_keep_alive_timeout(const char *bytes, size_t len);

#endif
