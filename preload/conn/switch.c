/* SPDX-License-Identifier: MIT */
#include "switch.h"

#include "../process/config.h"
#include "conn.h"
#include "table.h"

enum { TRIES = 200 };

/*
 * What connections are asked for from their start (CARE_IDLE, CARE_READERS) cannot be made up for:
 * a thread that is inside a read by now was not counted, and would read on from a socket that is
 * no more in its place. A status can be looked at
 * at any time. A thread that is inside for so long is in a rescue, and the connection stays as it
 * is.
 */
static void look_at_statuses(struct conn *conn)
{
	uintptr_t self = sys_self(), owner = 0;
	for (int i = 0; i < TRIES; i++) {
		owner = 0;
		if (__atomic_compare_exchange_n(&conn->lock, &owner, self, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED) ||
		    owner == self)
			break;
		sys0(sched_yield);
	}
	if (owner && owner != self)
		return;
	if (conn->fd >= 0)
		conn->care |= CARE_STATUSES;
	if (!owner)
		conn_unlock(conn);
}

void conn_take_switch(void)
{
	if (!switch_take() || !(config.policy->uses & POLICY_USES_STATUSES))
		return;
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (uint32_t fd = 0; fd < top; fd++) {
		struct conn *conn = table_find((int)fd);
		if (conn && conn != &conn_own)
			look_at_statuses(conn);
	}
}
