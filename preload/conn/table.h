/* SPDX-License-Identifier: MIT */
/*
 * From a descriptor to its connection, read without a lock. The low numbers, all that most programs
 * have, are in one flat array; those beyond are in pages of their own, made when one of their
 * numbers is tracked.
 */
#ifndef REDIAL_CONN_TABLE_H
#define REDIAL_CONN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

enum {
	TABLE_NEAR = 512,
	TABLE_PAGE = 2048,
	TABLE_MAX =
	    1 << 20, /* what fs.nr_open is unless it was raised; none from there on is tracked */
};

/* In memory that is zero in a forked child. */
struct table_root {
	struct conn *near[TABLE_NEAR];
	struct conn **pages[TABLE_MAX / TABLE_PAGE]; /* the first is for those past the near ones */
};

struct table {
	struct table_root *root; /* NULL until the program opens its first stream socket */
	uint32_t near;		 /* TABLE_NEAR; 0 until then */
	uint32_t far;		 /* TABLE_MAX; 0 until one beyond the near ones was tracked */
	uint32_t top;		 /* one past the highest number that was ever tracked */
};

extern struct table table __attribute__((visibility("hidden")));

/*
 * Is fd below a limit that was set after what it stands for? x86 keeps the order of loads, and one
 * that is no atomic one takes no instruction of its own, of the 10 that a call may cost.
 */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
#define table_below(fd, limit) ((uint32_t)(fd) < (limit))
#else
#define table_below(fd, limit) ((uint32_t)(fd) < __atomic_load_n(&(limit), __ATOMIC_ACQUIRE))
#endif

static inline struct conn *table_find_far(uint32_t fd)
{
	struct table_root *root = __atomic_load_n(&table.root, __ATOMIC_RELAXED);
	struct conn **page = __atomic_load_n(&root->pages[fd / TABLE_PAGE], __ATOMIC_ACQUIRE);
	return page ? __atomic_load_n(&page[fd % TABLE_PAGE], __ATOMIC_ACQUIRE) : NULL;
}

/*
 * The connection tracked at fd, or NULL: then the call goes straight on. A connection found here
 * may be let go by another thread at any time: conn_lock settles whether it still is fd's.
 */
static inline struct conn *table_find(int fd)
{
	if (table_below(fd, table.near)) {
		struct table_root *root = __atomic_load_n(&table.root, __ATOMIC_RELAXED);
		return __atomic_load_n(&root->near[fd], __ATOMIC_ACQUIRE);
	}
	return __builtin_expect(table_below(fd, table.far), 0) ? table_find_far((uint32_t)fd)
							       : NULL;
}

/*
 * Sees to it that something can be put into fd's slot. false if no memory can be had for that, or
 * fd is too high. Async-signal-safe.
 */
bool table_ready(int fd);

/*
 * Puts conn, which may be NULL, into fd's slot. false if it has none, as table_ready would have
 * said. Only after that has said yes of any number.
 */
bool table_set(int fd, struct conn *conn);

/* Has fd a slot? */
bool table_has(int fd);

/*
 * Empties fd's slot if conn is in it, and nothing else by now: returns whether it was. Like
 * table_set, only after that.
 */
bool table_clear(int fd, struct conn *conn);

#endif
