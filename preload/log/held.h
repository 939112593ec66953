/* SPDX-License-Identifier: MIT */
/* Signals, while a file is open that a handler which jumps out would leave behind. */
#ifndef REDIAL_LOG_HELD_H
#define REDIAL_LOG_HELD_H

#include <signal.h>
#include <stdint.h>

/* As the kernel has a set of signals: in 64 bits. */
#define BIT(signal) (UINT64_C(1) << ((signal)-1))

/*
 * All but those of a thread's own faults. SIGTTOU too, as then a background process may write to
 * its terminal; and the rest, for a handler that jumps out would leave a descriptor behind.
 */
#define HELD                                                                                       \
	(~(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP) | BIT(SIGSYS)))

#endif
