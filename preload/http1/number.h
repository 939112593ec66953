/* SPDX-License-Identifier: MIT */
/* Times that fields give as numbers: pure. In milliseconds, rounded up. */
#ifndef REDIAL_HTTP1_NUMBER_H
#define REDIAL_HTTP1_NUMBER_H

#include "http1.h"

/* Of a number of seconds; what is past is 0, what is too long UINT32_MAX. */
uint32_t http1_in_ms(int64_t seconds);

/* "120" or "1.5" seconds; UINT32_MAX if it is too long, or no such number. */
uint32_t http1_seconds_ms(struct http1_text text);

/* The same for milliseconds. */
uint32_t http1_milliseconds_ms(struct http1_text text);

/*
 * The same for a number that says seconds from now, or if it is that large seconds or milliseconds
 * since 1970; sent_s: when the response was sent.
 */
uint32_t http1_either_ms(struct http1_text text, int64_t sent_s);

#endif
