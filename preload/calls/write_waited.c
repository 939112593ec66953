/* SPDX-License-Identifier: MIT */
/*
 * Writing once the call has waited: to the very socket, by a number of our own. That is not kept
 * open while a thread could be cancelled, for nobody would close it then.
 */
#include <errno.h>
#include <poll.h>

#include "../conn/end.h"
#include "../conn/own.h"
#include "../os/cancel.h"
#include "../os/sys.h"
#include "../wire/socket.h"
#include "sending.h"

/*
 * Waits for room in *socket, which may have another number then. Returns a negative errno if there
 * is none to be had: the time is over, a signal came, or the connection is gone.
 */
static int await_room(struct handle *handle, int *socket, bool begun)
{
	int ready = handle_await(handle, *socket, POLLOUT);
	if (ready < 0)
		return ready;
	bool is_there = handle_has(handle, *socket);
	/* Nor is a thread cancelled in the kernel that has written something. */
	if (is_there && (ready || begun))
		return 1;
	*socket = handle_let_cancel(handle, *socket);
	return *socket < 0 ? -ECONNRESET : 1;
}

/*
 * As the kernel does it, but in what is left of the program's time: SO_SNDTIMEO counts anew for
 * each of the kernel's calls. What has been taken when that is over counts.
 */
static ssize_t write_in_time(struct sending *s, int *socket)
{
	const struct write_call *call = s->call;
	const int flags = call->flags | MSG_NOSIGNAL | MSG_DONTWAIT;
	ssize_t sent = 0;
	for (int i = 0; i < call->count; i++) {
		const char *bytes = call->iov[i].iov_base;
		for (size_t left = call->iov[i].iov_len; left;) {
			long taken = sys6(sendto, *socket, bytes, left, flags, 0, 0);
			if (taken == -EAGAIN &&
			    (taken = await_room(&s->handle, socket, sent != 0)) > 0)
				continue;
			if (taken < 0) {
				set_errno((int)-taken);
				return sent ? sent : -1;
			}
			bytes += taken;
			left -= (size_t)taken;
			sent += taken;
		}
	}
	return sent;
}

COLD bool sending_write_waited(struct sending *s)
{
	struct handle *handle = &s->handle;
	int socket = handle_socket(handle);
	if (socket < 0)
		return false;
	bool waits = sending_may_wait(handle->conn, s->call);
	if (waits && !handle->end_ms)
		handle_begin_wait(handle, wire_send_timeout_ms(socket));
	conn_unlock(handle->conn);
	s->result =
	    waits ? write_in_time(s, &socket) : UNCANCELLED(s->call->quiet(s->call, socket));
	conn_own_close(socket);
	return true;
}
