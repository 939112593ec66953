/* SPDX-License-Identifier: MIT */
/* What a response says of being asked again: Retry-After (RFC 9110 section 10.2.3) and its kin:
 * pure. */
#ifndef REDIAL_HTTP1_RETRY_AFTER_H
#define REDIAL_HTTP1_RETRY_AFTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../policy/policy.h"

/*
 * How long the response with this head of len bytes asks to wait, in milliseconds; 0 if it does
 * not; UINT32_MAX if longer than that, or not so that it can be understood, for a wait that was
 * asked for is no leave to go on at once. Of Retry-After and those of policy->after that are in the
 * mask `headers` the longest counts. A fraction of a second counts. A date is taken as relative
 * to the response's Date header if it has one, since the server's clock may be another than ours,
 * else to now_s, seconds since 1970.
 *
 * Limiters tell in every response when their quota is full again. In one whose status is not 429 a
 * NAME-Reset does not count while NAME-Remaining says that there is some left.
 */
uint32_t retry_after_ms(const char *head, size_t len, int64_t now_s, const struct policy *policy,
			uint32_t headers);

/* Does the head have one of those of policy->vetoes that are in the mask? */
bool retry_is_vetoed(const char *head, size_t len, const struct policy *policy, uint32_t headers);

#endif
