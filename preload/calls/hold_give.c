/* SPDX-License-Identifier: MIT */
/* Giving the program a response that was held back. */
#include <errno.h>

#include "hold.h"
#include "../conn/end.h"
#include "../conn/registrations.h"
#include "../conn/resume.h"
#include "../wire/socket.h"
#include "../os/copy.h"
#include "../rescue/machine.h"
#include "../rescue/place.h"
#include "../rescue/held.h"
#include "../rescue/rescue.h"
#include "../rescue/status.h"
#include "rechunk.h"

bool hold_fill_message(const struct read_call *call)
{
	const socklen_t none = 0;
	const size_t no_control = 0;
	const int no_flags = 0;
	struct msghdr *message = call->message;
	if (call->addr && !copy_out(call->addr_len, &none, sizeof(none)))
		return false;
	return !message || (copy_out(&message->msg_namelen, &none, sizeof(none)) &&
			    copy_out(&message->msg_controllen, &no_control, sizeof(no_control)) &&
			    copy_out(&message->msg_flags, &no_flags, sizeof(no_flags)));
}

/*
 * Fills the program's buffers with what is left. Returns the bytes given, or -1 if they are not
 * there: then it has none of them, as of a packet whose bytes the kernel cannot put anywhere.
 */
static ssize_t fill(struct rescue *rescue, const struct read_call *call)
{
	const char *bytes = rescue->answer + rescue->answer_given;
	size_t left = rescue->answer_len - rescue->answer_given, room = 0;
	for (int i = 0; i < call->count && room < left; i++)
		room += call->iov[i].iov_len < left - room ? call->iov[i].iov_len : left - room;
	bool thrown_away = call->flags & MSG_TRUNC; /* tcp(7) */
	if (room && !thrown_away && copy_scatter(call->iov, call->count, bytes, room) != room)
		return -1;
	return room && !hold_fill_message(call) ? -1 : (ssize_t)room;
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
		if (got > 0 && conn->care & CARE_IDLE)
			conn_note_head(conn, &rest, 1, (size_t)got);
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

/* The program's buffers are bad: it is owed what it was. Leaves without the lock. */
static enum attended refuse(struct conn *conn)
{
	held_leave_rest(conn);
	conn_unlock(conn);
	set_errno(EFAULT);
	return DELIVER;
}

/* The program has had all that was held back. Leaves without the lock. */
static enum attended end_giving(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	struct rescue *rescue = conn->rescue;
	int error = rescue->answer_end;
	size_t given = (size_t)r->result;
	conn_registrations_narrow(conn);
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
	if (rescue->framing)
		return rechunk_give(r);
	r->result = fill(rescue, call);
	if (r->result < 0)
		return refuse(conn);
	size_t given = (size_t)r->result;
	r->cookie = conn->cookie;
	if (given && !rescue->answer_given)
		status_given_back(conn);
	struct iovec bytes = {rescue->answer + rescue->answer_given, given};
	conn->busy = false;
	conn->care &= (uint8_t)~CARE_HOLDING;
	conn->flags |= CONN_ANSWERING;
	if (given && !peek) {
		if (conn->care & CARE_IDLE && !rescue->off_track)
			conn_note_head(conn, &bytes, 1, given);
		if (!rescue->off_track && !conn_given(conn, &bytes, 1, given))
			rescue->off_track = true;
		rescue_note_answer(conn);
		rescue->answer_given += (uint32_t)given;
	}
	if (rescue->answer_given == rescue->answer_len)
		return end_giving(r);
	held_leave_rest(conn);
	conn_unlock(conn);
	return DELIVER;
}
