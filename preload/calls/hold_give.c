/* SPDX-License-Identifier: MIT */
/* Giving the program a response that was held back. */
#include <errno.h>

#include "hold.h"
#include "../conn/end.h"
#include "../conn/idle.h"
#include "../wire/socket.h"
#include "../os/watcher.h"
#include "../os/mem.h"
#include "../rescue/machine.h"
#include "../rescue/place.h"
#include "../rescue/rescue.h"

/* Fills the program's buffers with what is left. Returns the bytes given. */
static size_t fill(struct rescue *rescue, const struct read_call *call)
{
	size_t given = 0;
	for (int i = 0; i < call->count; i++) {
		size_t left = rescue->answer_len - rescue->answer_given - given;
		size_t piece = call->iov[i].iov_len < left ? call->iov[i].iov_len : left;
		if (!(call->flags & MSG_TRUNC)) /* which throws bytes away (tcp(7)) */
			memcpy(call->iov[i].iov_base, rescue->answer + rescue->answer_given + given,
			       piece);
		given += piece;
	}
	return given;
}

/* What else a read from a connected stream tells: no address, no control data, no flags. */
static void fill_message(const struct read_call *call)
{
	if (call->addr && call->addr_len)
		*call->addr_len = 0;
	if (call->message) {
		call->message->msg_namelen = 0;
		call->message->msg_controllen = 0;
		call->message->msg_flags = 0;
	}
}

/*
 * The program has not taken all. Its poll has to tell it that there is more: if the socket does
 * not, a watcher does whose timer is over. One that has ended does, whatever is read from it.
 */
static void leave_rest(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	conn->care |= CARE_HOLDING;
	if (!rescue->placed && !wire_is_dead(conn->fd) && !wire_has_unread(conn->fd))
		rescue_place(conn);
	if (rescue->placed)
		os_timer_set(rescue->timer, 0);
	conn->busy = rescue->placed;
}

/*
 * The rest of the response, as far as it has come: a program that gets less than it has room for
 * may take it that there is no more for now (epoll(7)). Returns how much more was given. Leaves
 * without the lock.
 */
static size_t top_up(struct conn *conn, const struct read_call *call, size_t given)
{
	size_t more = 0;
	for (int i = 0; i < call->count && conn->flags & CONN_ANSWERING; i++) {
		struct iovec rest = call->iov[i];
		size_t done = given < rest.iov_len ? given : rest.iov_len;
		given -= done;
		rest.iov_base = (char *)rest.iov_base + done;
		rest.iov_len -= done;
		/* Asked first: the error that follows the bytes is for a read of the program's. */
		if (rest.iov_len && !wire_has_unread(conn->fd))
			break;
		long got = rest.iov_len ? wire_receive(conn->fd, rest.iov_base, rest.iov_len) : 0;
		if (got > 0 && !conn_received(conn, &rest, 1, (size_t)got)) {
			rescue_note_answer(conn);
			conn_end(conn, WHY_PASSED);
			return more + (size_t)got;
		}
		rescue_note_answer(conn);
		more += got > 0 ? (size_t)got : 0;
	}
	conn_unlock(conn);
	return more;
}

/* The program has had all that was held back. Leaves without the lock. */
static enum attended end_giving(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	struct rescue *rescue = conn->rescue;
	int error = rescue->answer_end;
	size_t given = (size_t)r->result;
	if (error && given) {
		conn->care |= CARE_HOLDING; /* for its next read */
		conn_unlock(conn);
		return DELIVER;
	}
	if (rescue->off_track || error) {
		bool lost = !error && !given && r->handle.waited;
		conn_end(conn, WHY_TOLD);
		if (lost)
			return reading_gone(r);
		if (!error)
			return given ? DELIVER : READ_ON;
		r->result = -1;
		set_errno(error);
		return DELIVER;
	}
	rescue_unplace(conn);
	rescue_free(conn);
	if (!given) {
		conn_unlock(conn);
		return READ_ON;
	}
	r->result += (ssize_t)top_up(conn, r->call, given);
	return DELIVER;
}

enum attended hold_give(struct reading *r)
{
	const struct read_call *call = r->call;
	struct conn *conn = r->handle.conn;
	struct rescue *rescue = conn->rescue;
	bool peek = call->flags & MSG_PEEK;
	size_t given = fill(rescue, call);
	r->cookie = conn->cookie;
	conn->busy = false;
	conn->care &= (uint8_t)~CARE_HOLDING;
	r->result = (ssize_t)given;
	conn->flags |= CONN_ANSWERING;
	if (given)
		fill_message(call);
	if (given && !peek) {
		if (conn->care & CARE_IDLE && !rescue->off_track)
			idle_note(conn, call->iov, call->count, given);
		if (!rescue->off_track && !conn_given(conn, call->iov, call->count, given))
			rescue->off_track = true;
		rescue_note_answer(conn);
		rescue->answer_given += (uint32_t)given;
	}
	if (rescue->answer_given == rescue->answer_len)
		return end_giving(r);
	leave_rest(conn);
	conn_unlock(conn);
	return DELIVER;
}
