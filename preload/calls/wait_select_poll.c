/* SPDX-License-Identifier: MIT */
/*
 * A select that waits for an answer which a rescue could bring: as a poll, for only that tells an
 * end from something to read. The same number of system calls.
 */
#include <errno.h>
#include <limits.h>

#include "../conn/table.h"
#include "../os/copy.h"
#include "../os/mem.h"
#include "../os/memory.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../rescue/machine.h"
#include "wait.h"
#include "wait_select.h"

enum { FEW = 64, WORD_BITS = sizeof(unsigned long) * CHAR_BIT };

/* What makes a descriptor readable, writable, special to select (select(2)). */
#define READABLE (POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR)
#define WRITABLE (POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR)
#define SPECIAL	 POLLPRI

typedef unsigned long word;

static word word_of(const fd_set *set, int at)
{
	return set ? ((const word *)(const void *)set)[at] : 0;
}

static bool awaits(int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || !conn_lock(conn, fd))
		return false;
	bool would = rescue_would_begin(conn);
	conn_unlock(conn);
	return would;
}

/* Returns how many there are, 0 if too many, or if none of them awaits an answer. */
static nfds_t take(const struct wait_sets *sets, struct pollfd *fds)
{
	nfds_t count = 0;
	bool any = false;
	for (int at = 0; at * (int)WORD_BITS < sets->len; at++) {
		word in = word_of(sets->readable, at), out = word_of(sets->writable, at);
		word other = word_of(sets->special, at);
		for (word all = in | out | other; all; all &= all - 1) {
			int bit = __builtin_ctzl(all), fd = at * (int)WORD_BITS + bit;
			if (fd >= sets->len)
				break;
			if (count == FEW)
				return 0;
			short events = (short)((in >> bit & 1 ? POLLIN | POLLRDBAND : 0) |
					       (out >> bit & 1 ? POLLOUT : 0) |
					       (other >> bit & 1 ? POLLPRI : 0));
			fds[count++] = (struct pollfd){.fd = fd, .events = events};
			any = any || (events & POLLIN && awaits(fd));
		}
	}
	return any ? count : 0;
}

static int put(fd_set *set, const struct pollfd *slot, short asked, int seen)
{
	word *words = (word *)(void *)set;
	if (!(slot->events & asked) || !(slot->revents & seen))
		return 0;
	words[slot->fd / (int)WORD_BITS] |= (word)1 << slot->fd % (int)WORD_BITS;
	return 1;
}

static size_t size_of(const struct wait_sets *sets)
{
	return ((size_t)sets->len + WORD_BITS - 1) / WORD_BITS * sizeof(word);
}

static void clear(fd_set *set, size_t size)
{
	if (set)
		memset(set, 0, size);
}

static int tell(const struct wait_sets *sets, const struct pollfd *fds, nfds_t len)
{
	int count = 0;
	for (nfds_t i = 0; i < len; i++) {
		if (fds[i].revents & POLLNVAL) {
			set_errno(EBADF);
			return -1;
		}
	}
	clear(sets->readable, size_of(sets));
	clear(sets->writable, size_of(sets));
	clear(sets->special, size_of(sets));
	for (nfds_t i = 0; i < len; i++) {
		count += put(sets->readable, &fds[i], POLLIN, READABLE);
		count += put(sets->writable, &fds[i], POLLOUT, WRITABLE);
		count += put(sets->special, &fds[i], POLLPRI, SPECIAL);
	}
	return count;
}

/* Can it be read and written by us, at no cost? */
static bool is_ours_to_use(fd_set *set, size_t size)
{
	char *at = (char *)(void *)set;
	return !set ||
	       (memory_is_known(set, size) && copy_can_write(at) && copy_can_write(at + size - 1));
}

/* Has the poll told of nothing that select knows: a hang-up of what is only to be written? */
static bool is_only_polls(const struct pollfd *fds, nfds_t len)
{
	for (nfds_t i = 0; i < len; i++) {
		int seen = (fds[i].events & POLLIN ? READABLE : 0) |
			   (fds[i].events & POLLOUT ? WRITABLE : 0) | POLLPRI | POLLNVAL;
		if (fds[i].revents & seen)
			return false;
	}
	return true;
}

bool call_wait_select_ends(const struct wait_sets *sets, const struct timespec *timeout,
			   const sigset_t *mask, int *count)
{
	struct pollfd fds[FEW];
	size_t size = size_of(sets);
	if (sets->len > FD_SETSIZE || !is_ours_to_use(sets->readable, size) ||
	    !is_ours_to_use(sets->writable, size) || !is_ours_to_use(sets->special, size))
		return false;
	nfds_t len = take(sets, fds);
	if (!len)
		return false;
	/* A poll only counts whole milliseconds. */
	bool plain = sets->plain && (!timeout || timeout->tv_nsec % 1000000 == 0);
	const struct wait_poll wait = {fds, len, timeout, mask, plain};
	*count = call_wait_poll(&wait, -1);
	if (*count < 0)
		return true;
	if (*count > 0 && is_only_polls(fds, len))
		return false;
	*count = tell(sets, fds, len);
	return true;
}
