/* SPDX-License-Identifier: MIT */
#include "pollers.h"

#include <time.h>

#include "../os/sys.h"

/* conn->pollers: of those whose wait ends with the stream, and of the others. */
enum { OF_STREAM = 1, OF_ALL = 16, MOST = 15 };

/* Of sys_self(), which is at least that aligned. */
static uint32_t this_thread(void)
{
	return (uint32_t)(sys_self() >> 4);
}

bool pollers_lock(struct pollers *self, struct conn *conn, int fd)
{
	uintptr_t nobody = 0;
	if (!self->count)
		return conn_lock(conn, fd);
	if (__atomic_compare_exchange_n(&conn->lock, &nobody, sys_self(), false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED)) {
		if (conn_has(conn, fd))
			return true;
		conn_unlock(conn);
		return false;
	}
	pollers_leave(self);
	self->again = true;
	return conn_lock(conn, fd);
}

/* In a wait that a signal handler of its own runs inside of, or that one has left by longjmp. */
static bool is_counted(const struct pollers *self, const struct conn *conn)
{
	for (int i = 0; i < self->count; i++) {
		if (self->polled[i].conn == conn)
			return false;
	}
	return __atomic_load_n(&conn->poller, __ATOMIC_RELAXED) == this_thread() &&
	       __atomic_load_n(&conn->pollers, __ATOMIC_RELAXED);
}

void pollers_enter(struct pollers *self, struct conn *conn, bool ends_with_stream)
{
	uint8_t weight = ends_with_stream ? OF_STREAM : OF_ALL;
	uint8_t before = __atomic_load_n(&conn->pollers, __ATOMIC_RELAXED);
	if (self->count == POLLERS_OF_ONE || (before / weight & MOST) == MOST ||
	    is_counted(self, conn))
		return;
	__atomic_add_fetch(&conn->pollers, weight, __ATOMIC_RELAXED);
	__atomic_store_n(&conn->poller, this_thread(), __ATOMIC_RELAXED);
	self->polled[self->count].conn = conn;
	self->polled[self->count].life = conn->life;
	self->polled[self->count++].weight = weight;
}

void pollers_leave(struct pollers *self)
{
	for (int i = 0; i < self->count; i++) {
		struct conn *conn = self->polled[i].conn;
		uint8_t weight = self->polled[i].weight;
		uint32_t me = this_thread();
		uint8_t count = __atomic_load_n(&conn->pollers, __ATOMIC_RELAXED);
		__atomic_compare_exchange_n(&conn->poller, &me, 0, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
		while (__atomic_load_n(&conn->life, __ATOMIC_RELAXED) == self->polled[i].life &&
		       count / weight & MOST &&
		       !__atomic_compare_exchange_n(&conn->pollers, &count, count - weight, false,
						    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			;
	}
	self->count = 0;
}

bool pollers_are_out(struct conn *conn, bool closed)
{
	enum { YIELDS = 100, NAPS = 500 };
	static const struct timespec nap = {0, 200000};
	const uint8_t who = closed ? UINT8_MAX : MOST;
	/* A signal handler that runs inside of the wait, or that has left it by longjmp. */
	if (__atomic_load_n(&conn->poller, __ATOMIC_RELAXED) == this_thread())
		return true;
	for (int tries = 0; tries < YIELDS + NAPS; tries++) {
		if (!(__atomic_load_n(&conn->pollers, __ATOMIC_ACQUIRE) & who))
			return true;
		if (tries < YIELDS)
			sys0(sched_yield);
		else
			sys2(nanosleep, &nap, 0);
	}
	__atomic_and_fetch(&conn->pollers, (uint8_t)~who, __ATOMIC_RELAXED);
	return false;
}

bool pollers_any(const struct conn *conn)
{
	return __atomic_load_n(&conn->pollers, __ATOMIC_RELAXED) / OF_ALL;
}
