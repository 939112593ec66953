/* SPDX-License-Identifier: MIT */
/*
 * select and pselect. Unlike poll they have no error bits that a program could act on instead of
 * reading. But here as there a program may wait for room to write while a rescue is under way, and
 * a watcher is never writable.
 */
#include <limits.h>
#include <sys/select.h>

#include "../calls/room.h"
#include "../os/real.h"
#include "../rescue/place.h"
#include "../conn/table.h"
#include "../os/clock.h"

/* More than that wait their turn: the next call tells of them. */
enum { TAKERS_MAX = 32, WORD_BITS = sizeof(unsigned long) * CHAR_BIT };

struct takers {
	int count;
	int full_count;
	int fds[TAKERS_MAX];
	int full[TAKERS_MAX]; /* those that are told that there is no room */
};

/* The kernel's picture of a set, which may be larger than an fd_set: as many words as len needs. */
static unsigned long *words_of(fd_set *set)
{
	return (unsigned long *)(void *)set;
}

static void add_if_taker(struct takers *takers, int fd)
{
	enum room room = call_room_at(fd);
	if (room == ROOM_TAKES && takers->count < TAKERS_MAX)
		takers->fds[takers->count++] = fd;
	if (room == ROOM_FULL && takers->full_count < TAKERS_MAX)
		takers->full[takers->full_count++] = fd;
}

/* Those that the program would write to, and whose bytes a rescue takes. */
static void find_takers(struct takers *takers, int len, fd_set *writable)
{
	int top = (int)__atomic_load_n(&table.top, __ATOMIC_RELAXED);
	int end = writable ? (len < top ? len : top) : 0;
	takers->count = takers->full_count = 0;
	if (end > 0 && !call_room_can_read(writable, end)) /* it will be refused */
		return;
	for (int fd = 0; fd < end; fd += WORD_BITS) {
		unsigned long word = words_of(writable)[fd / WORD_BITS];
		for (; word; word &= word - 1) {
			int found = fd + __builtin_ctzl(word);
			if (found < end)
				add_if_taker(takers, found);
		}
	}
}

/* After a select that did not wait: they are ready as well. */
static int add_takers(const struct takers *takers, fd_set *writable, int count)
{
	for (int i = 0; i < takers->count && count >= 0; i++) {
		unsigned long *word = &words_of(writable)[takers->fds[i] / WORD_BITS];
		unsigned long bit = 1ul << takers->fds[i] % WORD_BITS;
		count += !(*word & bit);
		*word |= bit;
	}
	return count;
}

/* The same for both calls. Returns the result of the wait. */
static int wait_beside_rescues(const struct room_sets *sets, const struct takers *takers,
			       const struct timespec *timeout, const sigset_t *mask)
{
	static const struct timespec now = {0, 0};
	if (!takers->count)
		return call_room_select(sets, takers->full, takers->full_count, timeout, mask);
	int count =
	    real.pselect(sets->len, sets->readable, sets->writable, sets->special, &now, mask);
	return add_takers(takers, sets->writable, count);
}

static TRACKED int pselect_beside_rescues(int len, fd_set *readable, fd_set *writable,
					  fd_set *special, const struct timespec *timeout,
					  const sigset_t *mask)
{
	const struct room_sets sets = {len, readable, writable, special};
	struct takers takers;
	find_takers(&takers, len, writable);
	if ((!takers.count && !takers.full_count) ||
	    (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0)))
		return real.pselect(len, readable, writable, special, timeout, mask);
	return wait_beside_rescues(&sets, &takers, timeout, mask);
}

/* Linux's select tells how much of the time is left (select(2)). */
static void tell_left(struct timeval *timeout, uint64_t gone_ms)
{
	uint64_t us = (uint64_t)timeout->tv_sec * 1000000 + (uint64_t)timeout->tv_usec;
	us = us > gone_ms * 1000 ? us - gone_ms * 1000 : 0;
	*timeout = (struct timeval){(time_t)(us / 1000000), (suseconds_t)(us % 1000000)};
}

static TRACKED int select_beside_rescues(int len, fd_set *readable, fd_set *writable,
					 fd_set *special, struct timeval *timeout)
{
	const struct room_sets sets = {len, readable, writable, special};
	struct takers takers;
	struct timespec limit;
	find_takers(&takers, len, writable);
	if ((!takers.count && !takers.full_count) ||
	    (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
		return real.select(len, readable, writable, special, timeout);
	if (!timeout)
		return wait_beside_rescues(&sets, &takers, NULL, NULL);
	uint64_t began_ms = os_now_ms();
	limit = (struct timespec){timeout->tv_sec, timeout->tv_usec * 1000};
	int count = wait_beside_rescues(&sets, &takers, &limit, NULL);
	tell_left(timeout, os_now_ms() - began_ms);
	return count;
}

HOOK int select(int len, fd_set *restrict readable, fd_set *restrict writable,
		fd_set *restrict special, struct timeval *restrict timeout)
{
	if (__builtin_expect(rescue_any_placed(), 0))
		return select_beside_rescues(len, readable, writable, special, timeout);
	return real.select(len, readable, writable, special, timeout);
}

HOOK int pselect(int len, fd_set *restrict readable, fd_set *restrict writable,
		 fd_set *restrict special, const struct timespec *restrict timeout,
		 const sigset_t *restrict mask)
{
	if (__builtin_expect(rescue_any_placed(), 0))
		return pselect_beside_rescues(len, readable, writable, special, timeout, mask);
	return real.pselect(len, readable, writable, special, timeout, mask);
}
