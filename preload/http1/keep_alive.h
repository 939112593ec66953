/* SPDX-License-Identifier: MIT */
/* Keep-Alive (RFC 2068 section 19.7.1.1): pure. */
#ifndef REDIAL_HTTP1_KEEP_ALIVE_H
#define REDIAL_HTTP1_KEEP_ALIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a server says of how it keeps the connection. */
struct http1_keep_alive {
	uint16_t timeout_s; /* `timeout=N`: idle for so long it is closed; 0: nothing was said */
	bool has_max;
	uint16_t max; /* `max=N`: so many requests more, as Apache counts; some tell them in all */
};

/*
 * Reads that in a piece of a response that starts in its head. Heads of interim responses are
 * passed over. Numbers beyond 16 bits are cut to fit; what cannot be read was not said.
 */
void http1_keep_alive(const char *bytes, size_t len, struct http1_keep_alive *said);

#endif
