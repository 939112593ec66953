/* SPDX-License-Identifier: MIT */
#include "handle.h"

#include "../os/clock.h"
#include "own.h"

bool handle_lock_any(const struct handle *handle)
{
	struct conn *conn = handle->conn;
	for (int tried = -1;;) {
		int fd = __atomic_load_n(&conn->fd, __ATOMIC_RELAXED);
		if (fd < 0 || fd == tried ||
		    __atomic_load_n(&conn->life, __ATOMIC_RELAXED) != handle->life)
			return false;
		if (!conn_lock(conn, fd)) {
			tried = fd; /* unless it has lost that one as well */
			continue;
		}
		if (conn->life == handle->life)
			return true;
		conn_unlock(conn);
		return false;
	}
}

int handle_socket(const struct handle *handle)
{
	return conn_own_dup_of(handle->conn->fd, handle->conn->cookie);
}

void handle_begin_wait(struct handle *handle, uint64_t limit_ms)
{
	uint64_t now = os_now_ms();
	handle->end_ms = limit_ms < UINT64_MAX - now ? now + limit_ms : UINT64_MAX;
}

uint64_t handle_left_ms(const struct handle *handle)
{
	if (handle->end_ms == UINT64_MAX)
		return UINT64_MAX;
	uint64_t now = os_now_ms();
	return now < handle->end_ms ? handle->end_ms - now : 0;
}
