/* SPDX-License-Identifier: MIT */
/* The rescue machine for callers that may block. */
#include <errno.h>
#include <poll.h>

#include "../wire/socket.h"
#include "../os/clock.h"
#include "../os/watcher.h"
#include "../os/real.h"
#include "machine.h"
#include "watch.h"

/*
 * Waits for the watcher at fd. A read that nothing has befallen is left as libc's own is, if the
 * thread is cancelled: by poll of libc's.
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

static enum rescue_result run(struct conn *conn, bool timed, bool until_out)
{
	/*
	 * In slices, for a thread may close the descriptor meanwhile by a raw system call, and
	 * nothing would wake this one. Long ones: a signal between two of them interrupts nothing.
	 */
	enum { SLICE_MS = 500 };
	int fd = conn->fd;
	uint32_t epoch = conn->epoch;
	uint64_t limit_ms = UINT64_MAX, end = UINT64_MAX;
	for (;;) {
		enum rescue_result result = rescue_step(conn);
		if (result == RESCUE_LOST)
			conn_forget(conn);
		if (result != RESCUE_UNDER_WAY)
			return result;
		uint64_t now = os_now_ms();
		if (timed) { /* asked now: most rescues never have to wait */
			limit_ms = wire_receive_timeout_ms(rescue_dead_socket(conn));
			end = limit_ms == UINT64_MAX ? UINT64_MAX : now + limit_ms;
			timed = false;
		}
		bool watched = rescue_is_watched(conn);
		if (now >= end || (watched && until_out))
			return RESCUE_UNDER_WAY;
		conn_unlock(conn);
		int ready = wait_for(fd, watched, end - now < SLICE_MS ? end - now : SLICE_MS);
		if (!conn_lock(conn, fd))
			return RESCUE_GONE;
		if (!conn->busy) /* another thread has finished it */
			return conn->epoch != epoch ? RESCUE_DONE : RESCUE_RESTORED;
		if (ready == -EINTR && (limit_ms != UINT64_MAX || !os_restarts()))
			return RESCUE_INTERRUPTED;
	}
}

enum rescue_result rescue_run(struct conn *conn, bool timed)
{
	return run(conn, timed, false);
}

enum rescue_result rescue_run_out(struct conn *conn)
{
	return run(conn, false, true);
}
