/* SPDX-License-Identifier: MIT */
/* Can a page be read? A system call that every program may make says so, and does nothing else. */
#ifndef REDIAL_OS_PROBE_H
#define REDIAL_OS_PROBE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys.h"

/*
 * rt_sigprocmask reads eight bytes before it refuses to do with them what it does not know. They
 * are of the page that `at` is in.
 */
static inline bool probe_page(uintptr_t at)
{
	enum { NO_SUCH_THING = 99, SET_LEN = 8 };
	return sys4(rt_sigprocmask, NO_SUCH_THING, at & ~(uintptr_t)(SET_LEN - 1), 0, SET_LEN) ==
	       -EINVAL;
}

#endif
