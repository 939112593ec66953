/* SPDX-License-Identifier: MIT */
/*
 * System calls made directly: they take no lock of libc's, are no cancellation points, leave errno
 * alone and are there before libc is. They return a negative errno on error.
 */
#ifndef REDIAL_OS_SYS_H
#define REDIAL_OS_SYS_H

#include <stdint.h>
#include <sys/syscall.h>

#if defined(REDIAL_SIMULATED)
/* A kernel of the tests' own, and threads that it alone runs (tests/schedule). */
long sim_call(long number, long a, long b, long c, long d, long e, long f);
uintptr_t sim_self(void);

static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	return sim_call(number, a, b, c, d, e, f);
}

static inline uintptr_t sys_self(void)
{
	return sim_self();
}
#elif defined(__x86_64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* A number that no other living thread has: its thread pointer. */
static inline uintptr_t sys_self(void)
{
	uintptr_t self;
	__asm__("mov %%fs:0, %0" : "=r"(self));
	return self;
}
#elif defined(__aarch64__)
static inline long sys_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;
	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

static inline uintptr_t sys_self(void)
{
	uintptr_t self;
	__asm__("mrs %0, tpidr_el0" : "=r"(self));
	return self;
}
#else
#error "redial knows the system calls of x86_64 and aarch64 only"
#endif

#define sys6(n, a, b, c, d, e, f)                                                                  \
	sys_call(SYS_##n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define sys4(n, a, b, c, d) sys6(n, a, b, c, d, 0, 0)
#define sys3(n, a, b, c)    sys6(n, a, b, c, 0, 0, 0)
#define sys2(n, a, b)	    sys6(n, a, b, 0, 0, 0, 0)
#define sys1(n, a)	    sys6(n, a, 0, 0, 0, 0, 0)
#define sys0(n)		    sys6(n, 0, 0, 0, 0, 0, 0)

/* libc's errno, reached by the one name that glibc and musl share. */
int *__errno_location(void);

static inline int get_errno(void)
{
	return *__errno_location();
}

static inline void set_errno(int error)
{
	*__errno_location() = error;
}

#endif
