/* SPDX-License-Identifier: MIT */
#include "clock.h"

#include <time.h>

#include "sys.h"

/* Not libc's, which would ask no system call: others hook it to fake the time. */
uint64_t os_now_ms(void)
{
	struct timespec now = {0};
	sys2(clock_gettime, CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
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
