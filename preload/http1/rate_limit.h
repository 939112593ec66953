/* SPDX-License-Identifier: MIT */
/* The RateLimit field of limiters (draft-ietf-httpapi-ratelimit-headers): pure. */
#ifndef REDIAL_HTTP1_RATE_LIMIT_H
#define REDIAL_HTTP1_RATE_LIMIT_H

#include "http1.h"

/* What all its lines say together. Starts as {0}. */
struct rate_limit {
	uint32_t exhausted_ms; /* until the last of the limits has quota that have none left */
	uint32_t others_ms;    /* the same of those that have some */
	bool is_exhausted;     /* any */
};

/* Has the value parameters, and is thus for the function below? */
bool rate_limit_is(struct http1_text value);

/*
 * Takes one line: `"burst";r=0;t=5, "daily";r=900;t=3600` (r: what is left, t: seconds until there
 * is more), or as drafts up to the seventh had it, `limit=10, remaining=0, reset=5`. Returns false
 * if it cannot be read.
 */
bool rate_limit_add(struct rate_limit *sum, struct http1_text value);

/*
 * How long to wait, in milliseconds. What quota is left says nothing of a failure that is none of
 * the limiter's: it counts only if the response was the limiter's own (429) and none is exhausted.
 */
uint32_t rate_limit_ms(const struct rate_limit *sum, bool limited);

#endif
