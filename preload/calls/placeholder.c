/* SPDX-License-Identifier: MIT */
#include "placeholder.h"

#include "../conn/end.h"
#include "../conn/table.h"
#include "../os/arena.h"
#include "../os/real.h"
#include "../rescue/place.h"
#include "../rescue/yield.h"

TRACKED bool call_has_lost_number(struct conn *conn)
{
	if (!conn->rescue || !arena_is_ours() || !rescue_is_displaced(conn))
		return false;
	conn_end(conn, WHY_LOST);
	return true;
}

TRACKED struct conn *call_find_busy(int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || !__atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE) || !arena_is_ours() ||
	    !conn_lock(conn, fd))
		return NULL;
	if (conn->busy)
		return call_has_lost_number(conn) ? NULL : conn;
	conn_unlock(conn);
	return NULL;
}

TRACKED struct conn *call_hold_still(int fd, int *socket)
{
	struct conn *conn = table_find(fd);
	*socket = fd;
	if (!conn || !conn_lock(conn, fd))
		return NULL;
	if (!conn->busy)
		return conn;
	if (!arena_is_ours()) {
		conn_unlock(conn);
		return NULL;
	}
	if (call_has_lost_number(conn))
		return NULL;
	*socket = rescue_dead_socket(conn);
	return conn;
}

TRACKED bool call_is_busy(int fd)
{
	struct conn *conn = call_find_busy(fd);
	if (conn)
		conn_unlock(conn);
	return conn;
}

bool call_is_refused(int fd, int error)
{
	bool busy = call_is_busy(fd);
	if (busy)
		set_errno(error);
	return busy;
}

TRACKED void call_end_rescue(int fd, enum reason why)
{
	struct conn *conn = call_find_busy(fd);
	if (!conn)
		return;
	rescue_yield(conn, why);
	conn_unlock(conn);
}

TRACKED void call_let_go(int fd)
{
	if (arena_is_ours())
		conn_end_fd(fd, WHY_PASSED);
}

ssize_t call_read_nothing(struct conn *conn, const struct read_call *call)
{
	if (__atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE) && (conn = call_find_busy(call->fd))) {
		conn_unlock(conn);
		return 0;
	}
	return call->real(call, call->fd);
}

ssize_t call_read_beside(const struct read_call *call)
{
	struct conn *conn = call_find_busy(call->fd);
	ssize_t result = call->real(call, conn ? rescue_dead_socket(conn) : call->fd);
	if (conn)
		conn_unlock(conn);
	return result;
}
