/* SPDX-License-Identifier: MIT */
/*
 * A read with MSG_DONTWAIT on a blocking descriptor waits for nothing, with one exception. PHP
 * polls such a descriptor, alone, and then reads so: to it EAGAIN after a poll that said "readable"
 * is an error. It was ready to wait in that poll for as long as it said there; so long it may be
 * kept waiting for an answer that a rescue brings.
 */
#ifndef REDIAL_CALLS_PEEP_H
#define REDIAL_CALLS_PEEP_H

#include <stdint.h>

/* Of the latest poll. Threads may mix theirs up: then one waits as long as another would have. */
extern struct polled {
	int timeout_ms; /* poll's: below 0, without end */
	int fd; /* the only descriptor, which was ready; -1: there were more, or it was not */
} call_polled __attribute__((visibility("hidden")));

/* A poll begins, and has ended. */
static inline void peep_poll_begins(int timeout_ms)
{
	__atomic_store_n(&call_polled.timeout_ms, timeout_ms, __ATOMIC_RELAXED);
}

static inline void peep_poll_ended(int fd)
{
	__atomic_store_n(&call_polled.fd, fd, __ATOMIC_RELAXED);
}

/* How long a read of fd may wait, in milliseconds; UINT64_MAX: without end. */
uint64_t peep_limit_ms(int fd);

#endif
