/* SPDX-License-Identifier: MIT */
/* The calls that end a connection, or one direction of it. */
#include <errno.h>

#include "../calls/child.h"
#include "../calls/placeholder.h"
#include "../os/arena.h"
#include "../conn/end.h"
#include "../conn/turns.h"
#include "../os/real.h"
#include "../rescue/end.h"
#include "../rescue/machine.h"
#include "../rescue/place.h"
#include "../rescue/watch.h"
#include "../conn/table.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1u << 2)
#endif

static TRACKED int close_tracked(int fd)
{
	if (table_find(fd) == &conn_own) {
		set_errno(EBADF); /* the program never opened it */
		return -1;
	}
	if (arena_is_ours())
		conn_drop_fd(fd);
	return real.close(fd);
}

HOOK int close(int fd)
{
	return __builtin_expect(!table_find(fd), 1) ? real.close(fd) : close_tracked(fd);
}

/*
 * Lets go of the tracked descriptors from first to last. Programs close all they have before they
 * exec: nothing of ours may keep a number open, or be closed under a rescue that goes on.
 */
static void forget_range(unsigned first, unsigned last)
{
	unsigned top = __atomic_load_n(&table.top, __ATOMIC_RELAXED);
	bool hits_own = false;
	if (first >= top || !arena_is_ours())
		return;
	if (last >= top)
		last = top - 1;
	for (unsigned fd = first; fd <= last; fd++) {
		if (table_find((int)fd) == &conn_own)
			hits_own = true;
		else
			conn_drop_fd((int)fd);
	}
	if (!hits_own)
		return;
	rescue_yield_numbers();
	/* What a thread works on meanwhile goes too: the number is not ours to close any more. */
	for (unsigned fd = first; fd <= last; fd++) {
		if (table_find((int)fd) == &conn_own)
			table_clear((int)fd, &conn_own);
	}
}

HOOK int close_range(unsigned first, unsigned last, int flags)
{
	if (first <= last && !((unsigned)flags & CLOSE_RANGE_CLOEXEC))
		forget_range(first, last);
	else if (first <= last && __builtin_expect(rescue_any_placed(), 0))
		call_close_on_exec(first, last);
	return real.close_range(first, last, flags);
}

HOOK void closefrom(int first)
{
	forget_range(first < 0 ? 0 : (unsigned)first, UINT32_MAX);
	real.closefrom(first);
}

static TRACKED int shutdown_tracked(int fd, int how)
{
	struct conn *conn = table_find(fd);
	if (!conn || !conn_lock(conn, fd) || call_has_lost_number(conn))
		return real.shutdown(fd, how);
	rescue_unwatch(conn);
	conn->flags |= CONN_SHUT_DOWN;
	if (how == SHUT_WR && (conn->busy || conn->unsent)) {
		if (conn->busy)
			rescue_shut_down(conn);
		else
			conn_end_writing(conn);
		conn_unlock(conn);
		return 0;
	}
	if (conn->busy || conn->unsent)
		conn_end(conn, WHY_PASSED);
	else
		conn_unlock(conn);
	return real.shutdown(fd, how);
}

HOOK int shutdown(int fd, int how)
{
	return __builtin_expect(!table_find(fd), 1) ? real.shutdown(fd, how)
						    : shutdown_tracked(fd, how);
}
