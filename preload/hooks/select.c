/* SPDX-License-Identifier: MIT */
/*
 * select and pselect. Unlike poll they tell an end as something to read: where an answer is awaited
 * they are made as a poll, so that a rescue can begin in the wait.
 */
#include <sys/select.h>

#include "../calls/wait_select.h"
#include "../conn/table.h"
#include "../os/clock.h"
#include "../os/copy.h"
#include "../os/epoll.h"
#include "../os/memory.h"
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
static void tell_left(struct timeval *timeout, const struct timeval *limit, uint64_t gone_us)
{
	uint64_t us = (uint64_t)limit->tv_sec * 1000000 + (uint64_t)limit->tv_usec;
	us = us > gone_us ? us - gone_us : 0;
	struct timeval left = {(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
	if (memory_is_known(timeout, sizeof(left)) && copy_can_write(timeout))
		*timeout = left;
	else
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
	uint64_t began_us = os_lapse_us();
	int count = call_wait_select(sets, &wait, NULL);
	int kept = get_errno();
	tell_left(timeout, &limit, os_lapse_us() - began_us);
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

static bool is_good(const struct wait_sets *sets)
{
	return sets->readable && sets->len > 0 && !rescue_any_placed();
}

/* Does it wait for an answer that a rescue could bring? Then *count is what it returns. */
static bool select_for_answer(const struct wait_sets *sets, struct timeval *timeout, int *count)
{
	struct timeval limit = {0, 0};
	if (!is_good(sets))
		return false;
	if (!timeout)
		return call_wait_select_ends(sets, NULL, NULL, count);
	if (!copy_in(&limit, timeout, sizeof(limit)) ||
	    !is_valid(sets->len, limit.tv_sec, limit.tv_usec))
		return false;
	const struct timespec wait = {limit.tv_sec + limit.tv_usec / 1000000,
				      limit.tv_usec % 1000000 * 1000};
	uint64_t began_us = os_lapse_us();
	bool ends = call_wait_select_ends(sets, &wait, NULL, count);
	int kept = get_errno();
	uint64_t gone_us = os_lapse_us() - began_us;
	if (ends)
		tell_left(timeout, &limit, gone_us);
	set_errno(kept);
	return ends;
}

static TRACKED int select_beside_connections(int len, fd_set *readable, fd_set *writable,
					     fd_set *special, struct timeval *timeout)
{
	const struct wait_sets sets = {len, readable, writable, special, true};
	int count;
	if (is_looked_after(&sets))
		return select_beside_rescues(&sets, timeout);
	return select_for_answer(&sets, timeout, &count)
		   ? count
		   : real.select(len, readable, writable, special, timeout);
}

static bool pselect_for_answer(const struct wait_sets *sets, const struct timespec *timeout,
			       const sigset_t *mask, int *count)
{
	struct timespec limit = {0, 0};
	bool is_read = !timeout || copy_in(&limit, timeout, sizeof(limit));
	return is_read && is_good(sets) && is_valid(sets->len, limit.tv_sec, limit.tv_nsec) &&
	       limit.tv_nsec < 1000000000 &&
	       call_wait_select_ends(sets, timeout ? &limit : NULL, mask, count);
}

static TRACKED int pselect_beside_connections(int len, fd_set *readable, fd_set *writable,
					      fd_set *special, const struct timespec *timeout,
					      const sigset_t *mask)
{
	const struct wait_sets sets = {len, readable, writable, special, false};
	int count;
	if (is_looked_after(&sets))
		return pselect_beside_rescues(&sets, timeout, mask);
	return pselect_for_answer(&sets, timeout, mask, &count)
		   ? count
		   : real.pselect(len, readable, writable, special, timeout, mask);
}

/*
 * Is there anything to look for? Most policies leave a program's own connects alone, and who reads
 * nothing awaits no answer.
 */
static inline bool may_be(const fd_set *readable)
{
	return (readable && table.near) || rescue_any_placed() ||
	       config.policy->uses & POLICY_USES_CONNECT;
}

HOOK int select(int len, fd_set *restrict readable, fd_set *restrict writable,
		fd_set *restrict special, struct timeval *restrict timeout)
{
	os_waits++;
	return __builtin_expect(may_be(readable), 0)
		   ? select_beside_connections(len, readable, writable, special, timeout)
		   : real.select(len, readable, writable, special, timeout);
}

HOOK int pselect(int len, fd_set *restrict readable, fd_set *restrict writable,
		 fd_set *restrict special, const struct timespec *restrict timeout,
		 const sigset_t *restrict mask)
{
	os_waits++;
	return __builtin_expect(may_be(readable), 0)
		   ? pselect_beside_connections(len, readable, writable, special, timeout, mask)
		   : real.pselect(len, readable, writable, special, timeout, mask);
}
