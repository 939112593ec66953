/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "../os/arena.h"
#include "../os/start.h"

_Static_assert(sizeof(struct table_root) <= ARENA_ROOT_LEN, "the arena has room for it");

READ_OFTEN struct table table;

static const size_t page_len = TABLE_PAGE * sizeof(struct conn *);

/* Most of it is zero already, and stays untouched: memory that is only looked at is shared. */
static void clear(struct conn **page)
{
	for (size_t i = 0; i < TABLE_PAGE; i++) {
		if (page[i])
			page[i] = NULL;
	}
}

/* The page that fd's slot is in, which is made if need be; NULL if there is no memory for it. */
static struct conn **page_for(uint32_t fd)
{
	struct conn ***place = &table.root->pages[fd / TABLE_PAGE];
	/* First: who finds a page that another thread has made also finds what is in it. */
	__atomic_store_n(&table.far, TABLE_MAX, __ATOMIC_RELEASE);
	struct conn **page = __atomic_load_n(place, __ATOMIC_ACQUIRE);
	if (page)
		return page;
	struct conn **fresh = arena_alloc(page_len);
	if (!fresh)
		return NULL;
	clear(fresh);
	if (!__atomic_compare_exchange_n(place, &page, fresh, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		arena_free(fresh, page_len);
		return page;
	}
	return fresh;
}

bool table_ready(int fd)
{
	if ((uint32_t)fd >= TABLE_MAX || !arena_ready())
		return false;
	if (!__atomic_load_n(&table.near, __ATOMIC_ACQUIRE)) {
		__atomic_store_n(&table.root, arena_root(), __ATOMIC_RELAXED);
		__atomic_store_n(&table.near, TABLE_NEAR, __ATOMIC_RELEASE);
	}
	return fd < TABLE_NEAR || page_for((uint32_t)fd);
}

static void raise_top(uint32_t above)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	while (top < above && !__atomic_compare_exchange_n(&table.top, &top, above, true,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/* fd's slot, made if need be and wanted; NULL if there is none. */
static struct conn **slot_of(uint32_t fd, bool make)
{
	if (fd < TABLE_NEAR)
		return &table.root->near[fd];
	if (fd >= TABLE_MAX)
		return NULL;
	struct conn **page =
	    make ? page_for(fd)
		 : __atomic_load_n(&table.root->pages[fd / TABLE_PAGE], __ATOMIC_ACQUIRE);
	return page ? &page[fd % TABLE_PAGE] : NULL;
}

bool table_set(int fd, struct conn *conn)
{
	struct conn **slot = slot_of((uint32_t)fd, conn);
	if (!slot)
		return false;
	if (conn)
		raise_top((uint32_t)fd + 1);
	__atomic_store_n(slot, conn, __ATOMIC_RELEASE);
	return true;
}

bool table_has(int fd)
{
	return slot_of((uint32_t)fd, false);
}

bool table_clear(int fd, struct conn *conn)
{
	struct conn **slot = slot_of((uint32_t)fd, false);
	return slot && __atomic_compare_exchange_n(slot, &conn, NULL, false, __ATOMIC_ACQ_REL,
						   __ATOMIC_RELAXED);
}
