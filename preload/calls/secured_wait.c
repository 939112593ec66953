/* SPDX-License-Identifier: MIT */
#include "secured_wait.h"

#include "../conn/secured.h"
#include "../conn/table.h"
#include "../os/epoll.h"
#include "../rescue/rescue.h"

static uint64_t in_ms(const struct timespec *timeout)
{
	if (!timeout || timeout->tv_sec >= INT32_MAX / 1000)
		return UINT64_MAX;
	return (uint64_t)timeout->tv_sec * 1000 + (uint64_t)timeout->tv_nsec / 1000000;
}

static bool is_held_up(const struct conn *conn)
{
	const struct wire_carrier *carrier = conn_is_secured(conn) ? conn->secured->carrier : NULL;
	return carrier && conn->busy && !rescue_has_failed(conn) && carrier->is_here(conn);
}

bool secured_lets_go(int fd, const struct timespec *timeout)
{
	struct conn *conn = fd < 0 ? NULL : table_find(fd);
	if (!conn || !(conn->care & CARE_SECURED) || !conn_lock(conn, fd))
		return false;
	bool lets_go = is_held_up(conn);
	if (lets_go)
		conn->secured->patience_ms = in_ms(timeout);
	conn_unlock(conn);
	return lets_go;
}

static bool is_in(const struct conn *conn, int epfd)
{
	for (int i = 0; i < conn->registration_count; i++) {
		if (conn_registration(conn, i)->epfd == epfd ||
		    os_epoll_same(conn_registration(conn, i)->epfd, epfd))
			return true;
	}
	return false;
}

bool secured_lets_go_of_set(int epfd, const struct timespec *timeout)
{
	uint32_t top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	for (uint32_t fd = 0; fd < top; fd++) {
		const struct conn *conn = table_find((int)fd);
		if (conn && conn->care & CARE_SECURED && conn->busy && is_in(conn, epfd) &&
		    secured_lets_go((int)fd, timeout))
			return true;
	}
	return false;
}
