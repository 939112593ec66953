/* SPDX-License-Identifier: MIT */
/* What the log may hold of a request's target and host: nothing that lets somebody in. Pure. */
#ifndef REDIAL_REDACT_H
#define REDIAL_REDACT_H

#include <stddef.h>

#include "policy.h"

/*
 * Writes to `to`, NUL-terminated and cut to fit, the path of a whole request target: without query,
 * fragment, scheme and authority, and without what looks like a user's name and password in any
 * segment. If log.redact_paths has a pattern that it matches, by any reading of path.h, it is the
 * pattern with *** for each `*`; where no reading is known and there are patterns, just that.
 */
void redact_path(const struct policy *policy, const char *target, size_t len, char *to,
		 size_t room);

/* How many bytes of a Host header come before the host: a user's name and password are none of it.
 */
size_t redact_host(const char *host, size_t len);

/* The pattern that a target matches; NULL if there is none, "" if it cannot be told. */
const char *redact_pattern(const struct policy *policy, const char *target, size_t len);

#endif
