/* SPDX-License-Identifier: MIT */
#include "patience.h"

#include "../os/clock.h"

enum {
	NOTICED_MS = 20, /* a busy machine's scheduler takes as long */
	/* So that a program spends at most a hundredth of its time on it, */
	DEBT_TIMES = 100,
	/* but for a second at once. */
	ALLOWED_MS = 1000 * DEBT_TIMES,
	/* A longer rest hides more than it saves. */
	REST_MAX_MS = 600000,
	HELD_UP_MS = 1000,
};

/* When all that was spent is made up for. */
static uint64_t debt_until_ms;

/*
 * Who is at it, the first of several, and since when: PID << 32 | the low bits of milliseconds; 0
 * if nobody is. A forked child finds what a thread of its parent's has left, so the PID tells.
 */
static uint64_t under_way;

static uint64_t mark_of(uint64_t pid, uint64_t now_ms)
{
	return pid << 32 | (uint32_t)now_ms | 1;
}

/* For how long a thread of ours has been at it. One that never came back is forgotten in the end.
 */
static uint32_t since_ms(uint64_t mark, uint64_t pid, uint64_t now_ms)
{
	uint32_t since = (uint32_t)now_ms - ((uint32_t)mark & ~1u);
	return mark >> 32 == (uint32_t)pid && since < REST_MAX_MS ? since : 0;
}

static bool is_free(uint64_t mark, uint64_t pid, uint64_t now_ms)
{
	return mark >> 32 != (uint32_t)pid ||
	       (uint32_t)now_ms - ((uint32_t)mark & ~1u) >= REST_MAX_MS;
}

struct patience patience_begin(uint64_t pid)
{
	struct patience turn = {.began_ms = os_now_ms()};
	uint64_t mark = __atomic_load_n(&under_way, __ATOMIC_RELAXED);
	uint64_t debt_ms = __atomic_load_n(&debt_until_ms, __ATOMIC_RELAXED);
	turn.has =
	    debt_ms < turn.began_ms + ALLOWED_MS && since_ms(mark, pid, turn.began_ms) < HELD_UP_MS;
	if (turn.has && is_free(mark, pid, turn.began_ms)) {
		turn.mark = mark_of(pid, turn.began_ms);
		__atomic_store_n(&under_way, turn.mark, __ATOMIC_RELAXED);
	}
	return turn;
}

void patience_end(const struct patience *turn)
{
	uint64_t mark = turn->mark;
	if (!turn->has)
		return;
	uint64_t now_ms = os_now_ms();
	uint64_t took_ms = now_ms - turn->began_ms;
	if (mark)
		__atomic_compare_exchange_n(&under_way, &mark, 0, false, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED);
	if (took_ms < NOTICED_MS)
		return;
	uint64_t until_ms = __atomic_load_n(&debt_until_ms, __ATOMIC_RELAXED);
	until_ms = (until_ms > now_ms ? until_ms : now_ms) + took_ms * DEBT_TIMES;
	if (until_ms > now_ms + ALLOWED_MS + REST_MAX_MS)
		until_ms = now_ms + ALLOWED_MS + REST_MAX_MS;
	__atomic_store_n(&debt_until_ms, until_ms, __ATOMIC_RELAXED);
}
