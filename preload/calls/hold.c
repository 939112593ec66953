/* SPDX-License-Identifier: MIT */
#include "hold.h"

#include <errno.h>
#include <fcntl.h>

#include "../process/config.h"
#include "../wire/socket.h"
#include "../conn/end.h"
#include "../conn/switch.h"
#include "../os/clock.h"
#include "../os/watcher.h"
#include "../os/mem.h"
#include "../rescue/machine.h"
#include "../rescue/held.h"
#include "../rescue/rescue.h"
#include "../rescue/status.h"
#include "../rescue/token.h"

enum {
	HEAD_MAX = 16384, /* a longer one is not waited for */
	PEEK_ROOM = 2048, /* a program with room for this sees most heads whole */
};

/*
 * As much of the status line as there is: of the len bytes that were read or peeked at, and where
 * those are too few, of what waits behind them.
 */
static int status_in(const struct conn *conn, const struct read_call *call, size_t len)
{
	char line[STATUS_LINE_MIN];
	size_t got = 0;
	for (int i = 0; i < call->count && got < len && got < STATUS_LINE_MIN; i++) {
		size_t piece = len - got < call->iov[i].iov_len ? len - got : call->iov[i].iov_len;
		piece = piece < STATUS_LINE_MIN - got ? piece : STATUS_LINE_MIN - got;
		memcpy(line + got, call->iov[i].iov_base, piece);
		got += piece;
	}
	/* Asked first: an error behind the bytes would be told to us, and to nobody else. */
	if (got < STATUS_LINE_MIN && wire_has_unread(conn->fd)) {
		size_t known = call->flags & MSG_PEEK ? 0 : got;
		long more = wire_peek(conn->fd, line + known, STATUS_LINE_MIN - known);
		got = more > 0 ? known + (size_t)more : got;
	}
	return status_read(line, got);
}

/*
 * A whole head, and what came with it: begins a rescue if it is to be held back. taken: it is in
 * these bytes alone, of which the kernel has none any more.
 */
static bool begin(struct conn *conn, int status, const char *bytes, size_t len, bool taken)
{
	/* What was refused when it was peeked at is refused now. */
	bool idle_408 = taken && held_is_idle_408(conn, status, bytes, len);
	if (!idle_408 && (!status_is_listed(status) || conn->flags & CONN_FAILED))
		return false;
	struct rescue_start start = {
	    .cause = idle_408 ? CAUSE_EOF : CAUSE_STATUS,
	    .head = conn->held,
	    .head_len = conn->held_len,
	    .answered = true,
	    .answer = bytes,
	    .answer_len = taken ? len : 0,
	    .status = idle_408 ? 0 : (uint32_t)status,
	};
	if (idle_408)
		return rescue_begin(conn, &start) == REASON_NONE;
	status_says(conn, bytes, status_head_len(bytes, len), &start);
	uint64_t seen_ms = conn->rescue ? conn->rescue->began_ms : os_now_ms();
	enum reason reason = rescue_begin(conn, &start);
	if (reason != REASON_NONE)
		status_given(conn, seen_ms, reason);
	return reason == REASON_NONE;
}

/* Keeps the bytes that were read until the head is whole. */
static enum held hold(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	if (!(config.policy->uses & POLICY_USES_STATUSES) && !(conn->care & CARE_TOKEN))
		return HELD_NOT;
	return rescue_hold(conn, iov, count, len) ? HELD_BEGUN : HELD_NOT;
}

/* A peek: what the program is shown it has seen, so all is decided now or never. */
static enum held look_at_peeked(struct conn *conn, const struct read_call *call, int status,
				size_t len)
{
	char wider[PEEK_ROOM];
	const char *bytes = call->iov->iov_base;
	size_t room = call->iov->iov_len < len ? call->iov->iov_len : len;
	if (!status_head_len(bytes, room)) {
		long got = wire_peek(conn->fd, wider, sizeof(wider));
		bytes = wider;
		room = got > 0 ? (size_t)got : 0;
	}
	if (!status_head_len(bytes, room))
		return hold(conn, NULL, 0, 0);
	return begin(conn, status, bytes, room, false) ? HELD_RESCUE : HELD_NOT;
}

/*
 * A thread that is inside send may be done with a request that was answered this fast. false: the
 * bytes that were read are the program's, and the lock is gone.
 */
static bool await_writers(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	uint32_t epoch = conn->epoch;
	if (!conn->writers)
		return true;
	if (!call_await_writers(r))
		return false;
	if (!conn->busy && conn->epoch == epoch)
		return true;
	call_end_mixed(conn, epoch); /* another thread has begun to replace the socket */
	return false;
}

enum held hold_look(struct reading *r, size_t len)
{
	const struct read_call *call = r->call;
	struct conn *conn = r->handle.conn;
	const char *bytes = call->iov->iov_base;
	if (!held_may(conn) && !(conn->care & (CARE_PROBE | CARE_TOKEN)))
		return HELD_NOT;
	conn_switch();
	int status = status_in(conn, call, len);
	held_end_probe(conn, status);
	if (rescue_token_is_refused(conn, status))
		return HELD_RESCUE;
	if (!held_may(conn) || status == STATUS_NONE || (status && status < POLICY_STATUS_MIN))
		return HELD_NOT;
	if (status && status != 408 && !status_is_listed(status))
		return HELD_NOT;
	if (!await_writers(r))
		return HELD_LOST;
	if (!held_may(conn))
		return HELD_NOT;
	if (call->flags & MSG_PEEK)
		return look_at_peeked(conn, call, status, len);
	if (call->iov->iov_len < len)
		return hold(conn, call->iov, call->count, len);
	if (!status_head_len(bytes, len))
		return len < HEAD_MAX ? hold(conn, call->iov, 1, len) : HELD_NOT;
	conn->received += len;
	if (begin(conn, status, bytes, len, true))
		return HELD_RESCUE;
	conn->received -= len;
	return HELD_NOT;
}

/* Makes room for more of a head. false: there is none, or it is too long to wait for its end. */
static bool has_room(struct rescue *rescue)
{
	if (rescue->pieces_len < rescue->pieces_room)
		return true;
	return rescue->pieces_len < HEAD_MAX && rescue_more_room(rescue, 4 * rescue->pieces_room);
}

/* Looks at what has been held so far. true: the program gets it, or a rescue has begun. */
static bool judge(struct conn *conn, bool ended)
{
	struct rescue *rescue = conn->rescue;
	int status = status_read(rescue->pieces, rescue->pieces_len);
	bool whole = status_head_len(rescue->pieces, rescue->pieces_len) != 0;
	if (rescue_token_is_refused(conn, status))
		return true;
	bool dull =
	    status == STATUS_NONE || (status && !status_is_listed(status)) || !held_may(conn);
	if (!dull && !whole && !ended && has_room(rescue))
		return false;
	if (!dull && whole && !conn->writers &&
	    begin(conn, status, rescue->pieces, rescue->pieces_len, true))
		return true;
	held_decide_to_give(conn, status);
	return true;
}

/*
 * The socket has ended, with an errno or 0, in the middle of a head. The program gets what there is
 * of it; but a resend that ends so has failed, and a whole response to an earlier one is at hand.
 */
static void end_pieces(struct conn *conn, int error)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->answered) {
		judge(conn, true);
		rescue->answer_end = error;
		return;
	}
	rescue_drop_pieces(rescue);
	rescue->phase = PHASE_AWAITING;
	conn->care &= (uint8_t)~CARE_HOLDING;
}

static bool is_holding(const struct conn *conn)
{
	return conn->care & CARE_HOLDING && conn->rescue && conn->rescue->phase == PHASE_HOLDING;
}

/*
 * Waits until there is more to read, as long as the call may, or until the time of the rescue is
 * over: what there is goes to the program then. READ_AGAIN: go on, with the lock. Else without:
 * DELIVER, where r->result and errno are the program's.
 */
static enum attended await_more(struct reading *r)
{
	struct handle *handle = &r->handle;
	struct conn *conn = handle->conn;
	bool waits = reading_may_wait(r);
	uint64_t end_ms = conn->rescue->began_ms + conn->rescue->settings.total_timeout_ms;
	uint64_t own_ms = 0, left_ms = 0;
	int fd = conn->fd, ready = 0;
	handle->waited = true;
	handle->error = ECONNRESET;
	if (waits && !handle->end_ms)
		handle_begin_wait(handle, wire_receive_timeout_ms(fd));
	conn_unlock(conn);
	do {
		uint64_t now_ms = os_now_ms();
		own_ms = waits ? handle_left_ms(handle) : 0;
		left_ms = end_ms > now_ms ? end_ms - now_ms : 0;
		ready = own_ms ? os_wait(fd, left_ms < own_ms ? left_ms : own_ms) : 0;
	} while (ready == -EINTR && own_ms == UINT64_MAX && os_restarts());
	bool is_over = !ready && left_ms < own_ms;
	if (ready > 0 || is_over) {
		if (!handle_lock(handle))
			return reading_gone(r);
		if (is_over && is_holding(conn))
			judge(conn, true);
		return READ_AGAIN;
	}
	r->result = -1;
	set_errno(ready == -EINTR ? EINTR : EAGAIN);
	return DELIVER;
}

/* Closed past the hooks, the number may be another file's by now. */
static bool is_there(const struct conn *conn)
{
	return wire_cookie(conn->fd) == conn->cookie;
}

static enum attended lost(struct reading *r)
{
	conn_end(r->handle.conn, WHY_LOST);
	return r->handle.waited ? reading_gone(r) : READ_ON;
}

/* More of a response that came in pieces. */
static enum attended collect(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	while (is_holding(conn) && !judge(conn, false)) {
		struct rescue *rescue = conn->rescue;
		long got = wire_receive(conn->fd, rescue->pieces + rescue->pieces_len,
					rescue->pieces_room - rescue->pieces_len);
		if (got > 0) {
			rescue->pieces_len += (uint32_t)got;
			conn->received += (uint64_t)got;
		} else if (got != -EAGAIN && got != -EINTR) {
			end_pieces(conn, (int)-got);
		} else {
			enum attended attended = await_more(r);
			if (attended != READ_AGAIN)
				return attended;
			if (!is_there(conn))
				return lost(r);
		}
	}
	if (conn->rescue && conn->rescue->phase == PHASE_GIVING)
		return hold_give(r);
	conn_unlock(conn); /* a rescue has begun, or another thread has gone on */
	return READ_AGAIN;
}

enum attended hold_go_on(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	if (!is_there(conn))
		return lost(r);
	if (conn->rescue->phase == PHASE_HOLDING)
		return collect(r);
	return hold_give(r);
}
