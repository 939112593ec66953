/* SPDX-License-Identifier: MIT */
/* The rescue machine for callers that may block. */
#include <errno.h>
#include <poll.h>

#include "../conn/end.h"
#include "../os/clock.h"
#include "../os/real.h"
#include "../os/watcher.h"
#include "../wire/socket.h"
#include "machine.h"
#include "watch.h"

/*
 * Waits for the watcher at fd. That may be another thread's file by now, from which polling takes
 * nothing: the lock tells afterwards. A read that nothing has befallen is left as libc's own is, if
 * the thread is cancelled: by poll of libc's.
 */
static int wait_for(int fd, bool watched, uint64_t limit_ms)
{
	struct pollfd watcher = {.fd = fd, .events = POLLIN};
	if (!watched)
		return os_wait(fd, limit_ms);
	int kept = get_errno();
	int ready = real.poll(&watcher, 1, (int)limit_ms);
	int error = ready < 0 ? -get_errno() : ready;
	set_errno(kept);
	return error;
}

/* How long the program lets the call wait; UINT64_MAX without end. */
static uint64_t limit_of(const struct conn *conn, enum rescue_limit limit)
{
	if (limit == RESCUE_PEEPS)
		return UINT64_MAX;
	int fd = rescue_dead_socket(conn);
	return limit == RESCUE_READS ? wire_receive_timeout_ms(fd) : wire_send_timeout_ms(fd);
}

enum rescue_result rescue_run(struct conn *conn, enum rescue_limit limit, bool *waited)
{
	/*
	 * In slices, for a thread may close the descriptor meanwhile by a raw system call, and
	 * nothing would wake this one. Long ones: a signal between two of them interrupts nothing.
	 */
	enum { SLICE_MS = 500 };
	const int fd = conn->fd;
	const uint32_t life = conn->life, epoch = conn->epoch;
	uint64_t limit_ms = 0, end = 0;
	for (;;) {
		enum rescue_result result = rescue_step(conn);
		if (result == RESCUE_LOST)
			conn_end(conn, WHY_LOST);
		if (result != RESCUE_UNDER_WAY)
			return result;
		uint64_t now = os_now_ms();
		if (!end) { /* asked now: most rescues never have to wait */
			limit_ms = limit_of(conn, limit);
			end = limit_ms == UINT64_MAX ? UINT64_MAX : now + limit_ms;
		}
		bool watched = rescue_is_watched(conn);
		if (now >= end || (watched && limit == RESCUE_WRITES))
			return RESCUE_UNDER_WAY;
		*waited = true;
		conn_unlock(conn);
		int ready = wait_for(fd, watched, end - now < SLICE_MS ? end - now : SLICE_MS);
		if (!conn_lock(conn, fd))
			return RESCUE_GONE;
		if (conn->life != life) {
			conn_unlock(conn);
			return RESCUE_GONE;
		}
		if (!conn->busy) /* another thread has finished it */
			return conn->epoch != epoch ? RESCUE_DONE : RESCUE_RESTORED;
		if (ready == -EINTR && (limit_ms != UINT64_MAX || !os_restarts()))
			return RESCUE_INTERRUPTED;
	}
}
