/* SPDX-License-Identifier: MIT */
/*
 * An arena and a table of descriptors that are a test's own, beside those that the other tests use:
 * as new at its start, and with system calls that fail, or are interrupted, where it wants.
 */
#ifndef REDIAL_TEST_ALONE_H
#define REDIAL_TEST_ALONE_H

#define arena_ready	alone_arena_ready
#define arena_is_ours	alone_arena_is_ours
#define arena_root	alone_arena_root
#define arena_word	alone_arena_word
#define arena_spare	alone_arena_spare
#define arena_take	alone_arena_take
#define arena_give	alone_arena_give
#define arena_take_other_exchange alone_arena_take_other_exchange
#define arena_give_other_exchange alone_arena_give_other_exchange
#define arena_take_conn alone_arena_take_conn
#define arena_give_conn alone_arena_give_conn
#define table		alone_table
#define table_ready	alone_table_ready
#define table_has	alone_table_has
#define table_set	alone_table_set
#define table_clear	alone_table_clear

#include "../../preload/conn/table.h"
#include "../../preload/os/arena.h"

/* What the arena has asked of the kernel; and what becomes of it, 0 for what usually does. */
extern struct alone {
	long mappings;	  /* asked for, those that failed included */
	long advices;	  /* madvise */
	long mapped;	  /* bytes that are there */
	size_t longest;	  /* a longer mapping fails with ENOMEM; SIZE_MAX: none does */
	int advice_error; /* what madvise fails with */
	/* As a signal handler would: called once, where a mapping is there but not in use yet, */
	void (*interrupt)(void);
	/* or before a compare-and-exchange, at the one after so many. */
	void (*interrupt_exchange)(void);
	int exchanges;
} alone;

/* Forgets all and unmaps it. */
void alone_begin(void);

/* The same, and room for so many objects in `objects`. */
void alone_begin_with(size_t count);
extern char **objects;

/* A connection, what one has during an exchange, or bytes of a class. */
enum { CONN = -1, EXCHANGE = -2 };
char *alone_take_one(int class);
void alone_give(char *object, int class);
size_t alone_usable(int class);
enum { ARENAS = 4 }; /* bytes of the first two that are not the taker's */
void alone_fill(char *object, int class, int byte);

/* Takes `count` of them, from objects[first] on; how many there were. */
long alone_take(size_t first, size_t count, int class);

/* Do the first `count` of them, of len bytes, lie apart, and aligned to 32? Sorts them. */
int expect_apart(size_t count, size_t len);

/* No mapping was lost, and all of them are no longer than that. */
void expect_mapped_at_most(long limit);

/* The bytes of all mappings that the arena knows of. */
long alone_known(void);

/* Runs it in a forked child; a failure there is one here. */
void alone_in_child(void (*run)(void));

/* Runs it in so many threads at once, each with its number. */
void alone_in_threads(int count, void *(*run)(void *number));

#endif
