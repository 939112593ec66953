/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "../conn/end.h"
#include "../conn/idle.h"
#include "../conn/look.h"
#include "../conn/secured.h"
#include "../conn/switch.h"
#include "../os/sys.h"
#include "../rescue/end.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/watch.h"
#include "../wire/socket.h"
#include "shake.h"

/* Found dead before a byte is written. Called with the lock. */
static bool begin_stale(struct conn *conn, bool spent)
{
	const struct rescue_start start = {
	    .cause = CAUSE_STALE,
	    .unsent = true,
	    .error = spent ? ECONNRESET : wire_take_error(conn->fd),
	    .head = conn->held,
	    .head_len = conn->held_len,
	};
	if (!(conn->flags & CONN_UNHELD) && tls_session_is_here(conn) &&
	    rescue_begin(conn, &start) == REASON_NONE)
		return true;
	/* The kernel has told the error to us, and would not tell the program again. */
	if (start.error && rescue_owe_error(conn, start.error))
		conn_unlock(conn);
	else
		conn_end(conn, WHY_TOLD);
	return false;
}

enum replaced { REPLACED, SERVES, LOST };

/*
 * A connection that its server may be about to close is replaced before a request (calls/write.c
 * has the same for plain HTTP). Called with the lock; LOST: leaves without.
 */
static __attribute__((noinline)) enum replaced replace_old(struct conn *conn)
{
	struct rescue_start start = {
	    .unsent = true, .head = conn->held, .head_len = conn->held_len};
	if (conn_is_apart(conn) || !(conn->flags & CONN_REUSED) ||
	    conn->flags & (CONN_INHERITED | CONN_UNHELD) || conn->rescue ||
	    !tls_session_is_here(conn) ||
	    !idle_is_due(conn, start.head, start.head_len, &start.cause))
		return SERVES;
	if (wire_is_dead(conn->fd))
		return begin_stale(conn, false) ? REPLACED : LOST;
	return rescue_begin(conn, &start) == REASON_NONE ? REPLACED : SERVES;
}

/*
 * A rescue is under way, and has no room for what the program writes next: without that its request
 * would be lost, though the server had been alive (idle.h). So the call waits, as that of plain
 * HTTP does. Called with the lock; false: without, and nothing is followed any more.
 */
static __attribute__((noinline)) bool make_room(struct tls_exchange *exchange, struct conn *conn)
{
	struct tls_session *session = exchange->call.session;
	if (conn->held_len + exchange->len <= config.policy->hold_max_bytes ||
	    conn->flags & CONN_UNHELD || !tls_session_is_here(conn) || rescue_has_answer(conn))
		return true;
	conn->secured->patience_ms = conn->rescue->settings.connect_timeout_ms;
	conn_unlock(conn);
	tls_attend(exchange, true);
	session->pending = false;
	if (!tls_session_lock(session))
		return false;
	if (!rescue_has_failed(conn) && !(conn->flags & CONN_DOUBT))
		return true;
	conn_unlock(conn);
	return false;
}

enum recorded { RECORDED, TAKEN, LEFT_ALONE, TO_BE_TOLD };

/* Recorded as the first of a request: has the connection gone, or grown too old for it? Called with
 * the lock; TO_BE_TOLD: leaves without. */
static enum recorded look(const struct tls_exchange *exchange, struct conn *conn,
			  const struct conn_mark *mark)
{
	const struct tls_session *session = exchange->call.session;
	if (!tls_call_is_outermost(&exchange->call) || !conn_idle_before(conn, mark))
		return RECORDED;
	if (session->spent || is_found_dead(conn, mark))
		return begin_stale(conn, session->spent) ? TAKEN : TO_BE_TOLD;
	if (__builtin_expect(!(conn->care & CARE_IDLE), 1) || session->memory)
		return RECORDED;
	switch (replace_old(conn)) {
	case REPLACED:
		return TAKEN;
	case LOST:
		return TO_BE_TOLD;
	default:
		return RECORDED;
	}
}

/*
 * Before the library's call. TAKEN: a rescue has the bytes. TO_BE_TOLD: left alone as well, for the
 * connection has failed.
 */
static enum recorded record(struct tls_exchange *exchange, struct conn_mark *mark)
{
	struct tls_session *session = exchange->call.session;
	if (!session)
		return LEFT_ALONE;
	conn_switch();
	if (!tls_session_lock(session))
		return LEFT_ALONE;
	struct conn *conn = session->handle.conn;
	if (rescue_has_failed(conn) || conn->flags & CONN_DOUBT) {
		conn_unlock(conn);
		return TO_BE_TOLD;
	}
	if (conn->busy)
		rescue_unwatch(conn);
	if (conn->busy && !make_room(exchange, conn))
		return TO_BE_TOLD;
	/* Nothing is taken for a server that has not been checked by the program yet. */
	if (session->shakes || !tls_shake_is_over(session, conn)) {
		conn_end(conn, WHY_TOLD);
		return LEFT_ALONE;
	}
	bool taken = conn->busy;
	conn_mark(conn, mark);
	if (!conn_record_piece(conn, exchange->buf, exchange->len) ||
	    (taken && conn->flags & CONN_UNHELD)) {
		conn_end(conn, WHY_PASSED);
		if (session->cleared) /* no call would find that out any more */
			session->ops->undo(session);
		return LEFT_ALONE;
	}
	/* What goes to memory is on no socket when the call returns, nor is what follows it. */
	bool follows =
	    session->memory && session->begins && conn->secured->sent == session->sent_before;
	session->begins = follows || conn_idle_before(conn, mark);
	session->sent_before = conn->secured->sent;
	enum recorded recorded = taken ? TAKEN : look(exchange, conn, mark);
	if (recorded == TO_BE_TOLD)
		return recorded;
	if (recorded == TAKEN)
		conn->rescue->taken = true;
	conn_unlock(conn);
	return recorded;
}

/* After the library's call, what it took of the recorded bytes counts. true: a rescue has begun. */
static bool settle(struct tls_exchange *exchange, const struct conn_mark *mark, int result)
{
	struct tls_session *session = exchange->call.session;
	int kept = get_errno();
	if (!tls_session_lock(session))
		return false;
	struct conn *conn = session->handle.conn;
	bool begun = conn->busy && !rescue_has_failed(conn);
	session->half = !begun && result <= 0 && conn->secured->sent != session->sent_before;
	session->begins &= session->memory;
	if (begun)
		conn->rescue->taken = true;
	bool whole = begun || (result > 0 && exchange->done == exchange->len);
	if (whole && !begun && rescue_watches() && !conn_is_apart(conn))
		rescue_watch(conn);
	if (whole || (!conn->busy && conn_unrecord(conn, mark) &&
		      conn_record_piece(conn, exchange->buf, exchange->done)))
		conn_unlock(conn);
	else
		conn_end(conn, WHY_PASSED);
	set_errno(kept);
	return begun;
}

/* The session was found in the middle of the call, which has worked. */
static void record_after(struct tls_exchange *exchange)
{
	struct tls_session *session = exchange->call.session;
	if (!tls_session_lock(session))
		return;
	struct conn *conn = session->handle.conn;
	if (conn->busy || conn_record_piece(conn, exchange->buf, exchange->done))
		conn_unlock(conn);
	else
		conn_end(conn, WHY_PASSED);
}

static int all_taken(struct tls_exchange *exchange)
{
	exchange->done = exchange->len;
	return exchange->kind == HOOKED_SSL_write ? (int)exchange->len : 1;
}

int tls_write(struct tls_exchange *exchange)
{
	const struct tls_session *session = exchange->call.session;
	bool wide = __builtin_expect(config.policy->uses & POLICY_USES_REQUEST_ID, 0) && session &&
		    session->ops->take && exchange->len;
	return wide ? tls_write_wide(exchange) : tls_write_as_it_is(exchange);
}

/* The library's call, which is to find the error that there is to tell, as it would bare. */
static int make_told(struct tls_exchange *exchange)
{
	struct tls_session *session = exchange->call.session;
	session->tells = true;
	int result = tls_make(exchange);
	session->tells = false;
	return result;
}

/* Has the rescue failed meanwhile, with an error that a write finds? */
static bool has_failed(struct tls_session *session)
{
	if (session->memory || !tls_session_lock(session))
		return false;
	struct conn *conn = session->handle.conn;
	bool failed = rescue_has_failed(conn) && rescue_error(conn);
	conn_unlock(conn);
	return failed;
}

/* A rescue has the bytes. What it comes to only later the program's next read tells. */
static int leave_to_rescue(struct tls_exchange *exchange)
{
	struct tls_session *session = exchange->call.session;
	tls_attend(exchange, true);
	session->pending = false;
	return has_failed(session) ? make_told(exchange) : all_taken(exchange);
}

int tls_write_on(struct tls_exchange *exchange, const struct conn_mark *mark, int result)
{
	return settle(exchange, mark, result) ? leave_to_rescue(exchange) : result;
}

int tls_write_as_it_is(struct tls_exchange *exchange)
{
	struct conn_mark mark;
	if (exchange->call.session && exchange->call.session->over)
		return all_taken(exchange); /* as bare: they are in memory, and lead nowhere */
	enum recorded recorded = exchange->len ? record(exchange, &mark) : LEFT_ALONE;
	if (recorded == TAKEN)
		return leave_to_rescue(exchange);
	if (recorded == TO_BE_TOLD)
		return make_told(exchange);
	struct tls_session *before = exchange->call.session;
	int result = tls_make(exchange);
	if (recorded == RECORDED)
		return tls_write_on(exchange, &mark, result);
	if (!before && exchange->call.session && result > 0)
		record_after(exchange);
	return result;
}
