/* SPDX-License-Identifier: MIT */
/* What a policy's values may be: load.c refuses others from text, compiled.c from a compiled one. */
#ifndef REDIAL_RANGES_H
#define REDIAL_RANGES_H

#include "policy.h"

enum {
	LIMIT_ATTEMPTS_MIN = 1,
	LIMIT_ATTEMPTS_MAX = 10,
	LIMIT_TOTAL_TIMEOUT_MIN = 1,
	LIMIT_TOTAL_TIMEOUT_MAX = 600000,
	LIMIT_CONNECT_TIMEOUT_MIN = 1,
	LIMIT_CONNECT_TIMEOUT_MAX = 60000,
	LIMIT_REQUEST_BYTES_MAX = 1048576,
	LIMIT_BACKOFF_MS_MAX = 60000,
	LIMIT_MULTIPLIER_MILLI_MIN = 1000,
	LIMIT_MULTIPLIER_MILLI_MAX = 10000,
	LIMIT_PORT_MAX = 65535,
	LIMIT_RESPONSE_TIMEOUT_MAX = 600000,
	LIMIT_UNACKED_TIMEOUT_MAX = 600000,
	LIMIT_LATE_MAX = 3600000,
	LIMIT_RETRY_AFTER_MAX = 600000,
	LIMIT_MAX_IDLE_MAX = 3600000,
	LIMIT_MAX_REQUESTS_MAX = 65535,
	LIMIT_ADDRESS_MAX_AGE_MAX = 86400000,
	/* The kernel's own: MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT of net/tcp.h. */
	LIMIT_KEEP_ALIVE_IDLE_MAX = 32767,
	LIMIT_KEEP_ALIVE_INTERVAL_MAX = 32767,
	LIMIT_KEEP_ALIVE_COUNT_MAX = 127,
	LIMIT_RATIO_MILLI_MAX = 1000,
	LIMIT_PER_SECOND_MAX = 10000,
	LIMIT_WINDOW_MIN = 1000,
	LIMIT_WINDOW_MAX = 600000,
	LIMIT_FAILURE_RATIO_MILLI_MIN = 10,
	LIMIT_MIN_ATTEMPTS_MIN = 1,
	LIMIT_MIN_ATTEMPTS_MAX = 100000,
	LIMIT_OPEN_MIN = 100,
	LIMIT_OPEN_MAX = 600000,
};

#define POLICY_ON_ALL                                                                              \
	(POLICY_ON_STALE | POLICY_ON_RESET | POLICY_ON_EOF | POLICY_ON_FIRST_USE |                 \
	 POLICY_ON_CONNECT | POLICY_ON_CONNECT_TIMEOUT | POLICY_ON_RESPONSE_TIMEOUT | POLICY_ON_DNS | \
	 POLICY_ON_TLS_HANDSHAKE)

/*
 * What `retry.methods` may list, and a rule's without further ado. Not POST and PATCH, which are not idempotent (RFC 9110
 * section 9.2.2), not CONNECT, after which the connection is no longer HTTP, and not what we
 * don't know.
 */
#define METHODS_RESENDABLE                                                                         \
	(((UINT32_C(1) << METHOD_COUNT) - 1) &                                                     \
	 ~(UINT32_C(1) << METHOD_OTHER | UINT32_C(1) << METHOD_POST |                              \
	   UINT32_C(1) << METHOD_PATCH | UINT32_C(1) << METHOD_CONNECT))

/*
 * What may be sent again with an idempotency key, and else only where a rule that names a path
 * lists it: whoever wrote that rule declares that there it has no side effect.
 */
#define METHODS_KEYED (UINT32_C(1) << METHOD_POST | UINT32_C(1) << METHOD_PATCH)

/* These say that the request is wrong, and would say so again: no policy may list them. */
#define STATUS_IS_FINAL(status)                                                                    \
	((status) == 400 || (status) == 401 || (status) == 403 || (status) == 404 || (status) == 422)

#endif
