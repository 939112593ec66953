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

int64_t os_realtime_s(void)
{
	struct timespec now = {0};
	sys2(clock_gettime, CLOCK_REALTIME, &now);
	return now.tv_sec;
}
