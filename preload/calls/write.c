/* SPDX-License-Identifier: MIT */
#include "write.h"

#include <errno.h>
#include <fcntl.h>

#include "../process/config.h"
#include "../connect/dial.h"
#include "../conn/idle.h"
#include "../wire/socket.h"
#include "../rescue/machine.h"
#include "../rescue/dial.h"
#include "../rescue/watch.h"
#include "../connect/reject.h"
#include "request_id.h"
#include "../conn/unacked.h"

#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

/* Bytes out of band, in buffers that the kernel still reads, or in the SYN: not ours to repeat. */
#define UNTRACKABLE (MSG_OOB | MSG_ZEROCOPY | MSG_FASTOPEN)

/* Off the usual path, whose registers they would only use up. */
#define COLD __attribute__((noinline))

enum { PIECES_MAX = 1024 }; /* IOV_MAX: past it writev and sendmsg fail with different errors */

static bool trackable(const struct conn *conn, const struct write_call *call)
{
	return (conn->flags & (CONN_CONNECTED | CONN_DOUBT | CONN_OPAQUE)) == CONN_CONNECTED &&
	       !(call->flags & UNTRACKABLE) && call->count <= PIECES_MAX && !conn->writers &&
	       !(call->message && call->message->msg_controllen);
}

static size_t total(const struct write_call *call)
{
	size_t len = 0;
	if (__builtin_expect(call->count == 1, 1))
		return call->iov->iov_len;
	for (int i = 0; i < call->count; i++)
		len += call->iov[i].iov_len;
	return len;
}

/* The request's first bytes: our copy, or the program's if there was no room for one. */
static void set_head(struct rescue_start *start, const struct conn *conn,
		     const struct write_call *call)
{
	const struct write_call *own = request_id_own(call);
	start->head = conn->held;
	start->head_len = conn->held_len;
	for (int i = 0; i < own->count && !start->head_len; i++) {
		start->head = own->iov[i].iov_base;
		start->head_len = own->iov[i].iov_len;
	}
}

/* What became of a try. */
enum sent {
	KERNELS_WORD, /* the kernel's result and errno are the program's */
	TAKEN,	      /* a rescue has all the bytes */
	PASS_ON,      /* make the plain call: what the kernel says to it is what it says bare */
	TRY_AGAIN,
	SEND_ON, /* replace_idle only: go on with it */
};

/* SO_ERROR has been taken from the socket: only end of stream and EPIPE are told again. */
static enum sent tell(int error)
{
	if (!error || error == EPIPE)
		return PASS_ON;
	set_errno(error);
	return KERNELS_WORD;
}

/*
 * A rescue has come to nothing. The kernel told ECONNRESET once and would not again; anything else
 * it will repeat, with a SIGPIPE where one is due. Called with the lock, leaves without.
 */
static enum sent deliver_failure(struct conn *conn, bool begun)
{
	int error = rescue_error(conn);
	/* A peer that has only ended its own direction would take the request once more. */
	if (!error && (begun || rescue_was_sent(conn)))
		error = ECONNRESET;
	conn_forget(conn);
	return tell(error);
}

/*
 * A rescue is under way and the call's bytes are in its copy: lets it run for callers that may
 * block. Called with the lock, leaves without.
 */
static enum sent hand_over(struct conn *conn, bool begun)
{
	bool blocking = !rescue_is_nonblocking(conn);
	enum rescue_result result = blocking ? rescue_run_out(conn) : rescue_step(conn);
	if (result == RESCUE_FAILED)
		return deliver_failure(conn, begun);
	if (result == RESCUE_LOST) {
		if (!blocking) /* rescue_run has let go of it already */
			conn_forget(conn);
		return PASS_ON;
	}
	if (result == RESCUE_RESTORED)
		conn_unlock(conn);
	if (result == RESCUE_GONE || result == RESCUE_RESTORED) {
		/* Its bytes may be out: they are not to be sent again. */
		set_errno(ECONNRESET);
		return KERNELS_WORD;
	}
	conn_unlock(conn);
	return TAKEN;
}

/* The same without a copy: a watcher is never writable, so the wait is here, and bounded. */
static enum sent wait_for_socket(struct conn *conn, bool begun)
{
	switch (rescue_run_out(conn)) {
	case RESCUE_LOST:
	case RESCUE_GONE:
		return PASS_ON;
	case RESCUE_FAILED:
		return deliver_failure(conn, begun);
	case RESCUE_INTERRUPTED:
		conn_unlock(conn);
		set_errno(EINTR);
		return KERNELS_WORD;
	case RESCUE_DONE:
	case RESCUE_RESTORED:
	case RESCUE_UNDER_WAY:
		break;
	}
	conn_unlock(conn);
	return TRY_AGAIN;
}

/* Adds the call's bytes to what waits for the new connection. false if they cannot be held. */
static bool take(struct conn *conn, const struct write_call *call, size_t len)
{
	uint32_t held_len = conn->held_len;
	bool is_http =
	    !(conn->flags & CONN_OPAQUE) && conn_record(conn, call->iov, call->count, len);
	if (is_http && !(conn->flags & CONN_UNHELD))
		return true;
	return rescue_dial_hold(conn, held_len, call->iov, call->count);
}

/* The program writes while a rescue is under way. Called with the lock, leaves without. */
static COLD enum sent send_during_rescue(struct conn *conn, const struct write_call *call,
					 size_t len)
{
	/* What the rescue has already taken would be missing before these bytes. */
	bool begun = conn->held_len != 0;
	if (rescue_has_answer(conn)) { /* what it is to be told is known: no need to wait longer */
		rescue_settle(conn);
		conn_unlock(conn);
		return TRY_AGAIN;
	}
	if (conn->flags & CONN_UNHELD || conn->held_len + len > config.policy->hold_max_bytes)
		return wait_for_socket(conn, begun);
	if (take(conn, call, len))
		return hand_over(conn, begun);
	/* A connect that has failed after all is told; not that a dead socket was written to. */
	int error = begun ? ECONNRESET : rescue_is_dial(conn->rescue) ? rescue_error(conn) : 0;
	conn_forget(conn);
	return error ? tell(error) : PASS_ON;
}

/*
 * Begins a rescue with the call's bytes, which are recorded. Called with the lock, leaves without.
 * mark: where the connection stood before them.
 */
static COLD enum sent rescue(struct conn *conn, const struct write_call *call,
			     struct rescue_start *start, const struct conn_mark *mark)
{
	set_head(start, conn, call);
	bool copied = !(conn->flags & CONN_UNHELD);
	if (start->unsent && !copied)
		conn_unrecord(conn, mark, call->iov, call->count, 0);
	if (rescue_begin(conn, start) == REASON_NONE)
		return copied ? hand_over(conn, false) : wait_for_socket(conn, false);
	conn_forget(conn);
	return tell(start->error);
}

/*
 * Only a request that could not be sent again later needs a look before its first byte goes out:
 * the others are rescued afterwards, at no cost while nothing fails.
 */
static bool needs_a_look(const struct conn *conn, const struct conn_mark *mark)
{
	return conn->flags & CONN_REUSED && conn_idle_before(conn, mark) &&
	       (conn->flags & CONN_UNHELD ||
		!(config.policy->methods_always & method_bit(conn->request.method)));
}

/*
 * A connection that its server may be about to close is replaced before a request, which is
 * recorded and has nothing before it, goes out. SEND_ON: it is not, and serves. Called with the
 * lock, and leaves without unless it says SEND_ON.
 */
static COLD enum sent replace_idle(struct conn *conn, const struct write_call *call, size_t len)
{
	struct rescue_start start = {.cause = CAUSE_IDLE, .unsent = true};
	struct conn_mark before = {.popped = conn->popped};
	if (!(conn->flags & CONN_REUSED) || conn->rescue)
		return SEND_ON;
	set_head(&start, conn, call);
	if (!idle_is_due(conn, start.head, start.head_len))
		return SEND_ON;
	if (wire_is_dead(call->fd)) {
		start.cause = CAUSE_STALE;
		start.error = wire_take_error(call->fd);
		return rescue(conn, call, &start, &before);
	}
	bool copied = !(conn->flags & CONN_UNHELD);
	if (!copied)
		conn_unrecord(conn, &before, call->iov, call->count, 0);
	if (rescue_begin(conn, &start) == REASON_NONE)
		return copied ? hand_over(conn, false) : wait_for_socket(conn, false);
	if (!copied)
		conn_record(conn, call->iov, call->count, len);
	return SEND_ON;
}

/* The kernel did not take all that was recorded. Called with the lock, leaves without. */
static COLD enum sent fell_short(struct conn *conn, const struct write_call *call, size_t len,
				 const struct conn_mark *mark, ssize_t result, int error)
{
	size_t taken = result > 0 ? (size_t)result : 0;
	if (!conn_unrecord(conn, mark, call->iov, call->count, taken)) {
		conn_forget(conn);
		return error == EPIPE ? PASS_ON : KERNELS_WORD;
	}
	if (error == ENOTSOCK) {
		conn_forget(conn); /* a file, on a number that was closed past the hooks */
		return PASS_ON;
	}
	bool unsent = !conn_waiting(conn);
	bool refused = config.policy->uses & POLICY_USES_CONNECT && dial_may_rescue(conn, error);
	if (error != ECONNRESET && error != EPIPE && !unacked_is_over(conn, error) && !refused) {
		request_id_keep_rest(conn, call, taken);
		conn_unlock(conn);
		return KERNELS_WORD;
	}
	if (conn->care & CARE_HOLDING) { /* a response that the program has still to be given */
		conn_let_go(conn);
		return tell(error);
	}
	struct rescue_start start = {
	    .cause = refused  ? dial_cause(error)
		     : unsent ? CAUSE_STALE
			      : CAUSE_RESET,
	    .unsent = unsent,
	    .error = error,
	};
	conn_record(conn, call->iov, call->count, len);
	return rescue(conn, call, &start, mark);
}

/* Leaves a conn that was locked for the kernel's turn. false if it is not the same any more. */
static bool come_back(struct conn *conn, int fd, uint32_t epoch)
{
	if (!conn_lock(conn, fd))
		return false;
	if (conn->epoch == epoch) {
		conn->writers--;
		return true;
	}
	conn_unlock(conn);
	return false;
}

/* One try at the call; *result is the kernel's, where its word counts. */
static enum sent try_to_send(struct conn *conn, const struct write_call *call, size_t len,
			     ssize_t *result)
{
	struct conn_mark mark;
	*result = -1;
	if (!conn_lock(conn, call->fd))
		return PASS_ON;
	if (__builtin_expect(conn->busy, 0))
		rescue_unwatch(conn);
	if (conn->busy && (trackable(conn, call) || conn->flags & CONN_OPAQUE))
		return send_during_rescue(conn, call, len);
	if (__builtin_expect(conn->unsent, 0))
		rescue_send_rest(conn);
	if (conn->unsent && !wire_is_dead(call->fd)) {
		/* The peer takes nothing now: these bytes may not overtake what waits. */
		conn_unlock(conn);
		if (call->flags & MSG_DONTWAIT || sys3(fcntl, call->fd, F_GETFL, 0) & O_NONBLOCK) {
			set_errno(EAGAIN);
			return KERNELS_WORD;
		}
		return TRY_AGAIN;
	}
	bool begun = conn->busy && conn->held_len && !rescue_has_answer(conn);
	conn_mark(conn, &mark);
	if (!trackable(conn, call) || !conn_record(conn, call->iov, call->count, len)) {
		if (!mark.request_count)
			reject_end_unseen(conn);
		conn_let_go(conn);
		return begun ? tell(ECONNRESET) : PASS_ON;
	}
	if (needs_a_look(conn, &mark) && wire_is_dead(call->fd)) {
		struct rescue_start start = {
		    .cause = CAUSE_STALE,
		    .unsent = true,
		    .error = wire_take_error(call->fd),
		};
		return rescue(conn, call, &start, &mark);
	}
	if (__builtin_expect(conn->care & CARE_IDLE, 0) && conn_idle_before(conn, &mark)) {
		enum sent sent = replace_idle(conn, call, len);
		if (sent != SEND_ON)
			return sent;
	}
	uint32_t epoch = conn->epoch;
	conn->writers++;
	conn_unlock(conn);
	*result = call->quiet(call);
	int error = *result < 0 ? get_errno() : 0;
	if (!come_back(conn, call->fd, epoch))
		return error == EPIPE ? PASS_ON : KERNELS_WORD;
	if (*result != (ssize_t)len)
		return fell_short(conn, call, len, &mark, *result, error);
	if (unacked_is_to_limit(conn)) /* connect had only begun when it returned */
		unacked_limit(conn, call->fd);
	if (rescue_watches())
		rescue_watch(conn);
	conn_unlock(conn);
	return KERNELS_WORD;
}

ssize_t call_write(struct conn *conn, const struct write_call *call)
{
	size_t len = total(call);
	ssize_t result;
	if (len == 0)
		return call->plain(call);
	if (request_id_is_wanted(call))
		return request_id_transmit(conn, call);
	for (;;) {
		switch (try_to_send(conn, call, len, &result)) {
		case KERNELS_WORD:
			return result;
		case TAKEN:
			return (ssize_t)len;
		case PASS_ON:
			return call->plain(call);
		case TRY_AGAIN:
		case SEND_ON:
			break;
		}
	}
}
