/* SPDX-License-Identifier: MIT */
/* Retry-After (RFC 9110 section 10.2.3): pure. */
#ifndef REDIAL_HTTP1_RETRY_AFTER_H
#define REDIAL_HTTP1_RETRY_AFTER_H

#include <stddef.h>
#include <stdint.h>

/*
 * How long the response with this head of len bytes asks to wait, in milliseconds; 0 if it does
 * not; UINT32_MAX if longer than that, or not so that it can be understood, for a wait that was
 * asked for is no leave to go on at once. A fraction of a second counts. A date is taken as relative
 * to the response's Date header if it has one, since the server's clock may be another than ours,
 * else to now_s, seconds since 1970.
 */
uint32_t retry_after_ms(const char *head, size_t len, int64_t now_s);

#endif
