/* SPDX-License-Identifier: MIT */
/* Memory that a program hands to a call and that is bad, from some byte on. */
#ifndef REDIAL_FLOW_BAD_H
#define REDIAL_FLOW_BAD_H

#include <stdbool.h>
#include <stddef.h>

enum bad {
	BAD_NULL,
	BAD_UNMAPPED,
	BAD_PROTECTED,
	BAD_HEAP, /* a protected page of the heap */
	BAD_CUT,  /* a shared mapping of a file that is shorter by now */
	BAD_CUT_PRIVATE,
	BAD_COUNT,
	BAD_READ_ONLY = BAD_COUNT, /* for what is to be filled */
	BAD_ALL
};
extern const char *const bad_names[BAD_ALL];

struct bad_memory {
	enum bad kind;
	char *pages;
	int file;
};

/*
 * A place with `good` bytes before the page that is to become bad; until bad_spoil more than
 * BAD_SIZE bytes there are good. BAD_NULL has none.
 */
enum { BAD_SIZE = 2048 };
char *bad_begin(struct bad_memory *memory, enum bad kind, size_t good);
void bad_spoil(struct bad_memory *memory);
void bad_end(struct bad_memory *memory);

#endif
