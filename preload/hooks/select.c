/* SPDX-License-Identifier: MIT */
/*
 * select and pselect. Unlike poll they have no error bits that a program could act on instead of
 * reading. But here as there a program may wait for room to write while a rescue is under way, and
 * a watcher is never writable.
 */
#include <limits.h>
#include <sys/select.h>

#include "../conn/conn.h"
#include "../os/real.h"
#include "../rescue/place.h"
#include "../conn/table.h"

/* More than that wait their turn: the next call tells of them. */
enum { TAKERS_MAX = 32, WORD_BITS = sizeof(unsigned long) * CHAR_BIT };

struct takers {
	int count;
	int fds[TAKERS_MAX];
};

/* The kernel's picture of a set, which may be larger than an fd_set: as many words as len needs. */
static unsigned long *words_of(fd_set *set)
{
	return (unsigned long *)(void *)set;
}

static void add_if_taker(struct takers *takers, int fd)
{
	const struct conn *conn = table_find(fd);
	if (conn && takers->count < TAKERS_MAX && __atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE))
		takers->fds[takers->count++] = fd;
}

/* Those that the program would write to, and whose bytes a rescue takes. */
static void find_takers(struct takers *takers, int len, fd_set *writable)
{
	int top = (int)__atomic_load_n(&table.top, __ATOMIC_RELAXED);
	int end = writable ? (len < top ? len : top) : 0;
	takers->count = 0;
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

static TRACKED int select_beside_rescues(int len, fd_set *readable, fd_set *writable,
					 fd_set *special, struct timeval *timeout)
{
	struct takers takers;
	struct timeval now = {0, 0}; /* so the program's keeps the time that is left */
	find_takers(&takers, len, writable);
	if (!takers.count || (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0)))
		return real.select(len, readable, writable, special, timeout);
	int count = real.select(len, readable, writable, special, &now);
	return add_takers(&takers, writable, count);
}

static TRACKED int pselect_beside_rescues(int len, fd_set *readable, fd_set *writable,
					  fd_set *special, const struct timespec *timeout,
					  const sigset_t *mask)
{
	static const struct timespec now = {0, 0};
	struct takers takers;
	find_takers(&takers, len, writable);
	if (!takers.count || (timeout && (timeout->tv_sec < 0 || timeout->tv_nsec < 0)))
		return real.pselect(len, readable, writable, special, timeout, mask);
	int count = real.pselect(len, readable, writable, special, &now, mask);
	return add_takers(&takers, writable, count);
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
