/* SPDX-License-Identifier: MIT */
#include "hear.h"

#include "../conn/registrations.h"
#include "../conn/table.h"
#include "../os/epoll.h"
#include "dial.h"
#include "place.h"

static bool is_unheard(const struct conn *conn)
{
	return conn->busy && conn->rescue->placed && conn->rescue->nonblocking &&
	       rescue_is_dial(conn->rescue) && !conn->registration_count;
}

void rescue_hear_begin(const struct conn *conn)
{
	if (is_unheard(conn))
		__atomic_store_n(&os_last_epoll_set, -1, __ATOMIC_RELAXED);
}

/* Returns whether it is in no set that is known of. */
static bool look(struct conn *conn, int epfd)
{
	if (!is_unheard(conn))
		return false;
	conn_registrations_find_in(conn, epfd);
	if (!conn->registration_count)
		return true;
	conn_registrations_take(conn);
	conn_registrations_put(conn, true);
	return false;
}

void rescue_hear(int epfd)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	bool more = false;
	for (uint32_t fd = 0; fd < top && rescue_any_placed(); fd++) {
		struct conn *conn = table_find((int)fd);
		if (!conn || !__atomic_load_n(&conn->rescue, __ATOMIC_RELAXED) ||
		    !conn_lock(conn, (int)fd))
			continue;
		more = look(conn, epfd) || more;
		conn_unlock(conn);
	}
	if (more)
		__atomic_store_n(&os_last_epoll_set, -1, __ATOMIC_RELAXED);
}
