/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <time.h>

#include "sys.h"

/* Not libc's, which would ask no system call: others hook it to fake the time. */
uint64_t os_now_ms(void)
{
	static uint64_t latest; /* and what has to do without a clock gets on nevertheless */
	struct timespec now;
	if (sys2(clock_gettime, CLOCK_MONOTONIC, &now) < 0)
		return __atomic_add_fetch(&latest, 1, __ATOMIC_RELAXED);
	uint64_t now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	__atomic_store_n(&latest, now_ms, __ATOMIC_RELAXED);
	return now_ms;
}

/* In every libc of today; weak, like all that we refer to. */
int clock_gettime(clockid_t clock, struct timespec *now) __attribute__((weak));

uint64_t os_lapse_us(void)
{
	struct timespec now = {0};
	if (clock_gettime)
		clock_gettime(CLOCK_MONOTONIC, &now);
	else
		sys2(clock_gettime, CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int64_t os_realtime_s(void)
{
	struct timespec now = {0};
	sys2(clock_gettime, CLOCK_REALTIME, &now);
	return now.tv_sec;
}
