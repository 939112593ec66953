/* SPDX-License-Identifier: MIT */
/*
 * select and pselect. Unlike poll they have no error bits that a program could act on instead of
 * reading: only where a rescue is under way is there something to look after.
 */
#include <sys/select.h>

#include "../calls/wait_select.h"
#include "../conn/table.h"
#include "../os/clock.h"
#include "../os/copy.h"
#include "../os/epoll.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../process/config.h"
#include "../rescue/place.h"

/* The kernel refuses these (select(2)). */
static bool is_valid(int len, long seconds, long fraction)
{
	return len >= 0 && seconds >= 0 && fraction >= 0;
}

/* Linux's select tells how much of the time is left (select(2)), if it can be written there. */
static void tell_left(struct timeval *timeout, const struct timeval *limit, uint64_t gone_ms)
{
	uint64_t us = (uint64_t)limit->tv_sec * 1000000 + (uint64_t)limit->tv_usec;
	us = us > gone_ms * 1000 ? us - gone_ms * 1000 : 0;
	struct timeval left = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
	copy_out(timeout, &left, sizeof(left));
}

static TRACKED int select_beside_rescues(const struct wait_sets *sets, struct timeval *timeout)
{
	struct timeval limit = {0, 0};
	bool is_read = !timeout || copy_in(&limit, timeout, sizeof(limit));
	if (!is_read || !is_valid(sets->len, limit.tv_sec, limit.tv_usec))
		return real.select(sets->len, sets->readable, sets->writable, sets->special,
				   timeout);
	if (!timeout)
		return call_wait_select(sets, NULL, NULL);
	const struct timespec wait = {limit.tv_sec, limit.tv_usec * 1000};
	uint64_t began_ms = os_now_ms();
	int count = call_wait_select(sets, &wait, NULL);
	int kept = get_errno();
	tell_left(timeout, &limit, os_now_ms() - began_ms);
	set_errno(kept);
	return count;
}

static TRACKED int pselect_beside_rescues(const struct wait_sets *sets,
					  const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec limit = {0, 0};
	bool is_read = !timeout || copy_in(&limit, timeout, sizeof(limit));
	if (!is_read || !is_valid(sets->len, limit.tv_sec, limit.tv_nsec))
		return real.pselect(sets->len, sets->readable, sets->writable, sets->special,
				    timeout, mask);
	return call_wait_select(sets, timeout ? &limit : NULL, mask);
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
