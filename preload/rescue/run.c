/* SPDX-License-Identifier: MIT */
/* The rescue machine for callers that may block. */
#include <errno.h>
#include <poll.h>

#include "../conn/end.h"
#include "../os/clock.h"
#include "../os/watcher.h"
#include "../wire/socket.h"
#include "machine.h"
#include "watch.h"

/*
 * Waits for the watcher at fd. That may be another thread's file by now, from which polling takes
 * nothing: the lock tells afterwards. A read that nothing has befallen is left as libc's own is, if
 * the thread is cancelled.
 */
static int wait_for(int fd, bool watched, uint64_t limit_ms)
{
	return watched ? os_wait_cancellably(fd, POLLIN, limit_ms) : os_wait(fd, limit_ms);
}

/* How long the program lets the call wait; UINT64_MAX without end. */
static uint64_t limit_of(const struct conn *conn, enum rescue_limit limit)
{
	int fd = rescue_dead_socket(conn);
	return limit == RESCUE_WRITES ? wire_send_timeout_ms(fd) : wire_receive_timeout_ms(fd);
}

/* A call with a time limit of its own is never restarted (signal(7)). */
static bool is_interrupted(const struct handle *handle, enum rescue_limit limit, int ready)
{
	bool limited = limit != RESCUE_PEEPS && handle->end_ms != UINT64_MAX;
	return ready == -EINTR && (limited || !os_restarts());
}

enum rescue_result rescue_run(struct handle *handle, enum rescue_limit limit)
{
	struct conn *conn = handle->conn;
	const uint32_t epoch = conn->epoch;
	for (;;) {
		enum rescue_result result = rescue_step(conn);
		if (result == RESCUE_LOST)
			conn_end(conn, WHY_LOST);
		if (result != RESCUE_UNDER_WAY)
			return result;
		if (!handle->end_ms) /* asked now: most rescues never have to wait */
			handle_begin_wait(handle, limit_of(conn, limit));
		uint64_t left_ms = handle_left_ms(handle);
		bool watched = rescue_is_watched(conn);
		if (!left_ms || (watched && limit == RESCUE_WRITES))
			return RESCUE_UNDER_WAY;
		handle->waited = true;
		int fd = conn->fd;
		conn_unlock(conn);
		int ready = wait_for(fd, watched, handle_slice_ms(left_ms));
		if (!handle_lock_any(handle))
			return RESCUE_GONE;
		if (!conn->busy) /* another thread has finished it */
			return conn->epoch != epoch ? RESCUE_DONE : RESCUE_RESTORED;
		if (is_interrupted(handle, limit, ready))
			return RESCUE_INTERRUPTED;
	}
}
