/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <sys/mman.h>

#include "../conn/end.h"
#include "../conn/secured.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "memory.h"
#include "seats.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum { STRANGERS_MAX = 64 };

__thread struct tls_here tls_here;

void *tls_own_memory(size_t len)
{
	long at = sys6(mmap, 0, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at < 0 && at > -4096)
		return NULL;
	sys3(madvise, at, len, MADV_WIPEONFORK);
	return (void *)at;
}

bool tls_session_ready(void)
{
	return tls_seats_ready() && tls_memory_ready();
}

void tls_call_enter(struct tls_call *call)
{
	struct tls_call *outer = tls_here.call;
	if (__builtin_expect(outer && !tls_is_around(outer, call), 0))
		outer = NULL;
	call->near.conn = NULL;
	call->shakes = false;
	call->outer = outer;
	call->nested = outer != NULL;
	if (__builtin_expect(tls_here.quick != NULL, 0)) {
		call->nested |= tls_is_around(tls_here.quick, call);
		if (!tls_is_around(tls_here.quick, call))
			tls_here = (struct tls_here){.conn = NULL};
	}
	tls_here.call = call;
}

/* Is a quick call on the session under way, or what was one? */
static bool is_quick_on(const struct tls_session *session)
{
	return tls_here.session == session &&
	       tls_is_around(tls_here.quick, __builtin_frame_address(0));
}

struct tls_call *tls_call_here(void)
{
	struct tls_call *call = tls_here.call;
	return tls_is_around(call, __builtin_frame_address(0)) ? call : NULL;
}

void tls_forget_calls(const void *ssl, const struct tls_session *session)
{
	if (tls_here.call && tls_here.call->ssl == ssl)
		tls_here.call = NULL;
	if (!session || tls_here.session != session)
		return;
	tls_here.session = NULL;
	tls_here.conn = NULL;
	tls_here.quick = NULL;
}

bool tls_is_in_call(void)
{
	return tls_call_here() || tls_is_around(tls_here.quick, __builtin_frame_address(0));
}

static bool is_of(const struct tls_call *call, const struct conn *conn)
{
	uint8_t random[CONN_RANDOM_LEN];
	return call->ops->random(call, random) &&
	       memcmp(random, conn->secured->random, sizeof(random)) == 0;
}

bool tls_session_may_bind(const struct tls_call *call)
{
	return tls_call_is_outermost(call) && !call->session;
}

void tls_session_bind(struct conn *conn, struct tls_call *call)
{
	struct tls_session *session = call->ops->bind(call, conn);
	if (!session)
		return;
	session->sent_before = conn->secured->sent;
	session->cookie = conn->cookie;
	call->session = session;
	conn_secured_meet(conn, session);
}

/* What carries the bytes may have kept some back for a while: there are none when a call is over.
 */
static void bind_late(struct tls_call *call)
{
	struct handle *near = &call->near;
	if (!handle_lock_answered(near))
		return;
	if (conn_is_secured(near->conn) && !near->conn->secured->session)
		tls_session_bind(near->conn, call);
	conn_unlock(near->conn);
}

void tls_call_end(struct tls_call *call)
{
	if (call->near.conn && !call->session)
		bind_late(call);
	tls_here.call = call->outer;
}

void tls_session_meet(struct conn *conn)
{
	struct conn_secured *secured = conn->secured;
	struct tls_call *call = secured->session ? NULL : tls_call_here();
	if (secured->session || secured->strangers > STRANGERS_MAX)
		return;
	if (call && !call->ops->at_once && tls_session_may_bind(call) && is_of(call, conn)) {
		tls_session_bind(conn, call);
		if (call->session) {
			call->session->in_calls = true;
			call->session->thread = sys_self(); /* until this call ends */
		}
		handle_find(&call->near, conn, conn->fd);
	}
	secured->strangers++;
	/* The library is none that is known. */
	if (!secured->session && secured->strangers > STRANGERS_MAX)
		conn->flags |= CONN_DOUBT;
}

bool tls_session_is_passed(const struct conn *conn)
{
	const struct tls_session *session = conn->secured->session;
	if (!session || !session->in_calls || is_quick_on(session))
		return false;
	const struct tls_call *call = tls_call_here();
	return !call || call->session != session;
}

void tls_session_meet_first(struct conn *conn)
{
	struct tls_call *call = tls_call_here();
	if (call && call->ops->at_once && tls_session_may_bind(call) && is_of(call, conn))
		tls_session_bind(conn, call);
}

void tls_session_note_moved(const struct conn *conn)
{
	struct tls_session *session = conn->secured->session;
	if (!session)
		return;
	session->part = conn_has_part(conn->secured);
	if (!session->ops->moved_outside)
		return;
	const struct tls_call *call = tls_call_here();
	while (call && call->session != session)
		call = call->outer;
	if (!call)
		session->ops->moved_outside(session);
}

/* A session that two threads may use at once: is it this one's call? */
static bool is_mine(const struct tls_session *session)
{
	const struct tls_call *call = tls_call_here();
	return call && call->session == session && tls_call_is_outermost(call);
}

bool tls_session_is_here(const struct conn *conn)
{
	const struct tls_session *session = conn->secured->session;
	if (session && session->ops->moved_outside)
		return is_mine(session);
	return session && (session->thread == sys_self() || is_quick_on(session));
}

bool tls_session_ends(struct conn *conn)
{
	struct tls_session *session = conn->secured->session;
	bool ends = tls_session_is_here(conn) && conn->flags & CONN_REUSED &&
		    !(conn->flags & CONN_SHUT_DOWN) && !conn_has_part(conn->secured) &&
		    tls_session_is_even(session, conn);
	if (ends)
		session->ended = true;
	return ends;
}

bool tls_session_has_sent_nothing(const struct conn *conn)
{
	const struct tls_session *session = conn->secured->session;
	return session && session->begins && conn->secured->sent == session->sent_before;
}

bool tls_session_lock(struct tls_session *session)
{
	struct handle *handle = &session->handle;
	if (!handle->conn || !handle_lock_answered(handle))
		return false;
	if (conn_is_secured(handle->conn) && handle->conn->secured->session == session) {
		if (session->loose.received | session->loose.sent)
			tls_session_tell(session, handle->conn);
		return true;
	}
	conn_unlock(handle->conn);
	return false;
}

void tls_session_tell(struct tls_session *session, struct conn *conn)
{
	conn_secured_moved(conn, session->loose.received, session->loose.sent,
			   session->loose.body_left);
	session->part = session->loose.body_left != 0;
	session->loose.received = session->loose.sent = 0;
	session->loose.body_left = 0;
	if (tls_here.session == session)
		tls_here.conn = NULL;
}

bool tls_session_is_busy(struct tls_session *session)
{
	if (!tls_session_lock(session))
		return session->cleared;
	bool busy = session->handle.conn->busy;
	conn_unlock(session->handle.conn);
	return busy;
}

bool tls_session_is_even(const struct tls_session *session, const struct conn *conn)
{
	return session->ops->is_even(session, conn);
}

void tls_session_give_up(struct tls_session *session)
{
	if (tls_session_lock(session))
		conn_end(session->handle.conn, WHY_PASSED);
	session->handle.conn = NULL;
	session->left = true;
	if (tls_here.session == session)
		tls_here.conn = NULL;
}
