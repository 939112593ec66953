/* SPDX-License-Identifier: MIT */
/*
 * What kind of memory lies at an address, as /proc tells it (maps, proc(5)): may it be read
 * without risk, for how long? A file's pages are none of that kind, for the file may be cut short;
 * those of the program and of its libraries are, for no program outlives theirs.
 */
#ifndef REDIAL_OS_REGION_H
#define REDIAL_OS_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum region_kind {
	REGION_NONE,  /* none that can be read */
	REGION_FILE,  /* what is read there may go away by itself */
	REGION_LOOSE, /* nobody says whose it is: malloc may unmap it where no hook sees it */
	REGION_PLAIN, /* an object's, a thread's stack, an arena of malloc's: gone if unmapped */
	REGION_HEAP,  /* the same, and it goes on to where the program break is */
	REGION_PART,  /* of the heap: as far as the break does not fall below it */
	REGION_STACK, /* the main thread's: from its stack pointer on */
};

struct region {
	uintptr_t start, end; /* [start, end) */
	enum region_kind kind;
};

enum { REGION_LINE = 128 }; /* all that matters of a line, and the start of its name */

/* A search on its way. Plain data, but for what region.c keeps of the line and the file it is in.
 */
struct region_search {
	uintptr_t at;	     /* the address that is looked for */
	uintptr_t own_stack; /* an address of the stack that the caller runs on */
	struct region found; /* what lies there */
	struct region heap;  /* met on the way: REGION_NONE if not */
	struct region stack;
	struct {
		uint64_t inode;
		uint64_t device;
		uintptr_t end;
		bool is_code; /* a part of it is executable: it is an object */
		struct region wanted;
	} file;
	char line[REGION_LINE];
	size_t line_len;
};

void region_begin(struct region_search *search, uintptr_t at, uintptr_t own_stack);

/* Takes the next bytes of the text. true: all is known, no more are needed. */
bool region_feed(struct region_search *search, const char *text, size_t len);

/* The text is at its end. */
void region_end(struct region_search *search);

/*
 * The whole of it on this process's maps: openat, reads, close. Where that is not to be had, or too
 * long to be read through, search->found is none.
 */
void region_find(struct region_search *search, uintptr_t at, uintptr_t own_stack);

#endif
