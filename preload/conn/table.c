/* SPDX-License-Identifier: MIT */
#include "table.h"

struct table table;

struct conn *table_set(int fd, struct conn *conn)
{
	if ((uint32_t)fd >= table.len)
		return NULL;
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	while (conn && top <= (uint32_t)fd) {
		if (__atomic_compare_exchange_n(&table.top, &top, (uint32_t)fd + 1, true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
	}
	return __atomic_exchange_n(&table.slots[fd], conn, __ATOMIC_ACQ_REL);
}

void table_place(struct conn **slots, uint32_t len)
{
	table.slots = slots;
	__atomic_store_n(&table.len, len, __ATOMIC_RELEASE);
}
