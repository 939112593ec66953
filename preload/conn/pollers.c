/* SPDX-License-Identifier: MIT */
#include "pollers.h"

#include <time.h>

#include "../os/sys.h"

/* conn->pollers: of those whose wait ends with the stream, and of the others. */
enum { OF_STREAM = 1, OF_ALL = 16, MOST = 15 };

void pollers_enter(struct pollers *self, struct conn *conn, bool ends_with_stream)
{
	uint8_t weight = ends_with_stream ? OF_STREAM : OF_ALL;
	uint8_t before = __atomic_load_n(&conn->pollers, __ATOMIC_RELAXED);
	if (self->count == POLLERS_OF_ONE || (before / weight & MOST) == MOST)
		return;
	__atomic_add_fetch(&conn->pollers, weight, __ATOMIC_RELAXED);
	self->polled[self->count].conn = conn;
	self->polled[self->count].life = conn->life;
	self->polled[self->count++].weight = weight;
}

void pollers_leave(struct pollers *self)
{
	for (int i = 0; i < self->count; i++) {
		struct conn *conn = self->polled[i].conn;
		uint8_t weight = self->polled[i].weight;
		uint8_t count = __atomic_load_n(&conn->pollers, __ATOMIC_RELAXED);
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
