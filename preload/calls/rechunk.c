/* SPDX-License-Identifier: MIT */
#include "rechunk.h"

#include <errno.h>

#include "../conn/end.h"
#include "../conn/resume.h"
#include "../conn/turns.h"
#include "../os/copy.h"
#include "../os/watcher.h"
#include "../rescue/held.h"
#include "../rescue/machine.h"
#include "../rescue/place.h"
#include "../rescue/rescue.h"
#include "../rescue/resume.h"
#include "../wire/socket.h"
#include "hold.h"

enum { WASTE = 4096 };

/* The tracker follows what the program gets, as long as it can. */
static void follow(struct conn *conn, const void *bytes, size_t len)
{
	struct iovec piece = {(void *)bytes, len};
	if (!conn->rescue->off_track && !conn_given(conn, &piece, 1, len))
		conn->rescue->off_track = true;
}

/* Text into `at`, or nowhere. Returns the bytes, or -EFAULT. */
static long give_text(struct conn *conn, void *at, size_t room, bool peek)
{
	struct http1_chunks *chunks = &conn_resume(conn)->chunks;
	char copy[HTTP1_CHUNKS_TEXT_MAX];
	const char *text;
	size_t left = http1_chunks_text(chunks, &text);
	size_t len = left < room ? left : room;
	if (at && !copy_out(at, text, len))
		return -EFAULT;
	if (peek)
		return (long)len;
	__builtin_memcpy(copy, text, len);
	http1_chunks_given(chunks, len);
	follow(conn, copy, len);
	return (long)len;
}

/* Data, no byte beyond what is framed. Returns the bytes, or a negative errno. */
static long give_data(struct conn *conn, void *at, size_t room, bool peek)
{
	struct conn_resume *resume = conn_resume(conn);
	uint64_t left = http1_chunks_data(&resume->chunks);
	size_t len = left < room ? (size_t)left : room;
	int fd = rescue_dead_socket(conn);
	char waste[WASTE];
	if (!at && len > WASTE)
		len = WASTE;
	/* Asked first: the error that follows the bytes is for a read of the program's. */
	if (!wire_has_unread(fd))
		return -EAGAIN;
	long got =
	    peek ? wire_peek(fd, at ? at : waste, len) : wire_receive(fd, at ? at : waste, len);
	if (got <= 0)
		return got ? got : -EAGAIN;
	if (peek)
		return got;
	conn->received += (uint64_t)got;
	resume->data += (uint64_t)got;
	http1_chunks_given(&resume->chunks, (uint64_t)got);
	follow(conn, at ? at : waste, (size_t)got);
	return got;
}

/* Is there anything left for the program? *text: it is here, not at the socket. */
static bool has_more(const struct conn *conn, bool *text)
{
	const struct http1_chunks *chunks = &conn_resume(conn)->chunks;
	const char *at;
	*text = http1_chunks_text(chunks, &at) != 0;
	return *text || http1_chunks_data(chunks);
}

/* One piece of the program's buffers. Returns how much of it was filled; *error: or why not. */
static size_t fill_piece(struct conn *conn, const struct iovec *piece, int flags, int *error)
{
	size_t filled = 0;
	bool text, peek = flags & MSG_PEEK;
	*error = 0;
	while (filled < piece->iov_len && has_more(conn, &text)) {
		/* tcp(7) */
		char *at = flags & MSG_TRUNC ? NULL : (char *)piece->iov_base + filled;
		long got = text ? give_text(conn, at, piece->iov_len - filled, peek)
				: give_data(conn, at, piece->iov_len - filled, peek);
		if (got < 0) {
			*error = (int)-got;
			break;
		}
		filled += (size_t)got;
		if (peek) {
			*error = EAGAIN; /* what is behind it would have to be looked at as well */
			break;
		}
	}
	return filled;
}

/* Waits, as long as the call may, until there is more. Leaves without the lock. */
static enum attended await_more(struct reading *r)
{
	struct handle *handle = &r->handle;
	struct conn *conn = handle->conn;
	int fd = conn->fd, ready = 0;
	bool waits = reading_may_wait(r);
	uint64_t left_ms = 0;
	if (waits && !handle->end_ms)
		handle_begin_wait(handle, wire_receive_timeout_ms(fd));
	handle->waited = true;
	handle->error = ECONNRESET;
	conn_unlock(conn);
	do {
		left_ms = waits ? handle_left_ms(handle) : 0;
		ready = left_ms ? os_wait(fd, handle_slice_ms(left_ms)) : 0;
	} while (ready == -EINTR && left_ms == UINT64_MAX && os_restarts());
	if (ready > 0 || (!ready && left_ms))
		return READ_AGAIN;
	r->result = -1;
	set_errno(ready == -EINTR ? EINTR : EAGAIN);
	return DELIVER;
}

/* Nothing has come of the data that is next. Leaves without the lock. */
static enum attended go_without(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	int fd = rescue_dead_socket(conn);
	/* Asked in this order: behind its end nothing more comes. */
	if (!wire_is_dead(fd) || wire_has_unread(fd))
		return await_more(r);
	bool off_track = conn->rescue->off_track;
	rescue_resume_framed(conn);
	if (off_track)
		conn_end(conn, WHY_TOLD);
	else
		conn_unlock(conn);
	return READ_ON; /* the real call tells of the end, which may be another break */
}

/* The program has had something. Leaves without the lock. */
static enum attended leave(struct conn *conn)
{
	bool text;
	if (has_more(conn, &text)) {
		if (text) {
			held_leave_rest(conn);
		} else {
			rescue_unplace(conn);
			conn->busy = false;
		}
		conn_unlock(conn);
		return DELIVER;
	}
	bool off_track = conn->rescue->off_track;
	rescue_resume_framed(conn);
	if (off_track) {
		conn_end(conn, WHY_TOLD);
		return DELIVER;
	}
	if (conn->unsent)
		conn_send_next(conn);
	conn_unlock(conn);
	return DELIVER;
}

enum attended rechunk_give(struct reading *r)
{
	const struct read_call *call = r->call;
	struct conn *conn = r->handle.conn;
	size_t given = 0;
	int error = 0;
	r->cookie = conn->cookie;
	for (int i = 0; i < call->count && !error; i++)
		given += fill_piece(conn, &call->iov[i], call->flags, &error);
	r->result = (ssize_t)given;
	if (given)
		hold_fill_message(call);
	if (given || !error)
		return leave(conn);
	if (error == EAGAIN || error == EINTR)
		return go_without(r);
	conn_unlock(conn);
	r->result = -1;
	set_errno(error);
	return DELIVER;
}
