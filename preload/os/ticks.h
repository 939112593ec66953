/* SPDX-License-Identifier: MIT */
/*
 * How much time has gone by, without a system call: by the counter that the processor has for
 * programs to read. Good for what need not be exact, and where it makes no difference if it is
 * not known.
 */
#ifndef REDIAL_OS_TICKS_H
#define REDIAL_OS_TICKS_H

#include <stdint.h>

/* What the counter says; 0 where none may be read. */
static inline uint64_t os_ticks(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;
	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	return 0;
#endif
}

/* To be called once before the first reading that matters: the clock says how fast it counts. */
void os_ticks_begin(void);

/* The milliseconds since that reading, now_ms being os_now_ms(); 0 if they are not known. */
uint64_t os_ticks_ms(uint64_t reading, uint64_t now_ms);

#endif
