/* SPDX-License-Identifier: MIT */
/* Memory that was asked for, and what it is: pure, but for what moves by itself. */
#ifndef REDIAL_OS_RANGES_H
#define REDIAL_OS_RANGES_H

#include "region.h"

/* A thread has a stack and often an arena of malloc's: for some fifty of them, and more. */
enum { RANGES_MAX = 128 };

struct range {
	struct region region;
	uint32_t asks; /* how often it was asked for and not known */
};

/* All zero at first. No two that are known, or that are not, overlap. */
struct ranges {
	uint32_t top;  /* all from this place on have never been used */
	uint32_t next; /* the one that gives way if there are too many */
	struct range at[RANGES_MAX];
};

/* Where what moves is at the time. */
struct ranges_now {
	uintptr_t heap_end; /* UINTPTR_MAX: nobody says */
	uintptr_t stack;    /* a page that the caller's stack is known to go down to */
};

static inline bool region_is_known(const struct region *region)
{
	return region->kind >= REGION_PLAIN;
}

/*
 * The range that an address is in, one that is known if there is one, or NULL; *found is what it
 * covers by now.
 */
struct range *ranges_find(struct ranges *ranges, const struct ranges_now *now, uintptr_t at,
			  struct region *found);

/* Takes one in, in the place of what was known or not known there. Nothing for REGION_NONE. */
void ranges_add(struct ranges *ranges, const struct ranges_now *now, const struct region *region,
		uint32_t asks);

/* Leaves of all ranges what is not in [start, end). */
void ranges_cut(struct ranges *ranges, const struct ranges_now *now, uintptr_t start,
		uintptr_t end);

#endif
