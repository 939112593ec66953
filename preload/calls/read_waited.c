/* SPDX-License-Identifier: MIT */
/*
 * Reading once the call has waited: from the very socket, by a number of our own. That is not kept
 * open while a thread could be cancelled, for nobody would close it then.
 */
#include <errno.h>
#include <poll.h>

#include "../conn/own.h"
#include "../os/cancel.h"
#include "../os/copy.h"
#include "../os/real.h"
#include "../wire/socket.h"
#include "reading.h"

/* The call as it is, but that it does not wait. */
static ssize_t read_at_once(const struct read_call *call, int socket)
{
	int flags = call->flags | MSG_DONTWAIT;
	struct msghdr message = {
	    .msg_iov = (struct iovec *)call->iov,
	    .msg_iovlen = (size_t)call->count,
	};
	bool one = !call->message && call->count == 1 &&
		   copy_can_read(call->iov, sizeof(*call->iov));
	if (call->addr || one)
		return real.recvfrom(socket, call->iov->iov_base, call->iov->iov_len, flags,
				     call->addr, call->addr_len);
	return real.recvmsg(socket, call->message ? call->message : &message, flags);
}

/* What a look at the socket comes to. */
enum seen { NOTHING_YET, KERNELS_WORD, TAKEN };

static enum seen look(struct reading *r, int socket, bool waits)
{
	int ready = waits ? handle_await(&r->handle, socket, POLLIN) : 1;
	if (!ready)
		return NOTHING_YET;
	if (ready > 0 && waits && !handle_has(&r->handle, socket))
		return TAKEN;
	if (ready > 0) {
		r->result = UNCANCELLED(read_at_once(r->call, socket));
		/* Another thread was faster. */
		bool anew = waits && r->result < 0 && get_errno() == EAGAIN;
		return anew ? NOTHING_YET : KERNELS_WORD;
	}
	r->result = -1;
	set_errno(-ready);
	return KERNELS_WORD;
}

/* Returns the number, or a negative one: look anew, or (*over) the connection is gone. */
static int begin(struct reading *r, bool *over, bool *waits)
{
	struct handle *handle = &r->handle;
	struct conn *conn = handle->conn;
	*over = true;
	if (!handle_lock(handle))
		return -1;
	*over = !conn->busy;
	*waits = *over && !(r->call->flags & MSG_DONTWAIT) && reading_may_wait(r);
	int socket = *over ? handle_socket(handle) : -1;
	if (*waits && !handle->end_ms && socket >= 0)
		handle_begin_wait(handle, wire_receive_timeout_ms(socket));
	conn_unlock(conn);
	return socket;
}

bool reading_read_waited(struct reading *r, bool *over)
{
	bool waits = false;
	enum seen seen = NOTHING_YET;
	int socket = begin(r, over, &waits);
	while (socket >= 0 && (seen = look(r, socket, waits)) == NOTHING_YET) {
		socket = handle_let_cancel(&r->handle, socket);
		*over &= socket >= 0; /* else it is seen next time why not */
	}
	conn_own_close(socket);
	if (seen == KERNELS_WORD)
		return true;
	*over &= seen != TAKEN;
	if (*over)
		reading_gone(r);
	return false;
}

static ssize_t real_piece(const struct read_call *call, int fd)
{
	return real.recv(fd, call->iov->iov_base, call->iov->iov_len, call->flags);
}

/* More for a call that has got something, and waits for all that it asked for. */
static ssize_t read_piece(const struct reading *whole, const struct read_call *call)
{
	struct reading r = *whole;
	r.call = call;
	r.handle.waited = true;
	if (handle_lock(&r.handle)) {
		conn_unlock(r.handle.conn);
		return reading_more(&r);
	}
	/* Redial's part in it is over, but the socket may be there. */
	int socket = conn_own_dup(call->fd);
	ssize_t got = wire_cookie(socket) == r.cookie ? real_piece(call, socket) : 0;
	conn_own_close(socket);
	return got;
}

ssize_t reading_rest(const struct reading *r)
{
	const struct read_call *call = r->call;
	ssize_t result = r->result;
	size_t given = result > 0 ? (size_t)result : 0;
	if (!given || call->flags & (MSG_PEEK | MSG_DONTWAIT))
		return result;
	int kept = get_errno();
	for (int i = 0; i < call->count; i++) {
		size_t done = given < call->iov[i].iov_len ? given : call->iov[i].iov_len;
		struct iovec rest = {(char *)call->iov[i].iov_base + done,
				     call->iov[i].iov_len - done};
		struct read_call more = {.real = real_piece,
					 .fd = call->fd,
					 .flags = call->flags,
					 .iov = &rest,
					 .count = 1};
		given -= done;
		if (!rest.iov_len)
			continue;
		ssize_t got = read_piece(r, &more);
		result += got > 0 ? got : 0;
		if (got != (ssize_t)rest.iov_len)
			break;
	}
	set_errno(kept);
	return result;
}
