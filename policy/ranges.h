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
};

#define POLICY_ON_ALL (POLICY_ON_STALE | POLICY_ON_RESET | POLICY_ON_EOF | POLICY_ON_FIRST_USE)

/*
 * What a policy may list in `methods`. Not POST and PATCH, which are not idempotent (RFC 9110
 * section 9.2.2), not CONNECT, after which the connection is no longer HTTP, and not what we
 * don't know.
 */
#define METHODS_RESENDABLE                                                                         \
	(((UINT32_C(1) << METHOD_COUNT) - 1) &                                                     \
	 ~(UINT32_C(1) << METHOD_OTHER | UINT32_C(1) << METHOD_POST |                              \
	   UINT32_C(1) << METHOD_PATCH | UINT32_C(1) << METHOD_CONNECT))

#endif
