/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <errno.h>

#include "hold.h"
#include "../conn/idle.h"
#include "../os/watcher.h"
#include "../os/real.h"
#include "../rescue/machine.h"
#include "../connect/reject.h"
#include "../rescue/rescue.h"
#include "../rescue/watch.h"
#include "../conn/table.h"
#include "../conn/unacked.h"

/* Reads that move the stream on in ways that the bytes in the buffer do not show. */
#define UNTRACKABLE (MSG_OOB | MSG_TRUNC)

/* Running out of unacked_timeout_ms matters only to a program that waits for an answer. */
static bool is_loss(const struct conn *conn, int error)
{
	return error == ECONNRESET || error == EPIPE ||
	       (conn_waiting(conn) && unacked_is_over(conn, error));
}

static size_t wanted(const struct read_call *call)
{
	size_t len = 0;
	for (int i = 0; i < call->count; i++)
		len += call->iov[i].iov_len;
	return len;
}

/*
 * PHP polls a blocking socket and then reads with MSG_DONTWAIT: EAGAIN after a poll that said
 * "readable" is an error to it. So it gets its answer here, or the time that the policy allows
 * runs out. Takes the lock, and leaves without it.
 */
static void await_answer(struct conn *conn)
{
	int fd = conn->fd;
	uint64_t limit_ms = conn->rescue ? conn->rescue->settings.total_timeout_ms : 0;
	conn_unlock(conn);
	os_wait_readable(fd, limit_ms);
}

/*
 * A rescue is under way: takes it as far as this call may. Called with the lock, leaves without.
 * READ_ON: make the real call; DELIVER: *result and errno are what the program gets.
 */
static enum attended attend(struct conn *conn, const struct read_call *call, ssize_t *result)
{
	bool blocking = !rescue_is_nonblocking(conn);
	bool peeps = blocking && call->flags & MSG_DONTWAIT && rescue_is_watched(conn);
	enum rescue_result done = RESCUE_UNDER_WAY;
	bool runs = blocking;
	if (!blocking || peeps) {
		uint32_t attempts = conn->rescue->attempts;
		done = rescue_step(conn);
		/* Bare a peep gets EAGAIN, and does as long as nothing has failed. */
		runs = blocking && done == RESCUE_UNDER_WAY &&
		       !(rescue_is_watched(conn) && conn->rescue->attempts == attempts);
	}
	if (runs)
		done = rescue_run(conn, !(call->flags & MSG_DONTWAIT));
	int error;
	*result = -1;
	switch (done) {
	case RESCUE_DONE:
		if (!blocking)
			break; /* even now: see below */
		if (call->flags & MSG_DONTWAIT)
			await_answer(conn);
		else
			conn_unlock(conn);
		return READ_ON;
	case RESCUE_RESTORED:
		conn_unlock(conn);
		return READ_AGAIN;
	case RESCUE_FAILED:
		if (!conn->rescue) { /* another thread has settled it */
			conn_unlock(conn);
			return READ_AGAIN;
		}
		if (rescue_has_answer(conn))
			return hold_give(conn, call, result);
		error = rescue_error(conn);
		conn_forget(conn);
		if (!error)
			*result = 0;
		else
			set_errno(error);
		return DELIVER;
	case RESCUE_INTERRUPTED:
		conn_unlock(conn);
		set_errno(EINTR);
		return DELIVER;
	case RESCUE_LOST:
		if (!runs) /* rescue_run has let go of it already */
			conn_forget(conn);
		return READ_ON;
	case RESCUE_GONE:
		return READ_ON;
	case RESCUE_UNDER_WAY:
		break;
	}
	/*
	 * The event that brought the program here was the dead socket's. libuv takes a HUP in it
	 * for the end of the stream once a read has given data: let the program ask for new events
	 * first.
	 */
	conn_unlock(conn);
	set_errno(EAGAIN);
	return DELIVER;
}

bool call_await_writers(struct conn *conn, int fd)
{
	enum { NAPS = 200 };
	static const struct timespec nap = {0, 500000};
	for (int i = 0; i < NAPS && conn->writers; i++) {
		conn_unlock(conn);
		sys2(nanosleep, &nap, 0);
		if (!conn_lock(conn, fd))
			return false;
	}
	return true;
}

/*
 * An idle connection has ended. A program that looks before it writes takes the end of the stream
 * for what it is, and dials anew; an error it reports, though nothing of its own was lost.
 */
static ssize_t end_of_idle(struct conn *conn, ssize_t result)
{
	bool as_end = conn->flags & CONN_REUSED && !(conn->flags & CONN_SHUT_DOWN);
	conn_forget(conn);
	return as_end ? 0 : result;
}

/* The regular end of a response that lasts until the connection is closed. */
static __attribute__((noinline)) void end_of_response(struct conn *conn)
{
	conn_count_answer(conn);
	conn_forget(conn);
}

/* The connection is at its end. true: a rescue has begun, call again. Leaves without the lock. */
static bool rescue(struct conn *conn, const struct read_call *call, int error)
{
	uint32_t epoch = conn->epoch;
	if (!call_await_writers(conn, call->fd))
		return false;
	if (conn->busy || conn->epoch != epoch) {
		conn_unlock(conn); /* that thread has begun a rescue itself */
		return true;
	}
	struct rescue_start start = {
	    .reading = true,
	    .cause = error ? CAUSE_RESET : CAUSE_EOF,
	    .error = error,
	    .head = conn->held,
	    .head_len = conn->held_len,
	};
	if (rescue_begin(conn, &start) != REASON_NONE) {
		conn_forget(conn);
		return false;
	}
	conn_unlock(conn);
	return true;
}

/* Bytes came, and there is something to look out for. */
static __attribute__((noinline)) enum held look(struct conn *conn, const struct read_call *call,
						size_t len)
{
	if (conn->care & CARE_IDLE && !(call->flags & MSG_PEEK))
		idle_note(conn, call->iov, call->count, len);
	return hold_look(conn, call, len);
}

/* Bytes came. Called with the lock, leaves without. */
static void take_note(struct conn *conn, const struct read_call *call, size_t len)
{
	if (call->flags & MSG_PEEK) {
		if (conn_waiting(conn))
			conn->flags |= CONN_ANSWERING; /* seen is handed over */
		conn_unlock(conn);
	} else if (conn_received(conn, call->iov, call->count, len)) {
		if (conn->unsent)
			rescue_send_next(conn);
		conn_unlock(conn);
	} else {
		if (!conn_waiting(conn))
			reject_end_unseen(conn);
		conn_forget(conn);
	}
}

/*
 * The call gave no bytes. true: a rescue has begun, make it again; false: *result is the program's.
 * Called with the lock, leaves without.
 */
static __attribute__((noinline)) bool read_again(struct conn *conn, const struct read_call *call,
						 ssize_t *result, int error)
{
	bool until_close = conn->flags & CONN_ANSWERING && conn->response.flags & HTTP1_UNTIL_CLOSE;
	bool again = false;
	if (*result < 0 ? !is_loss(conn, error) : wanted(call) == 0)
		conn_unlock(conn);
	else if (!error && until_close)
		end_of_response(conn);
	else if (!conn_waiting(conn))
		*result = end_of_idle(conn, *result);
	else
		again = rescue(conn, call, error);
	if (!again && *result < 0)
		set_errno(error);
	return again;
}

/* A rescue is under way, or bytes of a response are held back. Takes the lock, leaves without. */
static __attribute__((noinline)) enum attended
take_up(struct conn *conn, const struct read_call *call, ssize_t *result)
{
	if (!conn_lock(conn, call->fd))
		return READ_ON;
	if (conn->busy)
		return attend(conn, call, result);
	if (conn->care & CARE_HOLDING)
		return hold_go_on(conn, call, result);
	conn_unlock(conn);
	return READ_ON;
}

static ssize_t real_piece(const struct read_call *call)
{
	return real.recv(call->fd, call->iov->iov_base, call->iov->iov_len, call->flags);
}

/*
 * The program has been given a part of a response that was held back, and waits for all that it
 * asked for (MSG_WAITALL). Returns what it gets.
 */
static ssize_t receive_rest(const struct read_call *call, ssize_t result)
{
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
		struct conn *conn = table_find(call->fd);
		ssize_t got = conn ? call_read(conn, &more) : real_piece(&more);
		result += got > 0 ? got : 0;
		if (got != (ssize_t)rest.iov_len)
			break;
	}
	set_errno(kept);
	return result;
}

/* The real call, under a policy that lets requests be watched. false: look anew. */
static __attribute__((noinline)) bool read_in_view(struct conn *conn, const struct read_call *call,
						   ssize_t *result)
{
	uint32_t epoch;
	bool counted;
	if (!rescue_watch_enter(conn, call->fd, &counted, &epoch))
		return false;
	*result = call->real(call);
	if (counted)
		rescue_watch_leave(conn, call->fd, epoch);
	return true;
}

ssize_t call_read(struct conn *conn, const struct read_call *call)
{
	ssize_t result;
	if (call->flags & MSG_ERRQUEUE)
		return call->real(call);
	if (call->flags & UNTRACKABLE && conn_lock(conn, call->fd))
		conn_let_go(conn);
	if (call->flags & MSG_OOB) /* urgent data is read beside the stream */
		return call->real(call);
	for (;;) {
		if (__builtin_expect(__atomic_load_n(&conn->busy_or_care, __ATOMIC_ACQUIRE), 0)) {
			enum attended attended = take_up(conn, call, &result);
			if (attended == DELIVER)
				return call->flags & MSG_WAITALL ? receive_rest(call, result)
								 : result;
			if (attended == READ_AGAIN)
				continue;
		}
		uint32_t epoch = __atomic_load_n(&conn->epoch, __ATOMIC_RELAXED);
		if (__builtin_expect(!(conn->care & CARE_READERS), 1))
			result = call->real(call);
		else if (!read_in_view(conn, call, &result))
			continue;
		int error = result < 0 ? get_errno() : 0;
		if (error == EAGAIN || error == EINTR || !conn_lock(conn, call->fd))
			return result;
		if (result > 0 && (conn->epoch != epoch || conn->busy)) {
			/* Read from the socket that another thread has begun to replace. */
			conn_forget(conn);
			return result;
		}
		if (result > 0 &&
		    __builtin_expect(conn->care || hold_is_408(call, (size_t)result), 0)) {
			enum held held = look(conn, call, (size_t)result);
			if (held == HELD_LOST)
				return result;
			if (held != HELD_NOT) {
				conn_unlock(conn);
				continue;
			}
		}
		if (result > 0) {
			take_note(conn, call, (size_t)result);
			return result;
		}
		if (conn->epoch != epoch || conn->busy) {
			conn_unlock(conn); /* it was the end of the socket before this one */
			continue;
		}
		if (!read_again(conn, call, &result, error))
			return result;
	}
}
