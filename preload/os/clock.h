/* SPDX-License-Identifier: MIT */
/* The time, asked of the kernel itself. */
#ifndef REDIAL_OS_CLOCK_H
#define REDIAL_OS_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t os_now_ms(void);

/* Seconds since 1970, by CLOCK_REALTIME. */
int64_t os_realtime_s(void);

/*
 * The same by libc's, which asks no system call; only good for how much of a time has gone by, for
 * others may fake it.
 */
uint64_t os_lapse_us(void);

#endif
