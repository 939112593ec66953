/* SPDX-License-Identifier: MIT */
/* From a descriptor to its connection: a flat array, read without a lock. */
#ifndef REDIAL_CONN_TABLE_H
#define REDIAL_CONN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;

struct table {
	struct conn **slots;
	uint32_t len; /* slots there are; 0 until the program opens its first stream socket */
	uint32_t top; /* one past the highest slot that was ever filled */
};

extern struct table table __attribute__((visibility("hidden")));

/*
 * The connection tracked at fd, or NULL: then the call goes straight on. A connection found here
 * may be let go by another thread at any time: conn_lock settles whether it still is fd's.
 */
static inline struct conn *table_find(int fd)
{
	if (__builtin_expect((uint32_t)fd >= table.len, 1))
		return NULL;
	return __atomic_load_n(&table.slots[fd], __ATOMIC_ACQUIRE);
}

/* Puts conn, which may be NULL, into fd's slot, and returns what was in it. */
struct conn *table_set(int fd, struct conn *conn);

/* For arena.c: where the slots lie, and how many. */
void table_place(struct conn **slots, uint32_t len);

#endif
