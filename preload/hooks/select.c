/* SPDX-License-Identifier: MIT */
/*
 * select and pselect. Unlike poll they have no error bits that a program could act on instead of
 * reading: only where a rescue is under way is there something to look after.
 */
#include <sys/select.h>

#include "../calls/wait_select.h"
#include "../conn/table.h"
#include "../os/clock.h"
#include "../os/epoll.h"
#include "../os/real.h"
#include "../process/config.h"
#include "../rescue/place.h"

/* The kernel refuses these (select(2)). */
static bool is_valid(int len, long seconds, long fraction)
{
	return len >= 0 && seconds >= 0 && fraction >= 0;
}

/* Linux's select tells how much of the time is left (select(2)). */
static void tell_left(struct timeval *timeout, uint64_t gone_ms)
{
	uint64_t us = (uint64_t)timeout->tv_sec * 1000000 + (uint64_t)timeout->tv_usec;
	us = us > gone_ms * 1000 ? us - gone_ms * 1000 : 0;
	*timeout = (struct timeval){(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
}

static TRACKED int select_beside_rescues(const struct wait_sets *sets, struct timeval *timeout)
{
	if (!is_valid(sets->len, timeout ? timeout->tv_sec : 0, timeout ? timeout->tv_usec : 0))
		return real.select(sets->len, sets->readable, sets->writable, sets->special,
				   timeout);
	if (!timeout)
		return call_wait_select(sets, NULL, NULL);
	const struct timespec limit = {timeout->tv_sec, timeout->tv_usec * 1000};
	uint64_t began_ms = os_now_ms();
	int count = call_wait_select(sets, &limit, NULL);
	tell_left(timeout, os_now_ms() - began_ms);
	return count;
}

static TRACKED int pselect_beside_rescues(const struct wait_sets *sets,
					  const struct timespec *timeout, const sigset_t *mask)
{
	if (!is_valid(sets->len, timeout ? timeout->tv_sec : 0, timeout ? timeout->tv_nsec : 0))
		return real.pselect(sets->len, sets->readable, sets->writable, sets->special,
				    timeout, mask);
	return call_wait_select(sets, timeout, mask);
}

/* Is there something to look after from the start? */
static bool is_looked_after(const struct wait_sets *sets)
{
	return rescue_any_placed() || (sets->len > 0 && sets->writable && call_wait_dials(sets));
}

static TRACKED int select_beside_connections(int len, fd_set *readable, fd_set *writable,
					     fd_set *special, struct timeval *timeout)
{
	const struct wait_sets sets = {len, readable, writable, special};
	return is_looked_after(&sets) ? select_beside_rescues(&sets, timeout)
				      : real.select(len, readable, writable, special, timeout);
}

static TRACKED int pselect_beside_connections(int len, fd_set *readable, fd_set *writable,
					      fd_set *special, const struct timespec *timeout,
					      const sigset_t *mask)
{
	const struct wait_sets sets = {len, readable, writable, special};
	return is_looked_after(&sets)
		   ? pselect_beside_rescues(&sets, timeout, mask)
		   : real.pselect(len, readable, writable, special, timeout, mask);
}

/* Most policies leave a program's own connects alone. */
static inline bool may_be(void)
{
	return rescue_any_placed() || config.policy->uses & POLICY_USES_CONNECT;
}

HOOK int select(int len, fd_set *restrict readable, fd_set *restrict writable,
		fd_set *restrict special, struct timeval *restrict timeout)
{
	os_waits++;
	return __builtin_expect(may_be(), 0)
		   ? select_beside_connections(len, readable, writable, special, timeout)
		   : real.select(len, readable, writable, special, timeout);
}

HOOK int pselect(int len, fd_set *restrict readable, fd_set *restrict writable,
		 fd_set *restrict special, const struct timespec *restrict timeout,
		 const sigset_t *restrict mask)
{
	os_waits++;
	return __builtin_expect(may_be(), 0)
		   ? pselect_beside_connections(len, readable, writable, special, timeout, mask)
		   : real.pselect(len, readable, writable, special, timeout, mask);
}
