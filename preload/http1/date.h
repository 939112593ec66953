/* SPDX-License-Identifier: MIT */
/* Dates in fields: pure. Each sets *at_s, seconds since 1970, or returns false. */
#ifndef REDIAL_HTTP1_DATE_H
#define REDIAL_HTTP1_DATE_H

#include "http1.h"

/*
 * One of the three forms of HTTP-date (RFC 9110 section 5.6.7). now_s is today: the oldest form has
 * a year of two digits.
 */
bool http1_date(struct http1_text text, int64_t now_s, int64_t *at_s);

/* A time as services that speak JSON write it (RFC 3339), in UTC. */
bool http1_stamp(struct http1_text text, int64_t *at_s);

#endif
