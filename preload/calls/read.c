/* SPDX-License-Identifier: MIT */
#include "read.h"

#include <errno.h>

#include "../conn/end.h"
#include "../conn/hello.h"
#include "../conn/resume.h"
#include "../conn/own.h"
#include "../conn/turns.h"
#include "../conn/path.h"
#include "../connect/reject.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../os/watcher.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/watch.h"
#include "../rescue/yield.h"
#include "../wire/socket.h"
#include "bytes.h"
#include "greet.h"
#include "hold.h"
#include "placeholder.h"
#include "reading.h"
#include "secured.h"
#include "settle.h"

/* Reads that move the stream on in ways that the bytes in the buffer do not show. */
#define UNTRACKABLE (MSG_OOB | MSG_TRUNC)

/* A path that has gone matters only to a program that waits for an answer. */
static bool is_loss(const struct conn *conn, int error)
{
	return error == ECONNRESET || error == EPIPE ||
	       (conn_waiting(conn) && path_is_gone(conn, error));
}

static size_t wanted(const struct read_call *call)
{
	size_t len = 0;
	for (int i = 0; i < call->count; i++)
		len += call->iov[i].iov_len;
	return len;
}

/*
 * An idle connection has ended. A program that looks before it writes takes the end of the stream
 * for what it is, and dials anew; an error it reports, though nothing of its own was lost. Behind
 * an end a write is taken, if it is the first: with the reset still to be told it gets that, and no
 * SIGPIPE.
 */
static ssize_t end_of_idle(struct conn *conn, ssize_t result, int error)
{
	bool as_end = conn->flags & CONN_REUSED && !(conn->flags & CONN_SHUT_DOWN);
	bool is_owed = as_end && error == ECONNRESET && !conn->rescue && !conn->unsent;
	if (is_owed)
		conn->flags |= CONN_ENDED | CONN_DOUBT;
	if (conn->flags & CONN_ENDED)
		conn_unlock(conn);
	else
		conn_end(conn, WHY_TOLD);
	return as_end ? 0 : result;
}

/* The regular end of a response that lasts until the connection is closed. */
static __attribute__((noinline)) void end_of_response(struct conn *conn)
{
	conn_count_answer(conn);
	conn_end(conn, WHY_TOLD);
}

/* Bytes came, and there is something to look out for. */
static __attribute__((noinline)) enum held look(struct reading *r, size_t len)
{
	const struct read_call *call = r->call;
	struct conn *conn = r->handle.conn;
	if (conn->care & CARE_GREETING) {
		call_greeted(conn, call, len);
		return HELD_LOST;
	}
	if (conn->care & CARE_IDLE && !(call->flags & MSG_PEEK))
		conn_note_head(conn, call->iov, call->count, len);
	return hold_look(r, len);
}

/*
 * What came answers nothing that is known of, or nothing can be said of what comes behind it.
 * Called with the lock, leaves without.
 */
static __attribute__((noinline)) void end_of_sight(const struct reading *r)
{
	struct conn *conn = r->handle.conn;
	rescue_note_answer(conn);
	if (!conn_waiting(conn) || conn_is_hello(conn))
		reject_end_unseen(conn);
	if (conn_is_hello(conn) && secured_begin(conn, r->call, (size_t)r->result))
		return;
	conn_end(conn, WHY_PASSED);
}

/* Bytes came. Called with the lock, leaves without. */
static inline __attribute__((always_inline)) void
take_note(const struct reading *r, struct conn *conn, const struct read_call *call, size_t len)
{
	if (call->flags & MSG_PEEK) {
		if (conn_waiting(conn))
			conn->flags |= CONN_ANSWERING; /* seen is handed over */
		conn_unlock(conn);
	} else if (conn_received(conn, call->iov, call->count, len)) {
		if (__builtin_expect(conn->rescue != NULL, 0))
			rescue_note_answer(conn);
		if (__builtin_expect(conn->unsent, 0))
			conn_send_next(conn);
		conn_unlock(conn);
	} else {
		end_of_sight(r);
	}
}

/*
 * The call gave no bytes. true: a rescue has begun, make it again; false: r->result is the
 * program's. Called with the lock, leaves without.
 */
static __attribute__((noinline)) bool read_again(struct reading *r, int error)
{
	struct conn *conn = r->handle.conn;
	bool until_close =
	    conn->flags & CONN_ANSWERING && conn->exchange->response.flags & HTTP1_UNTIL_CLOSE;
	bool again = false;
	if (r->result < 0 ? !is_loss(conn, error) : wanted(r->call) == 0)
		conn_unlock(conn);
	else if (!error && until_close)
		end_of_response(conn);
	else if (!conn_waiting(conn))
		r->result = end_of_idle(conn, r->result, error);
	else
		again = reading_rescue(r, error);
	if (!again && r->result < 0)
		set_errno(error);
	return again;
}

/* A rescue is under way, or bytes of a response are held back. Takes the lock, leaves without. */
static __attribute__((noinline)) enum attended take_up(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	if (!handle_lock(&r->handle))
		return r->handle.waited ? reading_gone(r) : READ_ON;
	if (conn->care & CARE_SECURED)
		return secured_read(r);
	if (conn->busy)
		return reading_attend(r);
	if (conn->care & CARE_HOLDING)
		return hold_go_on(r);
	conn_unlock(conn);
	return READ_ON;
}

/* The real call. false: look anew, or (*over) deliver. */
static inline bool read_now(struct reading *r, bool *over)
{
	if (__builtin_expect(r->handle.waited, 0))
		return reading_read_waited(r, over);
	r->result = r->call->real(r->call, r->call->fd);
	return true;
}

/* The real call, under a policy that lets requests be watched. */
static __attribute__((noinline)) bool read_in_view(struct reading *r, bool *over)
{
	uint32_t epoch;
	bool counted;
	*over = false;
	if (!rescue_watch_enter(&r->handle, &counted, &epoch))
		return false;
	bool read = read_now(r, over);
	if (counted)
		rescue_watch_leave(&r->handle, epoch);
	return read;
}

void call_end_mixed(struct conn *conn, uint32_t epoch)
{
	if (conn->epoch == epoch && conn->busy && rescue_give_back(conn)) {
		conn->flags |= CONN_DOUBT; /* they answer nothing that is known of */
		conn_unlock(conn);
		return;
	}
	bool replaced = conn->epoch != epoch || (conn->busy && conn->rescue->taken);
	if (replaced && !conn->busy && wire_cookie(conn->fd) == conn->cookie)
		sys2(shutdown, conn->fd, SHUT_RDWR);
	else if (replaced && conn->busy)
		sys2(shutdown, rescue_dead_socket(conn), SHUT_RDWR);
	conn_end(conn, WHY_MIXED);
}

/*
 * Has another connection taken the number since the call was begun, or is it to? Of a socket that
 * was revived meanwhile no byte was left of the one before.
 */
static inline __attribute__((always_inline)) bool is_of_another(const struct reading *r,
								uint32_t epoch)
{
	const struct conn *conn = r->handle.conn;
	if (__builtin_expect(conn->epoch == epoch && !conn->busy, 1))
		return false;
	return conn->busy || r->result <= 0 || conn->epoch != epoch + 1 ||
	       !(conn->flags & CONN_REVIVED);
}

/* The kernel has answered, and not with EAGAIN or EINTR. true: make the call again. */
static inline __attribute__((always_inline)) bool go_again(struct reading *r, uint32_t epoch,
							   int error)
{
	struct conn *conn = r->handle.conn;
	if (!handle_lock_answered(&r->handle))
		return false;
	bool other = is_of_another(r, epoch);
	if (r->result <= 0) {
		if (!other)
			return read_again(r, error);
		reading_note_wait(r, error);
		conn_unlock(conn); /* it was the end of the socket before this one */
		return true;
	}
	if (__builtin_expect(other, 0)) {
		call_end_mixed(conn, epoch);
		return false;
	}
	if (__builtin_expect(conn->care || hold_is_408(r->call, (size_t)r->result), 0)) {
		enum held held = look(r, (size_t)r->result);
		if (held == HELD_LOST)
			return false;
		if (held != HELD_NOT) {
			reading_note_wait(r, ECONNRESET);
			conn_unlock(conn);
			return true;
		}
	}
	take_note(r, conn, r->call, (size_t)r->result);
	return false;
}

/* The call, as often as it takes. */
static inline __attribute__((always_inline)) ssize_t read_on(struct reading *r)
{
	const struct read_call *call = r->call;
	struct conn *conn = r->handle.conn;
	for (;;) {
		bool over = true;
		if (__builtin_expect(__atomic_load_n(&conn->busy_or_care, __ATOMIC_ACQUIRE), 0)) {
			enum attended attended = take_up(r);
			if (attended == DELIVER)
				return call->flags & MSG_WAITALL ? reading_rest(r) : r->result;
			if (attended == READ_AGAIN)
				continue;
		}
		uint32_t epoch = __atomic_load_n(&conn->epoch, __ATOMIC_RELAXED);
		bool in_view = __builtin_expect(conn->care & CARE_READERS, 0);
		if (!(in_view ? read_in_view(r, &over) : read_now(r, &over))) {
			if (over)
				return r->result;
			continue;
		}
		int error = r->result < 0 ? get_errno() : 0;
		if (error == EAGAIN || error == EINTR || !go_again(r, epoch, error))
			return __builtin_expect(r->handle.waited && call->flags & MSG_WAITALL, 0)
				   ? reading_rest(r)
				   : r->result;
	}
}

ssize_t reading_more(struct reading *r)
{
	return read_on(r);
}

__attribute__((noinline)) ssize_t settle_read(struct conn *conn, const struct read_call *call,
					      const struct past *past)
{
	struct reading r;
	int error = past->result < 0 ? get_errno() : 0;
	if (error == EAGAIN || error == EINTR)
		return past->result;
	r.call = call;
	handle_find(&r.handle, conn, call->fd);
	r.handle.life = past->life;
	r.result = past->result;
	return go_again(&r, past->epoch, error) ? read_on(&r) : r.result;
}

ssize_t call_read(struct conn *conn, const struct read_call *call)
{
	struct reading r;
	r.call = call;
	handle_find(&r.handle, conn, call->fd);
	if (__builtin_expect(call->flags & (MSG_ERRQUEUE | UNTRACKABLE), 0)) {
		if (call->flags & MSG_ERRQUEUE)
			return call_read_beside(call);
		if (conn_lock(conn, call->fd))
			conn_end(conn, WHY_PASSED);
		if (call->flags & MSG_OOB) /* urgent data is read beside the stream */
			return call->real(call, call->fd);
	}
	return read_on(&r);
}

/* See write_refused. */
static __attribute__((noinline)) ssize_t read_refused(const struct read_call *call, int error)
{
	if (call_is_refused(call->fd, error == EINVAL && call->message ? EMSGSIZE : error))
		return -1;
	ssize_t result = call->real(call, call->fd);
	if (result > 0)
		conn_end_fd(call->fd, WHY_PASSED);
	return result;
}

/* Of a recvmsg without room the kernel says whether there is something to read (recv(2)). */
static bool asks_for_nothing(const struct conn *conn, const struct read_call *call)
{
	return __builtin_expect(__atomic_load_n(&conn->busy, __ATOMIC_RELAXED), 0) &&
	       !call->message && !wanted(call);
}

ssize_t call_read_pieces(struct conn *conn, const struct read_call *call)
{
	struct bytes_brought pieces;
	int error = bytes_bring_array(&pieces, call->iov, call->count);
	if (error)
		return read_refused(call, error);
	struct read_call own = *call;
	own.iov = pieces.iov;
	ssize_t result =
	    asks_for_nothing(conn, &own) ? call_read_nothing(conn, &own) : call_read(conn, &own);
	bytes_done(&pieces);
	return result;
}
