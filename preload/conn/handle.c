/* SPDX-License-Identifier: MIT */
#include "handle.h"

#include <errno.h>
#include <poll.h>

#include "../os/clock.h"
#include "../os/watcher.h"
#include "../wire/socket.h"
#include "own.h"

bool handle_lock_any(const struct handle *handle)
{
	struct conn *conn = handle->conn;
	for (int tried = -1;;) {
		int fd = __atomic_load_n(&conn->fd, __ATOMIC_ACQUIRE);
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

int handle_socket(struct handle *handle)
{
	handle->cookie = handle->conn->cookie;
	return conn_own_dup_of(handle->conn->fd, handle->conn->cookie);
}

bool handle_has(const struct handle *handle, int socket)
{
	return wire_cookie(socket) == handle->cookie;
}

int handle_let_cancel(struct handle *handle, int socket)
{
	if (!handle_lock_any(handle)) {
		os_cancellation_point();
		return socket;
	}
	conn_unlock(handle->conn);
	conn_own_close(socket);
	os_cancellation_point();
	if (!handle_lock_any(handle))
		return -EBADF;
	socket = handle->conn->busy ? -EBADF : handle_socket(handle);
	conn_unlock(handle->conn);
	return socket;
}

/*
 * How long a thread that is cancelled goes on waiting: never longer than it has waited before. Past
 * the last of them it can be cancelled in the wait, and our number of the socket stays open then.
 */
enum { SLICE_MIN_MS = 500, SLICE_MAX_MS = 64000 };

int handle_await(struct handle *handle, int socket, short events)
{
	uint64_t left_ms = handle_left_ms(handle);
	bool scarce = events == POLLOUT && os_has_room(socket);
	uint64_t most_ms = scarce ? OS_SCARCE_MS : handle->slice_ms;
	uint64_t slice_ms = most_ms < left_ms ? most_ms : left_ms;
	bool is_last = !scarce && handle->slice_ms > SLICE_MAX_MS;
	int ready = is_last ? os_wait_cancellably(socket, events, left_ms)
			    : os_wait_for(socket, scarce ? 0 : events, slice_ms);
	handle->slice_ms *= is_last || scarce ? 1 : 2;
	if (ready == -EINTR && left_ms == UINT64_MAX && os_restarts())
		return 0;
	return ready || (!is_last && slice_ms < left_ms) ? ready : -EAGAIN;
}

void handle_begin_wait(struct handle *handle, uint64_t limit_ms)
{
	handle->slice_ms = SLICE_MIN_MS;
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
