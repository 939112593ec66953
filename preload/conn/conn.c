/* SPDX-License-Identifier: MIT */
#include "conn.h"

#include <time.h>

#include "../os/arena.h"
#include "../process/config.h"
#include "../process/live.h"
#include "../os/mem.h"
#include "../os/start.h"
#include "../process/peers.h"
#include "end.h"
#include "switch.h"
#include "table.h"

_Static_assert(sizeof(struct conn) <= ARENA_CONN, "an idle connection takes little more");

_Static_assert(sizeof(struct conn_exchange) + CONN_HELD_FEW <= ARENA_EXCHANGE,
	       "the arena has room for it");

struct conn_exchange conn_no_exchange;
struct conn_more conn_no_more;

SET_AT_START struct conn conn_own = {
    .fd = -1, .exchange = &conn_no_exchange, .more = &conn_no_more};

bool conn_lock_contended(struct conn *conn, int fd)
{
	enum { YIELDS = 200, NAPS = 5000 };
	static const struct timespec nap = {0, 200000};
	uintptr_t self = sys_self();
	for (int tries = 0; tries < YIELDS + NAPS; tries++) {
		uintptr_t owner = 0;
		if (__atomic_compare_exchange_n(&conn->lock, &owner, self, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			if (conn_has(conn, fd))
				return true;
			conn_unlock(conn);
			return false;
		}
		/* Our own thread: a handler that interrupted us, or what a longjmp left behind. */
		if (owner == self)
			break;
		if (tries < YIELDS)
			sys0(sched_yield);
		else
			sys2(nanosleep, &nap, 0);
	}
	__atomic_or_fetch(&conn->flags, CONN_DOUBT, __ATOMIC_RELAXED);
	return false;
}

/* Sees to it that it has a struct conn_more of its own. false: there is no memory. */
static bool make_more(struct conn *conn)
{
	if (conn->more != &conn_no_more)
		return true;
	struct conn_more *more = arena_alloc(sizeof(*more));
	if (more)
		conn->more = more;
	return more;
}

bool conn_add_alias(struct conn *conn, int alias)
{
	if (conn->alias_count == CONN_ALIASES_MAX || !make_more(conn) || !table_set(alias, conn))
		return false;
	conn->more->aliases[conn->alias_count++] = alias;
	return true;
}

struct conn_registration *conn_add_registration(struct conn *conn)
{
	int count = conn->registration_count;
	if (count == CONN_REGISTRATIONS_MAX || (count && !make_more(conn)))
		return NULL;
	conn->registration_count++;
	return conn_registration(conn, count);
}

void conn_open(int fd)
{
	conn_switch();
	conn_end_fd(fd, WHY_LOST);
	if (!table_ready(fd))
		return;
	struct conn *conn = arena_take_conn();
	if (!conn)
		return;
	/* Somebody with an old pointer to this memory may be inside for a moment: wait for them. */
	while (__atomic_exchange_n(&conn->lock, sys_self(), __ATOMIC_ACQUIRE))
		sys0(sched_yield);
	conn->exchange = &conn_no_exchange;
	conn->more = &conn_no_more;
	__atomic_store_n(&conn->life, conn->life + 1, __ATOMIC_RELAXED);
	/* Who sees this one sees that life as well (calls/write_rescue.c). */
	__atomic_store_n(&conn->epoch, conn->epoch + 1, __ATOMIC_RELEASE);
	memset((char *)conn + offsetof(struct conn, writers), 0,
	       sizeof(*conn) - offsetof(struct conn, writers));
	__atomic_store_n(&conn->fd, fd, __ATOMIC_RELAXED);
	conn->peer_state = &peers_nobody;
	/* As if nothing were switched off: it may be switched on again. */
	uint32_t uses = config.policy->uses | config.tracks;
	conn->care = uses & POLICY_USES_STATUSES ? CARE_STATUSES : 0;
	if (uses & (POLICY_USES_IDLE | POLICY_USES_RESUME))
		conn->care |= CARE_IDLE;
	if (uses & (POLICY_USES_RESPONSE_TIMEOUT | POLICY_USES_IDLE))
		conn->care |= CARE_READERS;
	conn_unlock(conn);
	table_set(fd, conn);
}

void conn_connected(struct conn *conn, const struct sockaddr *addr, socklen_t len, uint64_t cookie,
		    struct state_peer *peer_state)
{
	conn->peer_state = peer_state;
	/* A local socket's address is longer: peer.c keeps it. */
	size_t known = addr->sa_family == AF_INET    ? sizeof(conn->peer.in)
		       : addr->sa_family == AF_INET6 ? sizeof(conn->peer.in6)
						     : sizeof(sa_family_t);
	memcpy(&conn->peer, addr, known < len ? known : len);
	conn->peer_len = (uint8_t)known;
	if (addr->sa_family == AF_INET) /* programs leave it as it is; it will be compared */
		memset(conn->peer.in.sin_zero, 0, sizeof(conn->peer.in.sin_zero));
	conn->cookie = cookie;
	if (!(conn->flags & CONN_COUNTED) && live_more(PROCESS_CONNECTIONS))
		conn->flags |= CONN_COUNTED;
	conn->flags |= CONN_CONNECTED;
}
