/* SPDX-License-Identifier: MIT */
#include "secured.h"
#include "secured_memory.h"
#include "settle.h"

#include <errno.h>

#include "../conn/end.h"
#include "../conn/hello.h"
#include "../conn/path.h"
#include "../conn/secured.h"
#include "../os/sys.h"
#include "../process/config.h"
#include "../rescue/place.h"
#include "../rescue/rescue.h"
#include "../rescue/resume.h"
#include "../rescue/watch.h"
#include "../os/watcher.h"
#include "../tls/hold_text.h"
#include "../tls/look.h"
#include "../tls/memory.h"
#include "../tls/quick.h"
#include "../tls/session.h"
#include "../tls/shake.h"
#include "../wire/socket.h"

bool secured_begin(struct conn *conn, const struct read_call *call, size_t len)
{
	const uint64_t received = conn->received;
	if (!(config.policy->uses & POLICY_USES_TLS) || call->flags & MSG_PEEK)
		return false;
	int fd = conn->fd, kept = get_errno();
	conn_unlock(conn); /* the look takes the loader's lock */
	bool any = tls_look();
	set_errno(kept);
	if (!conn_lock(conn, fd))
		return true;
	if (any && conn_is_hello(conn) && conn->received == received &&
	    conn_begin_secured(conn, call->iov, call->count, len)) {
		tls_session_meet_first(conn);
		tls_memory_wait(conn);
		conn_unlock(conn);
	} else {
		conn_end(conn, WHY_PASSED);
	}
	return true;
}

static enum attended deliver(struct reading *r, int error)
{
	r->result = error ? -1 : 0;
	if (error)
		set_errno(error);
	return DELIVER;
}

/*
 * A rescue waits for the call that is under way to return. Does its transport read again and again
 * all the same? Then it is told the truth, upon which it lets go.
 */
static bool reads_on(struct conn *conn)
{
	struct conn_secured *secured = conn->secured;
	if (!secured->carrier || !secured->carrier->is_here(conn))
		return false;
	bool before = secured->put_off;
	secured->put_off = true;
	if (before)
		secured->carrier->tells(conn);
	return before;
}

static bool is_end(const struct conn *conn, int error)
{
	return error == ECONNRESET || error == EPIPE ||
	       (conn_waiting(conn) && path_is_gone(conn, error));
}

/* A rescue has the connection: nothing is to be read before it is over. */
static enum attended put_off(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	if (rescue_is_watched(conn)) {
		conn_unlock(conn);
		return deliver(r, EAGAIN);
	}
	if (!rescue_has_failed(conn)) {
		if (tls_memory_enter(conn))
			return secured_drive(r);
		int told = reads_on(conn) ? rescue_error(conn) : EAGAIN;
		conn_unlock(conn);
		return deliver(r, told);
	}
	int error = rescue_error(conn);
	tls_memory_failed(conn);
	conn_end(conn, WHY_TOLD);
	return deliver(r, error);
}

static void has_begun(struct conn *conn, const struct rescue_start *start)
{
	conn->secured->put_off = start->reading;
	conn->secured->patience_ms = 0;
	rescue_expect(conn);
}

/* The session's own thread is in a call to its library, and the unanswered requests are held. */
static bool begin(struct conn *conn, const struct rescue_start *start)
{
	bool begun = tls_session_is_here(conn) && conn_waiting(conn) &&
		     rescue_begin(conn, start) == REASON_NONE;
	if (begun)
		has_begun(conn, start);
	return begun;
}

/* The same of a handshake of the program's, in which nothing of its own was sent. */
static bool begin_shake(struct conn *conn, int error, bool writes)
{
	const struct rescue_start start = {
	    .reading = !writes,
	    .cause = CAUSE_TLS_HANDSHAKE,
	    .unsent = true,
	    .error = error,
	};
	if (!tls_shake_begins(conn, writes))
		return false;
	if (rescue_begin(conn, &start) == REASON_NONE) {
		has_begun(conn, &start);
		return true;
	}
	tls_shake_refused(conn);
	return false;
}

/* A rescue has begun, and the call to the library is to return. Called with the lock, leaves
 * without.
 */
static enum attended let_return(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	const struct wire_carrier *carrier = conn->secured->carrier;
	const struct iovec *first = r->call->iov;
	bool waits = carrier->spoils && r->call->count > 0 && !rescue_is_nonblocking(conn);
	size_t len = waits ? carrier->spoils(conn, first->iov_base, first->iov_len) : 0;
	conn_unlock(conn);
	if (!len)
		return deliver(r, EAGAIN);
	r->result = (ssize_t)len;
	return DELIVER;
}

/* The kernel has said that the connection is at its end. Called with the lock, leaves without. */
static enum attended read_end(struct reading *r, int error)
{
	struct conn *conn = r->handle.conn;
	const struct rescue_start start = {
	    .reading = true,
	    .cause = rescue_resume_cause(conn, error ? CAUSE_RESET : CAUSE_EOF),
	    .error = error,
	    .head = conn->held,
	    .head_len = conn->held_len,
	};
	if (conn->care & CARE_HOLDING) { /* the program has bytes to read before that */
		conn_unlock(conn);
		return deliver(r, error);
	}
	bool entered = tls_memory_enter(conn);
	if (begin(conn, &start) || (!entered && begin_shake(conn, error, false)))
		return entered ? secured_drive(r) : let_return(r);
	if (entered)
		tls_memory_leave(conn);
	if (!conn_waiting(conn) && tls_session_ends(conn))
		error = EAGAIN; /* the call to the library tells */
	conn_end(conn, WHY_TOLD);
	return deliver(r, error);
}

static bool wants_bytes(const struct read_call *call)
{
	for (int i = 0; i < call->count; i++) {
		if (call->iov[i].iov_len)
			return true;
	}
	return false;
}

/*
 * A response is held back until all of it is there, but not for ever. Called with the lock; false:
 * without, and r->result is what the library gets.
 */
static bool await_more(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	int fd = conn->fd, ready;
	if (!reading_may_wait(r) || wire_has_unread(fd))
		return true;
	uint64_t own_ms = wire_receive_timeout_ms(fd), limit_ms = hold_text_patience_ms(conn);
	conn_unlock(conn);
	do
		ready = os_wait(fd, own_ms < limit_ms ? own_ms : limit_ms);
	while (ready == -EINTR && os_restarts());
	if (ready > 0 && handle_lock(&r->handle))
		return true;
	deliver(r, ready == -EINTR ? EINTR : EAGAIN);
	return false;
}

/*
 * The library has had all that there is, and waits for an answer (it may have been tickets, and no
 * answer, that the last watch ended with): a watch begins in its place.
 */
static bool begin_watch(struct conn *conn)
{
	if (!tls_session_is_here(conn) || !conn_waiting(conn) || conn->flags & CONN_ANSWERING ||
	    rescue_watch_has_news(conn->fd))
		return false;
	rescue_watch(conn);
	return conn->busy;
}

int secured_asked(struct conn *conn, int error)
{
	struct conn_secured *secured = conn->secured;
	bool shakes =
	    config.policy->uses & POLICY_USES_TLS_HANDSHAKE && !(conn->flags & CONN_REUSED);
	int owed = secured->owed;
	secured->owed = 0;
	if (owed || !error || !secured->session || !(shakes || conn_waiting(conn)))
		return owed ? owed : error;
	secured->owed = error;
	return 0;
}

static int take_owed(struct conn *conn)
{
	int owed = conn->secured->owed;
	conn->secured->owed = 0;
	return owed;
}

/* The kernel has answered (r->result and errno) a call that was made at this epoch. */
static enum attended answered(struct reading *r, uint32_t epoch)
{
	const struct read_call *call = r->call;
	struct conn *conn = r->handle.conn;
	int error = r->result < 0 ? get_errno() : 0;
	bool end = !error || is_end(conn, error);
	if ((r->result <= 0 && !end) || call->flags & MSG_PEEK || !wants_bytes(call) ||
	    !handle_lock_answered(&r->handle))
		return DELIVER;
	tls_quick_leave(conn);
	if (conn->epoch != epoch || conn->busy) {
		if (r->result > 0)
			call_end_mixed(conn, epoch);
		else
			conn_unlock(conn);
		return DELIVER;
	}
	if (r->result <= 0) {
		int owed = take_owed(conn); /* asked for meanwhile */
		return read_end(r, owed ? owed : error);
	}
	conn->received += (uint64_t)r->result;
	conn_secured_read(conn, call->iov, call->count, (size_t)r->result);
	tls_session_note_moved(conn);
	if (tls_session_is_passed(conn))
		conn_end(conn, WHY_PASSED);
	else
		conn_unlock(conn);
	set_errno(error);
	return DELIVER;
}

/* As the kernel has it: what came before the error is read first. */
static int take_owed_by_read(struct conn *conn)
{
	return conn->secured->owed && !wire_has_unread(conn->fd) ? take_owed(conn) : 0;
}

enum attended secured_read(struct reading *r)
{
	const struct read_call *call = r->call;
	struct conn *conn = r->handle.conn;
	tls_quick_leave(conn);
	if (conn->flags & CONN_DOUBT && !conn->busy) {
		conn_end(conn, WHY_PASSED);
		return READ_ON;
	}
	/* A read that is not the library's own waits by itself, and finds its answer. */
	if (rescue_is_watched(conn) && !tls_session_is_here(conn))
		rescue_unwatch(conn);
	if (conn->busy || (rescue_watches() && begin_watch(conn)))
		return put_off(r);
	if (__builtin_expect(conn->care & CARE_HOLDING, 0) && !await_more(r))
		return DELIVER;
	int owed = take_owed_by_read(conn);
	if (__builtin_expect(owed, 0))
		return read_end(r, owed);
	uint32_t epoch = conn->epoch;
	tls_session_meet(conn);
	conn_unlock(conn);
	if (r->handle.waited) {
		bool over;
		if (!reading_read_waited(r, &over))
			return over ? DELIVER : READ_AGAIN;
	} else {
		r->result = call->real(call, call->fd);
	}
	return answered(r, epoch);
}

ssize_t settle_secured_read(struct conn *conn, const struct read_call *call,
			    const struct past *past)
{
	struct reading r;
	r.call = call;
	handle_find(&r.handle, conn, call->fd);
	r.handle.life = past->life;
	r.result = past->result;
	return answered(&r, past->epoch) == DELIVER ? r.result : reading_more(&r);
}

/* Called with the lock, leaves without. */
static enum sent write_end(struct sending *s, int error)
{
	struct conn *conn = s->handle.conn;
	bool unsent = tls_session_has_sent_nothing(conn);
	const struct rescue_start start = {
	    .cause = unsent ? CAUSE_STALE : CAUSE_RESET,
	    .unsent = unsent,
	    .error = error,
	    .head = conn->held,
	    .head_len = conn->held_len,
	};
	bool entered = tls_memory_enter(conn);
	tls_memory_refuse(conn, s->len);
	bool begun = begin(conn, &start) || (!entered && begin_shake(conn, error, true));
	tls_memory_refuse(conn, 0);
	if (begun && entered)
		return secured_set_out(s);
	if (begun)
		return secured_swallow(s);
	if (entered)
		tls_memory_leave(conn);
	conn_end(conn, WHY_TOLD);
	return sending_tell(s, error);
}

enum sent secured_written(struct sending *s, uint32_t epoch)
{
	struct conn *conn = s->handle.conn;
	int error = s->result < 0 ? get_errno() : 0;
	bool end = is_end(conn, error);
	if (!handle_lock_answered(&s->handle))
		return end ? sending_tell(s, error) : KERNELS_WORD;
	tls_quick_leave(conn);
	if (conn->epoch == epoch && !conn->busy && end) {
		int owed = take_owed(conn);
		return write_end(s, owed ? owed : error);
	}
	if (conn->epoch == epoch && s->result > 0) {
		conn->secured->sent += (uint64_t)s->result;
		tls_session_note_moved(conn);
	}
	conn_unlock(conn);
	set_errno(error ? error : get_errno());
	return end ? sending_tell(s, error) : KERNELS_WORD;
}

enum sent secured_write(struct sending *s)
{
	const struct write_call *call = s->call;
	struct conn *conn = s->handle.conn;
	tls_quick_leave(conn);
	if (call->count == SENDING_UNSEEN || s->handle.waited) {
		conn_end(conn, WHY_PASSED);
		return s->handle.waited ? sending_lost(s) : PASS_ON;
	}
	if (conn->busy)
		rescue_unwatch(conn);
	if (conn->busy)
		return secured_swallow(s);
	int owed = take_owed(conn);
	if (__builtin_expect(owed, 0))
		return write_end(s, owed);
	uint32_t epoch = conn->epoch;
	tls_session_meet(conn);
	conn_unlock(conn);
	s->result = call->quiet(call, call->fd);
	return secured_written(s, epoch);
}
