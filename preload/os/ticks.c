/* SPDX-License-Identifier: MIT */
#include "ticks.h"

#include <stdbool.h>

#include "clock.h"

/* Written once, the second one last: a thread that comes in between knows of none. */
static uint64_t begin_ticks, begin_ms;

void os_ticks_begin(void)
{
	static bool begun;
	if (__atomic_exchange_n(&begun, true, __ATOMIC_RELAXED))
		return;
	begin_ticks = os_ticks();
	__atomic_store_n(&begin_ms, os_now_ms(), __ATOMIC_RELEASE);
}

uint64_t os_ticks_ms(uint64_t reading, uint64_t now_ms)
{
	uint64_t since_ms = __atomic_load_n(&begin_ms, __ATOMIC_ACQUIRE);
	uint64_t now = os_ticks();
	/* A machine that was moved meanwhile, or was asleep, may count from elsewhere. */
	if (!since_ms || now_ms <= since_ms || reading <= begin_ticks || now < reading)
		return 0;
	uint64_t rate = (now - begin_ticks) / (now_ms - since_ms);
	return rate ? (now - reading) / rate : 0;
}
