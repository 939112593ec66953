/* SPDX-License-Identifier: MIT */
#include "write.h"

#include <errno.h>

#include "../conn/end.h"
#include "../conn/look.h"
#include "../conn/own.h"
#include "../conn/peer.h"
#include "../conn/path.h"
#include "../conn/switch.h"
#include "../connect/dial.h"
#include "../connect/reject.h"
#include "../os/epoll.h"
#include "../os/mem.h"
#include "../process/config.h"
#include "../rescue/rescue.h"
#include "../rescue/watch.h"
#include "../wire/socket.h"
#include "bytes.h"
#include "greet.h"
#include "placeholder.h"
#include "request_id.h"
#include "sending.h"
#include "settle.h"

static size_t total(const struct write_call *call)
{
	size_t len = 0;
	if (__builtin_expect(call->count == 1, 1))
		return call->iov->iov_len;
	for (int i = 0; i < call->count; i++)
		len += call->iov[i].iov_len;
	return len;
}

/* The kernel did not take all that was recorded. Called with the lock, leaves without. */
static COLD enum sent fell_short(struct sending *s, const struct conn_mark *mark, int error)
{
	const struct write_call *call = s->call;
	struct conn *conn = s->handle.conn;
	size_t taken = s->result > 0 ? (size_t)s->result : 0;
	request_id_note_socket(conn, call);
	if (!bytes_unrecord(conn, mark, call->iov, call->count, taken)) {
		conn_end(conn, WHY_PASSED);
		return error ? sending_tell(s, error) : KERNELS_WORD;
	}
	if (error == ENOTSOCK) { /* a file, on a number that was closed past the hooks */
		conn_end(conn, WHY_LOST);
		return sending_lost(s);
	}
	bool unsent = !conn_waiting(conn);
	bool refused = config.policy->uses & POLICY_USES_CONNECT && dial_may_rescue(conn, error);
	if (error != ECONNRESET && error != EPIPE && !path_is_gone(conn, error) && !refused) {
		request_id_keep_rest(conn, call, taken);
		conn_unlock(conn);
		return KERNELS_WORD;
	}
	/* A response that the program has still to be given; or the bytes have gone meanwhile. */
	if (conn->care & CARE_HOLDING ||
	    bytes_record(conn, call->iov, call->count, s->len) != BYTES_RECORDED) {
		conn_end(conn, WHY_PASSED);
		return sending_tell(s, error);
	}
	struct rescue_start start = {
	    .cause = refused  ? dial_cause(error)
		     : unsent ? CAUSE_STALE
			      : CAUSE_RESET,
	    .unsent = unsent,
	    .untaken = s->len - taken,
	    .error = error,
	};
	return sending_rescue(s, &start, mark);
}

/*
 * The connection has gone while the kernel had the call. What is no socket the number has become
 * since: bare the call would have found the socket, or nothing.
 */
static COLD enum sent told_of_another(struct sending *s, int error)
{
	return sending_tell(s, error == ENOTSOCK ? EBADF : error);
}

/* handle_lock and handle_lock_answered, of what is in registers. */
static inline bool enter(const struct sending *s, struct conn *conn, const struct write_call *call,
			 bool answered)
{
	if (!answered && __builtin_expect(s->handle.waited, 0))
		return handle_lock_any(&s->handle);
	if (!__builtin_expect(conn_lock(conn, call->fd), 1))
		return answered && handle_lock_any(&s->handle);
	if (__builtin_expect(conn->life == s->handle.life, 1))
		return true;
	conn_unlock(conn);
	return false;
}

/* The kernel has answered; see kernels_turn. */
static inline bool is_back(struct sending *s, struct conn *conn, const struct write_call *call,
			   uint32_t epoch, int *error, enum sent *sent)
{
	*error = s->result < 0 ? get_errno() : 0;
	bool back = enter(s, conn, call, true);
	if (__builtin_expect(back && conn->epoch == epoch, 1)) {
		conn->writers--;
		return true;
	}
	if (back)
		conn_unlock(conn);
	*sent = *error ? told_of_another(s, *error) : KERNELS_WORD;
	return false;
}

/*
 * The call as the kernel takes it, unlocked meanwhile; *error is its errno. false: without the
 * lock, the connection is not the same any more, and *sent is what became of the try.
 */
static inline __attribute__((always_inline)) bool kernels_turn(struct sending *s, struct conn *conn,
							       const struct write_call *call,
							       int *error, enum sent *sent)
{
	uint32_t epoch = conn->epoch;
	conn->waits = os_waits;
	conn->writers++;
	if (__builtin_expect(!s->handle.waited, 1)) {
		conn_unlock(conn);
		s->result = call->quiet(call, call->fd);
	} else if (!sending_write_waited(s)) {
		conn_end(conn, WHY_LOST);
		*sent = sending_lost(s);
		return false;
	}
	return is_back(s, conn, call, epoch, error, sent);
}

/* The kernel has taken so much of what tells a proxy where to: all of it, or redial's part ends. */
static COLD enum sent greeted(struct sending *s, int error)
{
	if (s->result == (ssize_t)s->len) {
		conn_unlock(s->handle.conn);
		return KERNELS_WORD;
	}
	conn_end(s->handle.conn, WHY_PASSED);
	return error ? sending_tell(s, error) : KERNELS_WORD;
}

/*
 * Bytes that cannot be read, as far as we can tell, or that tell a proxy where to (greets): the
 * kernel says what it says of them, and what it has taken it could read. Called with the lock and
 * nothing of them recorded, leaves without.
 */
static COLD enum sent find_out(struct sending *s, bool greets)
{
	const struct write_call *call = s->call;
	struct conn *conn = s->handle.conn;
	enum sent sent;
	int error;
	if (!kernels_turn(s, conn, call, &error, &sent))
		return sent;
	if (greets)
		return greeted(s, error);
	size_t taken = s->result > 0 ? (size_t)s->result : 0;
	request_id_note_socket(conn, call);
	if (error == ENOTSOCK) {
		conn_end(conn, WHY_LOST);
		return sending_lost(s);
	}
	bool over = error == ECONNRESET || error == EPIPE || path_is_gone(conn, error);
	if (over || bytes_record(conn, call->iov, call->count, taken) != BYTES_RECORDED) {
		conn_end(conn, over && !(conn->care & CARE_HOLDING) ? WHY_TOLD : WHY_PASSED);
		return error ? sending_tell(s, error) : KERNELS_WORD;
	}
	if (taken < s->len)
		request_id_keep_rest(conn, call, taken);
	conn_unlock(conn);
	return KERNELS_WORD;
}

/*
 * These bytes cannot be followed, nor can what comes after them, unless they lead to where others
 * can. Called with the lock, leaves without.
 */
static COLD enum sent pass_on(struct sending *s, bool idle)
{
	struct conn *conn = s->handle.conn;
	if (conn->flags & CONN_SECURED && !(conn->flags & CONN_DOUBT))
		return secured_write(s);
	if (conn->flags & CONN_SECURED && rescue_has_failed(conn))
		return sending_tell_owed(s);
	if (conn->flags & CONN_ENDED) {
		conn_end(conn, WHY_TOLD);
		return sending_tell(s, ECONNRESET);
	}
	if (idle && !s->handle.waited && call_greets(conn, s->call, s->len))
		return find_out(s, true);
	if (idle)
		reject_end_unseen(conn);
	if (s->handle.waited)
		s->socket = handle_socket(&s->handle);
	conn_end(conn, WHY_PASSED);
	return s->handle.waited && s->socket < 0 ? sending_lost(s) : PASS_ON;
}

/* The call's bytes have not been recorded. Called with the lock, leaves without. */
static COLD enum sent not_recorded(struct sending *s, const struct conn_mark *mark, enum bytes why)
{
	struct conn *conn = s->handle.conn;
	if (conn_unrecord(conn, mark) && why == BYTES_UNREADABLE)
		return find_out(s, false);
	return pass_on(s, !mark->request_count);
}

/* Most come in one piece, from memory that is known. */
static inline bool is_simple(const struct write_call *call, size_t len)
{
	return __builtin_expect(call->count == 1, 1) &&
	       __builtin_expect(memory_is_known(call->iov->iov_base, len), 1);
}

/* What a policy may ask for, once all is written. */
#define USES_AFTER                                                                                 \
	(POLICY_USES_UNACKED_TIMEOUT | POLICY_USES_KEEP_ALIVE | POLICY_USES_RESPONSE_TIMEOUT)

static COLD void look_after(struct conn *conn)
{
	if (path_is_to_watch(conn)) /* connect had only begun when it returned */
		path_watch(conn, conn->fd);
	if (rescue_watches())
		rescue_watch(conn);
}

/* One try at the call. */
static inline enum sent try_to_send(struct sending *s, struct conn *conn,
				    const struct write_call *call, size_t len)
{
	struct conn_mark mark;
	enum sent sent;
	int error;
	if (!enter(s, conn, call, false))
		return sending_lost(s);
	if (__builtin_expect(conn->busy || conn->unsent, 0) && !conn_is_secured(conn)) {
		sent = sending_clear_the_way(s);
		if (sent != SEND_ON)
			return sent;
	}
	conn_mark(conn, &mark);
	if (!sending_is_trackable(conn, call))
		return pass_on(s, !mark.request_count);
	if (is_simple(call, len)) {
		if (!conn_record_piece(conn, call->iov->iov_base, len))
			return not_recorded(s, &mark, BYTES_NOT_HTTP);
	} else {
		enum bytes recorded = bytes_record(conn, call->iov, call->count, len);
		if (recorded != BYTES_RECORDED)
			return not_recorded(s, &mark, recorded);
	}
	if (is_found_dead(conn, &mark)) {
		struct rescue_start start = {
		    .cause = CAUSE_STALE,
		    .unsent = true,
		    .error = wire_take_error(conn->fd),
		};
		return sending_rescue(s, &start, &mark);
	}
	if (__builtin_expect(conn->care & CARE_IDLE, 0) && conn_idle_before(conn, &mark)) {
		sent = sending_replace_idle(s);
		if (sent != SEND_ON)
			return sent;
	}
	if (!kernels_turn(s, conn, call, &error, &sent))
		return sent;
	if (s->result != (ssize_t)len)
		return fell_short(s, &mark, error);
	if (__builtin_expect(config.policy->uses & USES_AFTER, 0))
		look_after(conn);
	if (__builtin_expect(conn->peer.any.sa_family == AF_UNIX, 0))
		conn_peer_wrote(conn);
	conn_unlock(conn);
	return KERNELS_WORD;
}

/* The call as the program made it. */
static COLD ssize_t make_plain(struct sending *s)
{
	int socket = s->socket;
	if (socket < 0)
		return s->call->plain(s->call, s->call->fd);
	ssize_t result = s->call->plain(s->call, socket);
	conn_own_close(socket);
	return result;
}

/* A call that writes no bytes finds a socket at its number, if only a placeholder is there. */
static COLD ssize_t write_nothing(const struct write_call *call)
{
	int error;
	if (!call_is_busy(call->fd))
		return call->plain(call, call->fd);
	/* A connect that is tried again takes nothing, not even that. */
	if (!dial_is_under_way(call->fd, false, &error) || !error || error == EISCONN)
		return 0;
	set_errno(error == EALREADY ? EAGAIN : error);
	return -1;
}

/* An array that cannot be read, or is longer than any may be: the kernel says so first. */
static COLD ssize_t write_refused(const struct write_call *call, int error)
{
	if (call_is_refused(call->fd, error == EINVAL && call->message ? EMSGSIZE : error))
		return -1;
	ssize_t result = call->plain(call, call->fd);
	if (result > 0) /* it was not refused after all */
		conn_end_fd(call->fd, WHY_PASSED);
	return result;
}

/* From what became of a try to the end of the call. */
static inline __attribute__((always_inline)) ssize_t go_on(struct sending *s, struct conn *conn,
							   const struct write_call *call,
							   size_t len, enum sent sent)
{
	for (;; sent = try_to_send(s, conn, call, len)) {
		switch (sent) {
		case KERNELS_WORD:
			return s->result;
		case TAKEN:
			return (ssize_t)len;
		case PASS_ON:
			return make_plain(s);
		case TRY_AGAIN:
		case SEND_ON:
			break;
		}
	}
}

static inline void begin(struct sending *s, struct conn *conn, const struct write_call *call,
			 size_t len)
{
	s->call = call;
	s->len = len;
	s->socket = -1;
	handle_find(&s->handle, conn, call->fd);
}

ssize_t sending_run(struct conn *conn, const struct write_call *call, size_t len)
{
	struct sending s;
	begin(&s, conn, call, len);
	return go_on(&s, conn, call, len, TRY_AGAIN);
}

COLD ssize_t settle_write(struct conn *conn, const struct write_call *call, size_t len,
			  const struct past *past)
{
	const struct conn_mark mark = {.popped = past->popped};
	struct sending s;
	enum sent sent;
	int error;
	begin(&s, conn, call, len);
	s.handle.life = past->life;
	s.result = past->result;
	if (past->secured) {
		sent = secured_written(&s, past->epoch);
	} else if (!is_back(&s, conn, call, past->epoch, &error, &sent)) {
	} else if (s.result != (ssize_t)len) {
		sent = fell_short(&s, &mark, error);
	} else {
		conn_unlock(conn);
		sent = KERNELS_WORD;
	}
	return go_on(&s, conn, call, len, sent);
}

ssize_t call_write(struct conn *conn, const struct write_call *call)
{
	size_t len = total(call);
	if (len == 0)
		return write_nothing(call);
	conn_switch();
	if (request_id_is_wanted(call))
		return request_id_write(conn, call);
	return sending_run(conn, call, len);
}

ssize_t call_write_pieces(struct conn *conn, const struct write_call *call)
{
	struct bytes_brought pieces;
	int error = bytes_bring_array(&pieces, call->iov, call->count);
	if (error)
		return write_refused(call, error);
	struct write_call own = *call;
	own.iov = pieces.iov;
	ssize_t result = call_write(conn, &own);
	bytes_done(&pieces);
	return result;
}
