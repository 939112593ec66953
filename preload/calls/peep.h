/* SPDX-License-Identifier: MIT */
/*
 * A read that is not to wait gets EAGAIN while a rescue is under way, with one exception. Who waits
 * for a blocking descriptor alone and then reads once with MSG_DONTWAIT may take EAGAIN for an
 * error, since the wait has said that there is something to read: PHP. It was ready to wait for as
 * long as it said there; so long it may be kept waiting for an answer that a rescue brings. A
 * descriptor that is non-blocking never waits: who reads it has been told by O_NONBLOCK's own words
 * that EAGAIN may come (read(2)), though wget2 takes that for the end.
 */
#ifndef REDIAL_CALLS_PEEP_H
#define REDIAL_CALLS_PEEP_H

#include <stdint.h>

#include "../os/epoll.h"

/* Of the latest poll, or select. Threads may mix theirs up: then one waits as long as another would
 * have. */
extern struct polled {
	int timeout_ms; /* poll's: below 0, without end */
	int fd; /* the only descriptor, which was to be read; -1: there were more, or it was not */
	uint32_t waits; /* os_waits then */
} call_polled __attribute__((visibility("hidden")));

/* A poll begins, and has ended. */
static inline void peep_poll_begins(int timeout_ms)
{
	__atomic_store_n(&call_polled.timeout_ms, timeout_ms, __ATOMIC_RELAXED);
}

static inline void peep_poll_ended(int fd)
{
	__atomic_store_n(&call_polled.fd, fd, __ATOMIC_RELAXED);
	__atomic_store_n(&call_polled.waits, os_waits, __ATOMIC_RELAXED);
}

/*
 * How long a read of fd may wait, in milliseconds; UINT64_MAX: without end. since: os_waits when
 * the request was written, before which no wait was for its answer.
 */
uint64_t peep_limit_ms(int fd, uint32_t since);

#endif
