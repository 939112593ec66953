/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <sys/mman.h>

#include "../conn/end.h"
#include "../conn/secured.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "memory.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* Calls that are under way, the innermost of each thread: threads beyond these do without. */
enum { THREADS_MAX = 256, STRANGERS_MAX = 64 };

struct under_way {
	uintptr_t thread;
	struct tls_call *call;
};

/* See tls_own_memory. */
static struct under_way *under_way;

static uint32_t slot_of(uintptr_t self)
{
	return (uint32_t)((self >> 6 ^ self >> 14) % THREADS_MAX);
}

enum { PROBES = 8 };

/* How many slots are, or are about to be, taken by threads that found their first one taken. */
static uint32_t displaced;

/* This thread's innermost call, and its slot; UINT32_MAX: it has none. */
static uint32_t find_slot(uintptr_t self)
{
	uint32_t probes = __atomic_load_n(&displaced, __ATOMIC_RELAXED) ? PROBES : 1;
	for (uint32_t i = 0; i < probes; i++) {
		uint32_t at = (slot_of(self) + i) % THREADS_MAX;
		if (__atomic_load_n(&under_way[at].thread, __ATOMIC_RELAXED) == self)
			return at;
	}
	return UINT32_MAX;
}

static bool take_slot_at(uint32_t at, uintptr_t self)
{
	uintptr_t nobody = 0;
	return __atomic_compare_exchange_n(&under_way[at].thread, &nobody, self, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static uint32_t take_slot(uintptr_t self)
{
	uint32_t first = slot_of(self);
	if (__builtin_expect(take_slot_at(first, self), 1))
		return first;
	__atomic_add_fetch(&displaced, 1, __ATOMIC_RELAXED);
	for (uint32_t i = 1; i < PROBES; i++) {
		uint32_t at = (first + i) % THREADS_MAX;
		if (take_slot_at(at, self))
			return at;
	}
	__atomic_sub_fetch(&displaced, 1, __ATOMIC_RELAXED);
	return UINT32_MAX;
}

static void give_slot(uint32_t at, uintptr_t self)
{
	__atomic_store_n(&under_way[at].thread, 0, __ATOMIC_RELEASE);
	if (__builtin_expect(at != slot_of(self), 0))
		__atomic_sub_fetch(&displaced, 1, __ATOMIC_RELAXED);
}

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
	if (!under_way)
		under_way = tls_own_memory(THREADS_MAX * sizeof(*under_way));
	return under_way && tls_memory_ready();
}

/* A thread that was cancelled in a call leaves it here, and its stack to another one. */
static bool is_on_stack(const struct tls_call *outer, const void *inner)
{
	return (uintptr_t)outer > (uintptr_t)inner;
}

void tls_call_enter(struct tls_call *call)
{
	uintptr_t self = sys_self();
	call->near.conn = NULL;
	call->shakes = false;
	call->outer = NULL;
	call->slot = slot_of(self);
	/* As it nearly always is: it has none, which would be in that place. */
	if (__builtin_expect(!__atomic_load_n(&displaced, __ATOMIC_RELAXED) &&
				 take_slot_at(call->slot, self),
			     1)) {
		under_way[call->slot].call = call;
		return;
	}
	call->slot = find_slot(self);
	call->outer = call->slot == UINT32_MAX ? NULL : under_way[call->slot].call;
	if (call->outer && !is_on_stack(call->outer, call))
		call->outer = NULL;
	if (call->slot == UINT32_MAX)
		call->slot = take_slot(self);
	if (call->slot != UINT32_MAX)
		under_way[call->slot].call = call;
}

struct tls_call *tls_call_here(void)
{
	uint32_t slot = find_slot(sys_self());
	struct tls_call *call = slot == UINT32_MAX ? NULL : under_way[slot].call;
	return is_on_stack(call, __builtin_frame_address(0)) ? call : NULL;
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
	if (call->slot == UINT32_MAX)
		return;
	under_way[call->slot].call = call->outer;
	if (!call->outer)
		give_slot(call->slot, sys_self());
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
	if (!session || !session->in_calls)
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
	if (!session || !session->ops->moved_outside)
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
	return session && session->thread == sys_self();
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
	if (conn_is_secured(handle->conn) && handle->conn->secured->session == session)
		return true;
	conn_unlock(handle->conn);
	return false;
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
}
