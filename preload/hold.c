/* SPDX-License-Identifier: MIT */
#include "hold.h"

#include <errno.h>
#include <fcntl.h>

#include "config.h"
#include "http1.h"
#include "kernel.h"
#include "mem.h"
#include "pace.h"
#include "redial.h"
#include "redial_place.h"
#include "rescue.h"
#include "retry_after.h"

enum {
	STATUS_LINE_MIN = 12, /* "HTTP/1.1 503" */
	HEAD_MAX = 16384,     /* a longer one is not waited for */
	PEEK_ROOM = 2048,     /* a program with room for this sees most heads whole */
};

/* What the first bytes of a response say of its status. */
enum { STATUS_UNKNOWN = 0, STATUS_NONE = -1 };

static int status_of(const char *bytes, size_t len)
{
	static const char start[] = "HTTP/1.x ";
	int status = 0;
	for (size_t i = 0; i < STATUS_LINE_MIN && i < len; i++) {
		bool digit = bytes[i] >= '0' && bytes[i] <= '9';
		if (i < 9 && i != 7 ? bytes[i] != start[i] : !digit)
			return STATUS_NONE;
		if (i >= 9)
			status = status * 10 + bytes[i] - '0';
	}
	return len < STATUS_LINE_MIN ? STATUS_UNKNOWN : status;
}

/* The length of the head that begins here; 0 if its end is not there. */
static size_t head_len(const char *bytes, size_t len)
{
	for (size_t i = 3; i < len; i++) {
		if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' &&
		    bytes[i - 3] == '\r')
			return i + 1;
	}
	return 0;
}

/* May the response that now begins be held back at all, whatever it is? */
static bool may_hold(const struct conn *conn)
{
	return conn->request_count == 1 && conn->requests[0].complete && !conn->writers &&
	       !conn->busy && !conn->unsent && !(conn->flags & (CONN_ANSWERING | CONN_DOUBT));
}

/* Does `retry` or any rule list the status? Which of them counts is asked later. */
static bool is_listed(int status)
{
	const struct policy *policy = config.policy;
	bool listed = policy_has_status(policy->retry.statuses, (unsigned)status);
	for (uint32_t i = 0; i < policy->rule_count && !listed; i++)
		listed = policy_has_status(policy->rules[i].retry.statuses, (unsigned)status);
	return listed;
}

/*
 * A 408 that came with the server's closing an idle connection answers nothing, least of all the
 * request that crossed it on the way: it stands for the end of the stream, as in Chromium and Go.
 */
static bool is_idle_408(const struct conn *conn, int status, const char *bytes, size_t len)
{
	struct http1 answer;
	size_t used;
	if (status != 408 || !(conn->flags & CONN_REUSED))
		return false;
	http1_response(&answer, conn->requests[0].method);
	enum http1_result result = http1_feed(&answer, bytes, len, &used);
	bool whole = (result == HTTP1_DONE && used == len) ||
		     (result == HTTP1_MORE && answer.flags & HTTP1_UNTIL_CLOSE);
	return whole && !(answer.flags & HTTP1_PERSISTENT) && kernel_is_dead(conn->fd);
}

/*
 * A whole head, and what came with it: begins a rescue if it is to be held back. taken: it is in
 * these bytes alone, of which the kernel has none any more.
 */
static bool begin(struct conn *conn, int status, const char *bytes, size_t len, bool taken)
{
	/* What was refused when it was peeked at is refused now. */
	bool idle_408 = taken && is_idle_408(conn, status, bytes, len);
	if (!idle_408 && (!is_listed(status) || conn->flags & CONN_FAILED))
		return false;
	struct redial_start start = {
	    .cause = idle_408 ? CAUSE_EOF : CAUSE_STATUS,
	    .head = conn->held,
	    .head_len = conn->held_len,
	    .answered = true,
	    .answer = bytes,
	    .answer_len = taken ? len : 0,
	    .status = idle_408 ? 0 : (uint32_t)status,
	    .retry_after_ms =
		idle_408 ? 0 : retry_after_ms(bytes, head_len(bytes, len), kernel_realtime_s()),
	};
	return redial_begin(conn, &start) == REASON_NONE;
}

/* A peek: what the program is shown it has seen, so all is decided now or never. */
static enum held look_at_peeked(struct conn *conn, const struct receive *call, size_t len)
{
	char wider[PEEK_ROOM];
	const char *bytes = call->iov->iov_base;
	size_t room = call->iov->iov_len < len ? call->iov->iov_len : len;
	if (!head_len(bytes, room)) {
		long got = kernel_peek(conn->fd, wider, sizeof(wider));
		bytes = wider;
		room = got > 0 ? (size_t)got : 0;
	}
	if (!head_len(bytes, room) || !begin(conn, status_of(bytes, room), bytes, room, false))
		return HELD_NOT;
	return HELD_RESCUE;
}

/* The first response of a connection that was let through to see how the peer does. */
static void end_probe(struct conn *conn, int status)
{
	union kernel_address peer;
	if (!(conn->care & CARE_PROBE) || !conn_waiting(conn) || conn->busy)
		return;
	if (!status && config.policy->uses & POLICY_USES_STATUSES)
		return; /* too short a piece to tell: then the next response does */
	conn->care &= (uint8_t)~CARE_PROBE;
	kernel_peer(conn, conn->fd, &peer);
	if (status <= 0 || !is_listed(status))
		pace_succeeded(conn->peer_state, &peer.any, kernel_now_ms());
}

enum held hold_look(struct conn *conn, const struct receive *call, size_t len)
{
	const char *bytes = call->iov->iov_base;
	bool in_one = call->iov->iov_len >= len;
	int status = status_of(bytes, in_one ? len : call->iov->iov_len);
	end_probe(conn, status);
	if (!may_hold(conn) || status == STATUS_NONE || (status && status < POLICY_STATUS_MIN))
		return HELD_NOT;
	if (status && status != 408 && !is_listed(status))
		return HELD_NOT;
	if (call->flags & MSG_PEEK)
		return look_at_peeked(conn, call, len);
	if (!in_one || !head_len(bytes, len))
		return config.policy->uses & POLICY_USES_STATUSES && len < HEAD_MAX &&
			       redial_hold(conn, call->iov, call->count, len)
			   ? HELD_BEGUN
			   : HELD_NOT;
	conn->received += len;
	if (begin(conn, status, bytes, len, true))
		return HELD_RESCUE;
	conn->received -= len;
	return HELD_NOT;
}

static bool may_wait(const struct conn *conn, const struct receive *call)
{
	return !(call->flags & MSG_DONTWAIT) && !(sys3(fcntl, conn->fd, F_GETFL, 0) & O_NONBLOCK);
}

/* Waits until more than `seen` bytes can be peeked at. false: they never will, or not in time. */
static bool await_more_than(int fd, long seen)
{
	uint64_t limit_ms = kernel_receive_timeout_ms(fd);
	if (kernel_set_low_water(fd, (int)seen + 1) < 0)
		return false;
	bool ready = kernel_wait_readable(fd, limit_ms) > 0;
	kernel_set_low_water(fd, 1);
	return ready;
}

enum held hold_peek(struct conn *conn, const struct receive *call)
{
	char bytes[PEEK_ROOM];
	long seen = 0;
	while (conn_lock(conn, call->fd)) {
		long got = may_hold(conn) && conn_waiting(conn)
			       ? kernel_peek(conn->fd, bytes, sizeof(bytes))
			       : 0;
		int status = status_of(bytes, got > 0 ? (size_t)got : 0);
		bool whole = got > 0 && head_len(bytes, (size_t)got);
		if (whole && begin(conn, status, bytes, (size_t)got, false)) {
			conn_unlock(conn);
			return HELD_RESCUE;
		}
		bool wait = got == -EAGAIN
				? seen == 0
				: got > seen && got < PEEK_ROOM && !whole &&
				      status != STATUS_NONE && (!status || is_listed(status));
		wait = wait && may_wait(conn, call);
		conn_unlock(conn);
		if (!wait)
			break;
		seen = got > 0 ? got : 0;
		if (!await_more_than(call->fd, seen))
			break;
	}
	return HELD_NOT;
}

/*
 * Waits until there is more to read, for callers that may block. false: *result and errno are
 * the program's. Leaves without the lock, and with it if true.
 */
static bool await_more(struct conn *conn, const struct receive *call, ssize_t *result)
{
	int error = EAGAIN;
	*result = -1;
	if (may_wait(conn, call)) {
		uint64_t limit_ms = kernel_receive_timeout_ms(conn->fd);
		conn_unlock(conn);
		int ready = kernel_wait_readable(call->fd, limit_ms);
		if (ready > 0)
			return conn_lock(conn, call->fd);
		error = ready == -EINTR ? EINTR : EAGAIN;
	} else {
		conn_unlock(conn);
	}
	set_errno(error);
	return false;
}

/* The program gets it after all. */
static void decide_to_give(struct conn *conn, int status)
{
	struct rescue *rescue = conn->rescue;
	if (rescue->attempts > 1 && !is_listed(status))
		redial_tell_recovered(conn, status > 0 ? (unsigned)status : 0);
	rescue->phase = PHASE_GIVING;
	conn->care |= CARE_HOLDING;
}

/* Looks at what has been held so far. true: the program gets it, or a rescue has begun. */
static bool judge(struct conn *conn, bool ended)
{
	struct rescue *rescue = conn->rescue;
	int status = status_of(rescue->answer, rescue->answer_len);
	bool whole = head_len(rescue->answer, rescue->answer_len) != 0;
	bool dull = status == STATUS_NONE || (status && !is_listed(status));
	bool full = rescue->answer_len == rescue->answer_room || rescue->answer_len >= HEAD_MAX;
	if (!dull && !whole && !ended && !full)
		return false;
	if (!dull && whole && may_hold(conn) &&
	    begin(conn, status, rescue->answer, rescue->answer_len, true))
		return true;
	decide_to_give(conn, status);
	return true;
}

/* More of a response that came in pieces. */
static enum attended collect(struct conn *conn, const struct receive *call, ssize_t *result)
{
	while (!judge(conn, false)) {
		struct rescue *rescue = conn->rescue;
		long got = kernel_receive(conn->fd, rescue->answer + rescue->answer_len,
					  rescue->answer_room - rescue->answer_len);
		if (got > 0) {
			rescue->answer_len += (uint32_t)got;
			conn->received += (uint64_t)got;
		} else if (got != -EAGAIN && got != -EINTR) {
			if (got < 0) /* the program will not hear of it from the socket again */
				rescue->off_track = true;
			judge(conn, true);
			break;
		} else if (!await_more(conn, call, result)) {
			return DELIVER;
		} else if (!(conn->care & CARE_HOLDING) || !conn->rescue ||
			   conn->rescue->phase != PHASE_HOLDING) {
			conn_unlock(conn); /* another thread has gone on */
			return READ_AGAIN;
		}
	}
	if (conn->rescue && conn->rescue->phase == PHASE_GIVING)
		return hold_give(conn, call, result);
	conn_unlock(conn);
	return READ_AGAIN;
}

enum attended hold_go_on(struct conn *conn, const struct receive *call, ssize_t *result)
{
	if (conn->rescue->phase == PHASE_HOLDING)
		return collect(conn, call, result);
	return hold_give(conn, call, result);
}

/* Fills the program's buffers with what is left. Returns the bytes given. */
static size_t fill(struct rescue *rescue, const struct receive *call)
{
	size_t given = 0;
	for (int i = 0; i < call->count; i++) {
		size_t left = rescue->answer_len - rescue->answer_given - given;
		size_t piece = call->iov[i].iov_len < left ? call->iov[i].iov_len : left;
		memcpy(call->iov[i].iov_base, rescue->answer + rescue->answer_given + given, piece);
		given += piece;
	}
	return given;
}

/*
 * The program has not taken all. Its poll has to tell it that there is more: if the socket does
 * not, a watcher does whose timer is over.
 */
static void leave_rest(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	conn->care |= CARE_HOLDING;
	if (!rescue->placed && !kernel_has_unread(conn->fd))
		redial_place(conn);
	if (rescue->placed)
		kernel_timer_set(rescue->timer, 0);
	conn->busy = rescue->placed;
}

enum attended hold_give(struct conn *conn, const struct receive *call, ssize_t *result)
{
	struct rescue *rescue = conn->rescue;
	bool peek = call->flags & MSG_PEEK;
	size_t given = fill(rescue, call);
	conn->busy = false;
	conn->care &= (uint8_t)~CARE_HOLDING;
	*result = (ssize_t)given;
	conn->flags |= CONN_ANSWERING;
	if (given && !peek) {
		if (!rescue->off_track && !conn_given(conn, call->iov, call->count, given))
			rescue->off_track = true;
		rescue->answer_given += (uint32_t)given;
	}
	if (rescue->answer_given < rescue->answer_len) {
		leave_rest(conn);
		conn_unlock(conn);
		return DELIVER;
	}
	if (rescue->off_track) {
		conn_forget(conn);
	} else {
		redial_unplace(conn);
		rescue_free(conn);
		conn_unlock(conn);
	}
	return given ? DELIVER : READ_ON;
}
