/* SPDX-License-Identifier: MIT */
#include "abandons.h"

#include "live.h"

/* Threads may miscount: it matters little when exactly it is enough. */
static uint32_t in_a_row;
static uint64_t until_ms;
static bool told;

void abandons_note(uint64_t now_ms)
{
	uint32_t count = __atomic_add_fetch(&in_a_row, 1, __ATOMIC_RELAXED);
	if (count < ABANDONS_IN_A_ROW)
		return;
	__atomic_store_n(&until_ms, now_ms + ABANDONS_PAUSE_MS, __ATOMIC_RELAXED);
	if (count == ABANDONS_IN_A_ROW)
		live_count(PROCESS_STOPPED);
}

void abandons_end(void)
{
	if (!__atomic_load_n(&in_a_row, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&in_a_row, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&told, false, __ATOMIC_RELAXED);
}

bool abandons_allow(uint64_t now_ms)
{
	uint64_t until = __atomic_load_n(&until_ms, __ATOMIC_RELAXED);
	if (__atomic_load_n(&in_a_row, __ATOMIC_RELAXED) < ABANDONS_IN_A_ROW)
		return true;
	/* This one only: the next has to wait as long again. */
	return now_ms >= until &&
	       __atomic_compare_exchange_n(&until_ms, &until, now_ms + ABANDONS_PAUSE_MS, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

bool abandons_are_news(void)
{
	return !__atomic_exchange_n(&told, true, __ATOMIC_RELAXED);
}
