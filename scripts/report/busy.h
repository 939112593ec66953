/* SPDX-License-Identifier: MIT */
/*
 * The ids that come most often among any number of them, in fixed memory: "space-saving" counters
 * (Metwally, Agrawal, El Abbadi, 2005). Up to BUSY_MAX different ids all counts are exact; beyond,
 * a new id takes the place of the one with the lowest count and what it may have counted before is
 * unknown: `over` says how much too high `count` may be.
 */
#ifndef REDIAL_REPORT_BUSY_H
#define REDIAL_REPORT_BUSY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BUSY_MAX = 4096, BUSY_ID_MAX = 128, BUSY_TRACE_MAX = 33, BUSY_BUCKETS = 8192 };

struct busy_id {
	uint64_t count;
	uint64_t over;
	uint32_t place;            /* in the heap */
	uint32_t bucket, next;     /* of its hash; the next one there, 1 + its number, 0: none */
	char id[BUSY_ID_MAX];      /* cut to fit */
	char trace[BUSY_TRACE_MAX]; /* the trace id that came with it last, "" for none */
};

struct busy {
	uint32_t used;
	bool exact;                    /* no id had to make room for another */
	uint32_t first[BUSY_BUCKETS];  /* 1 + a number in ids; 0: none */
	uint32_t heap[BUSY_MAX];       /* numbers in ids, the lowest count on top */
	struct busy_id ids[BUSY_MAX];
};

/* For one of zeroes. */
void busy_begin(struct busy *busy);

/* Counts the id once more. traceparent: as in W3C Trace Context, or "". */
void busy_add(struct busy *busy, const char *id, const char *traceparent);

/* Puts the `max` busiest into top, by what they were counted for certain; returns how many. */
size_t busy_top(const struct busy *busy, const struct busy_id **top, size_t max);

#endif
