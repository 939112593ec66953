/* SPDX-License-Identifier: MIT */
/* Writing while a rescue is under way, or bytes that were taken before wait for room. */
#include <errno.h>

#include "../conn/end.h"
#include "../conn/own.h"
#include "../conn/turns.h"
#include "../os/blocking.h"
#include "../os/clock.h"
#include "../os/epoll.h"
#include "../os/sigpipe.h"
#include "../os/watcher.h"
#include "../process/config.h"
#include "../rescue/dial.h"
#include "../rescue/end.h"
#include "../rescue/room.h"
#include "../rescue/watch.h"
#include "../rescue/yield.h"
#include "../wire/socket.h"
#include "bytes.h"
#include "request_id.h"
#include "sending.h"

#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY 0x4000000
#endif

/* Bytes out of band, in buffers that the kernel still reads, or in the SYN: not ours to repeat. */
#define UNTRACKABLE (MSG_OOB | MSG_ZEROCOPY | MSG_FASTOPEN)

enum { PIECES_MAX = 1024 }; /* IOV_MAX: past it writev and sendmsg fail with different errors */

static bool is_plain(const struct write_call *call)
{
	return !(call->flags & UNTRACKABLE) && call->count <= PIECES_MAX &&
	       !(call->message && call->message->msg_controllen);
}

bool sending_is_trackable(const struct conn *conn, const struct write_call *call)
{
	const uint32_t looked_at =
	    CONN_CONNECTED | CONN_DOUBT | CONN_OPAQUE | CONN_GREETING | CONN_SECURED;
	return (conn->flags & looked_at) == CONN_CONNECTED && is_plain(call) && !conn->writers;
}

void sending_set_head(struct rescue_start *start, const struct conn *conn,
		      const struct write_call *call, char room[SENDING_HEAD_MAX])
{
	const struct write_call *own = request_id_own(call);
	const struct iovec *first = own->iov;
	start->head = conn->held;
	start->head_len = conn->held_len;
	while (!start->head_len && first < own->iov + own->count && !first->iov_len)
		first++;
	if (start->head_len || first == own->iov + own->count)
		return;
	bool known = bytes_are_known(first, 1, first->iov_len);
	start->head = known ? first->iov_base : room;
	start->head_len = known ? first->iov_len : bytes_copy(room, SENDING_HEAD_MAX, first, 1);
}

/* The program gets this error, and the signal that comes with it. */
COLD enum sent sending_tell(struct sending *s, int error)
{
	s->result = -1;
	if (error == EPIPE && !(s->call->flags & MSG_NOSIGNAL))
		os_raise_sigpipe();
	set_errno(error);
	return KERNELS_WORD;
}

/* The kernel would not say again what redial has asked it, but EPIPE, and raise SIGPIPE. */
COLD enum sent sending_tell_owed(struct sending *s)
{
	struct conn *conn = s->handle.conn;
	int error = rescue_error(conn);
	conn_end(conn, WHY_TOLD);
	return error ? sending_tell(s, error) : PASS_ON;
}

/* The number has become another file while the call waited. */
static enum sent gone(struct sending *s)
{
	return sending_tell(s, s->handle.error ? s->handle.error : ECONNRESET);
}

bool sending_may_wait(const struct conn *conn, const struct write_call *call)
{
	if (call->flags & MSG_DONTWAIT)
		return false;
	return conn->busy ? !rescue_is_nonblocking(conn) : !os_is_nonblocking(conn->fd);
}

/*
 * A rescue has come to nothing. The kernel told ECONNRESET once and would not again. Called with
 * the lock, leaves without.
 */
static enum sent deliver_failure(struct sending *s, bool begun)
{
	struct conn *conn = s->handle.conn;
	int error = rescue_error(conn);
	/* A peer that has only ended its own direction would take the request once more. */
	if (!error && (begun || rescue_was_sent(conn)))
		error = ECONNRESET;
	if (!error)
		s->socket = conn_own_dup(rescue_dead_socket(conn));
	conn_end(conn, WHY_TOLD);
	if (error)
		return sending_tell(s, error);
	return s->socket >= 0 ? PASS_ON : sending_tell(s, ECONNRESET);
}

/* The number was closed past the hooks. Called without the lock. */
enum sent sending_lost(struct sending *s)
{
	return s->handle.waited ? gone(s) : PASS_ON;
}

/* Takes the rescue as far as the call may wait. */
static enum rescue_result go_on(struct sending *s)
{
	struct conn *conn = s->handle.conn;
	if (!sending_may_wait(conn, s->call)) {
		enum rescue_result result = rescue_step(conn);
		if (result == RESCUE_LOST)
			conn_end(conn, WHY_LOST);
		return result;
	}
	s->handle.error = rescue_error(conn);
	return rescue_run(&s->handle, RESCUE_WRITES);
}

/*
 * The connection has ended meanwhile. Did the call's bytes go out first, by a rescue that ended
 * well or in the end itself? conn_end tells by the epoch.
 */
static bool went_well(const struct sending *s, uint32_t epoch)
{
	const struct conn *conn = s->handle.conn;
	return __atomic_load_n(&conn->epoch, __ATOMIC_ACQUIRE) != epoch &&
	       __atomic_load_n(&conn->life, __ATOMIC_RELAXED) == s->handle.life;
}

/*
 * A rescue is under way and the call's bytes are in its copy: lets it run for callers that may
 * block. Called with the lock, leaves without.
 */
static enum sent hand_over(struct sending *s, bool begun)
{
	struct conn *conn = s->handle.conn;
	const uint32_t epoch = conn->epoch;
	conn->waits = os_waits; /* no wait so far was for its answer */
	switch (go_on(s)) {
	case RESCUE_FAILED:
		return deliver_failure(s, begun);
	case RESCUE_LOST:
		return went_well(s, epoch) ? TAKEN : sending_lost(s);
	case RESCUE_RESTORED:
		conn_unlock(conn);
		return sending_tell(
		    s, ECONNRESET); /* its bytes may be out: they are not to be sent again */
	case RESCUE_GONE:
		return went_well(s, epoch) ? TAKEN : gone(s);
	case RESCUE_UNDER_WAY:
	case RESCUE_INTERRUPTED:
		if (conn->busy)
			conn->rescue->taken = true;
		/* A thread that waits on the old socket hears nothing of a redial that goes on. */
		if (conn->readers && rescue_is_of_living(conn))
			rescue_yield(conn, REASON_DEADLINE);
		break;
	case RESCUE_DONE:
		break;
	}
	conn_unlock(conn);
	return TAKEN;
}

/*
 * The same without a copy: the call waits until the socket is there, or says that there is no room
 * yet. Called with the lock, leaves without.
 */
static enum sent wait_for_socket(struct sending *s, bool begun)
{
	struct conn *conn = s->handle.conn;
	switch (go_on(s)) {
	case RESCUE_LOST:
		return sending_lost(s);
	case RESCUE_GONE:
		return gone(s);
	case RESCUE_FAILED:
		return deliver_failure(s, begun);
	case RESCUE_INTERRUPTED:
		conn_unlock(conn);
		return sending_tell(s, EINTR);
	case RESCUE_UNDER_WAY: /* no time is left, or the call may not wait at all */
		if (rescue_is_watched(conn))
			break; /* no: what was to go out before is out */
		rescue_is_full(conn);
		conn_unlock(conn);
		return sending_tell(s, EAGAIN);
	case RESCUE_DONE:
	case RESCUE_RESTORED:
		break;
	}
	conn_unlock(conn);
	return TRY_AGAIN;
}

/*
 * Bytes that were taken before wait for room in the socket: these may not overtake them. Called
 * with the lock, leaves without.
 */
static COLD enum sent wait_for_room(struct sending *s)
{
	struct conn *conn = s->handle.conn;
	struct handle *handle = &s->handle;
	bool waits = sending_may_wait(conn, s->call);
	int fd = conn->fd;
	if (waits && !handle->end_ms)
		handle_begin_wait(handle, wire_send_timeout_ms(fd));
	conn_unlock(conn);
	uint64_t left_ms = waits ? handle_left_ms(handle) : 0;
	if (!left_ms)
		return sending_tell(s, EAGAIN);
	handle->waited = true;
	handle->error = ECONNRESET;
	/* Only a look: the lock tells whether it was at the right thing. */
	int ready = os_wait_for_room(fd, handle_slice_ms(left_ms));
	bool restarts = left_ms == UINT64_MAX && os_restarts();
	return ready == -EINTR && !restarts ? sending_tell(s, EINTR) : TRY_AGAIN;
}

/* Adds the call's bytes to what waits for the new connection. false: they cannot be held. */
static bool take(struct conn *conn, const struct bytes_brought *bytes, size_t len)
{
	struct conn_mark mark;
	conn_mark(conn, &mark);
	bool is_http =
	    !(conn->flags & CONN_OPAQUE) && conn_record(conn, bytes->iov, bytes->count, len);
	if (conn->flags & CONN_UNHELD)
		return false; /* no memory: with it went what was taken before */
	if (is_http || rescue_dial_hold(conn, mark.held_len, bytes->iov, bytes->count))
		return true;
	if (!(conn->flags & CONN_UNHELD))
		conn_unrecord(conn, &mark);
	return false;
}

/* May a rescue take the call's bytes, as far as can be told? */
static bool may_take(const struct conn *conn, const struct sending *s)
{
	const struct write_call *call = s->call;
	bool followed =
	    sending_is_trackable(conn, call) || (conn->flags & CONN_OPAQUE && is_plain(call));
	/* What connects takes no bytes yet (connect(2)). */
	bool stands = !rescue_is_dial(conn->rescue) || conn->held_len || !conn->rescue->full;
	/* Behind what waits for its turn, which its failure leaves waiting, they would be sent. */
	bool goes_on = conn->rescue->phase != PHASE_FAILED;
	return followed && stands && goes_on && !(conn->flags & CONN_UNHELD) &&
	       conn->held_len + s->len <= config.policy->hold_max_bytes;
}

/* The program writes while a rescue is under way. Called with the lock, leaves without. */
static COLD enum sent send_during_rescue(struct sending *s)
{
	struct conn *conn = s->handle.conn;
	/* What the rescue has already taken would be missing before these bytes. */
	bool begun = conn->held_len != 0;
	if (rescue_has_answer(conn)) { /* what it is to be told is known: no need to wait longer */
		rescue_settle(conn);
		conn_unlock(conn);
		return TRY_AGAIN;
	}
	if (may_take(conn, s)) {
		struct bytes_brought bytes;
		int error = bytes_bring(&bytes, s->call->iov, s->call->count, s->len);
		if (error == EFAULT) {
			conn_unlock(conn);
			return sending_tell(s, error);
		}
		bool taken = !error && take(conn, &bytes, s->len);
		bytes_done(&bytes);
		if (taken)
			return hand_over(s, begun);
	}
	if (!begun || !(conn->flags & CONN_UNHELD) || conn->held_len)
		return wait_for_socket(s, begun);
	int error = rescue_error(conn);
	conn_end(conn, WHY_TOLD);
	return sending_tell(s, error ? error : ECONNRESET);
}

enum sent sending_go_on(struct sending *s, bool copied)
{
	return copied ? hand_over(s, false) : wait_for_socket(s, false);
}

COLD enum sent sending_rescue(struct sending *s, struct rescue_start *start,
			      const struct conn_mark *mark)
{
	struct conn *conn = s->handle.conn;
	char head[SENDING_HEAD_MAX];
	sending_set_head(start, conn, s->call, head);
	bool copied = !(conn->flags & CONN_UNHELD);
	if (start->unsent && !copied)
		conn_unrecord(conn, mark);
	if (rescue_begin(conn, start) == REASON_NONE)
		return sending_go_on(s, copied);
	conn_end(conn, WHY_TOLD);
	/* SO_ERROR has been taken from the socket: only the end of the stream is told again. */
	return start->error ? sending_tell(s, start->error) : PASS_ON;
}

COLD enum sent sending_clear_the_way(struct sending *s)
{
	struct conn *conn = s->handle.conn;
	if (conn->busy && !rescue_unwatch(conn)) {
		conn_end(conn, WHY_LOST);
		return sending_lost(s);
	}
	if (conn->busy)
		return send_during_rescue(s);
	int error = conn_send_rest(conn, false);
	if (error == -EAGAIN)
		return wait_for_room(s);
	if (error == -EBADF) { /* it was closed past the hooks */
		conn_end(conn, WHY_LOST);
		return sending_lost(s);
	}
	if (!wire_took_nothing(error)) {
		/* That took its time: another thread may wait to close the number. */
		s->handle.waited = true;
		s->handle.error = ECONNRESET;
		return SEND_ON;
	}
	conn_unlock(conn);
	return sending_tell(s, -error);
}
