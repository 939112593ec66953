/* SPDX-License-Identifier: MIT */
/*
 * The calls that make a second number for a socket, or put something else at one. All numbers of a
 * tracked socket share its connection: a rescue replaces it at each of them.
 */
#include <errno.h>

#include "../calls/child.h"
#include "../calls/placeholder.h"
#include "../os/arena.h"
#include "../conn/end.h"
#include "../conn/own.h"
#include "../os/real.h"
#include "../rescue/end.h"
#include "../rescue/inherit.h"
#include "../rescue/rescue.h"
#include "../rescue/yield.h"
#include "../conn/table.h"

/* Linux 6.10: are two numbers the same file? */
#define QUERY_SAME 1027 /* F_DUPFD_QUERY */

/* In a vfork child the numbers are its own but the table is its parent's. */
static bool is_tracked(int fd)
{
	return table_find(fd) && table_find(fd) != &conn_own && arena_is_ours();
}

/* The connection at fd, locked, so that no rescue moves it while it is being copied; or NULL. */
static struct conn *hold_still(int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn)
		return NULL;
	if (!is_tracked(fd) || !conn_lock(conn, fd)) {
		call_child_keeps(fd);
		return NULL;
	}
	if (call_has_lost_number(conn))
		return NULL;
	/* One number more than can be seen to is no placeholder's. */
	if (conn->busy && conn->alias_count == CONN_ALIASES_MAX)
		rescue_yield(conn, REASON_SHARED);
	return conn;
}

/* `copy` is what a call made of fd, or negative: both are numbers of one socket now. Unlocks. */
static int share(struct conn *conn, int fd, int copy)
{
	if (!conn)
		return copy;
	int kept = get_errno();
	if (copy < 0 || copy == fd || conn_has(conn, copy)) {
		conn_unlock(conn);
	} else {
		struct conn *before = table_find(copy); /* closed past the hooks */
		if (conn->busy && conn->rescue->placed)
			rescue_number_added(conn, copy);
		if (conn_add_alias(conn, copy))
			conn_unlock(conn);
		else
			conn_end(conn, WHY_PASSED);
		if (before) /* not earlier: a thread that did the same crosswise would wait for us
			     */
			conn_lost_fd(before, copy);
	}
	set_errno(kept);
	return copy;
}

/* Before a call that closes `to` to put something else there. */
static void make_room(int fd, int to)
{
	if (!table_find(to) || fd == to || !arena_is_ours())
		return;
	if (table_find(to) == &conn_own) {
		rescue_yield_numbers();
		table_clear(to, &conn_own); /* a call at work on it is not to close it any more */
	} else {
		conn_drop_fd(to);
	}
}

/*
 * What lies at `to` may linger when it is closed (SO_LINGER): not by a call that is made with a
 * connection locked, but by ours of another number of it, later.
 */
static int keep_open(const struct conn *conn, int fd, int to)
{
	return conn && fd != to ? conn_own_dup(to) : -1;
}

static TRACKED int dup_tracked(int fd)
{
	struct conn *conn = hold_still(fd);
	return share(conn, fd, real.dup(fd));
}

HOOK int dup(int fd)
{
	return __builtin_expect(!table_find(fd), 1) ? real.dup(fd) : dup_tracked(fd);
}

static TRACKED int dup2_tracked(int fd, int to)
{
	make_room(fd, to);
	struct conn *conn = hold_still(fd);
	int last = keep_open(conn, fd, to);
	int copy = share(conn, fd, real.dup2(fd, to));
	conn_own_close(last);
	return copy;
}

HOOK int dup2(int fd, int to)
{
	return __builtin_expect(!table_find(fd) && !table_find(to), 1) ? real.dup2(fd, to)
								       : dup2_tracked(fd, to);
}

static TRACKED int dup3_tracked(int fd, int to, int flags)
{
	make_room(fd, to);
	struct conn *conn = hold_still(fd);
	int last = keep_open(conn, fd, to);
	int copy = share(conn, fd, real.dup3(fd, to, flags));
	conn_own_close(last);
	return copy;
}

HOOK int dup3(int fd, int to, int flags)
{
	return __builtin_expect(!table_find(fd) && !table_find(to), 1)
		   ? real.dup3(fd, to, flags)
		   : dup3_tracked(fd, to, flags);
}

static int set_flags(struct conn *conn, long flags, int call(int, int, void *))
{
	int result = call(rescue_dead_socket(conn), F_SETFL, (void *)flags);
	if (result)
		return result;
	rescue_set_nonblocking(conn, flags & O_NONBLOCK);
	if (rescue_fresh_socket(conn) >= 0)
		call(rescue_fresh_socket(conn), F_SETFL, (void *)(flags | O_NONBLOCK));
	return 0;
}

/* What is asked or set of the number itself. */
static int descriptor_flags(struct conn *conn, int fd, int command, void *arg,
			    int call(int, int, void *))
{
	if (!conn->rescue->placed)
		return call(fd, command, arg);
	if (command == F_GETFD)
		return rescue_is_inheritable(conn, fd) ? 0 : FD_CLOEXEC;
	rescue_set_inheritable(conn, fd, !((long)arg & FD_CLOEXEC));
	return 0;
}

static int during_rescue(struct conn *conn, int fd, int command, void *arg,
			 int call(int, int, void *))
{
	switch (command) {
	case F_SETFL:
		return set_flags(conn, (long)arg, call);
	case F_GETFD:
	case F_SETFD:
		return descriptor_flags(conn, fd, command, arg, call);
	case QUERY_SAME: /* all its numbers hold the same */
		return call(fd, command, arg);
	default:
		return call(rescue_dead_socket(conn), command, arg);
	}
}

static TRACKED int fcntl_tracked(int fd, int command, void *arg, int call(int, int, void *))
{
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
		struct conn *conn = hold_still(fd);
		return share(conn, fd, call(fd, command, arg));
	}
	if (command == F_SETFD && !((long)arg & FD_CLOEXEC))
		call_child_keeps(fd);
	if (command == F_SETFL && (long)arg & O_ASYNC) /* a placeholder sends no signals */
		call_end_rescue(fd, REASON_SIGNALS);
	bool may_wait = command == F_SETLKW || command == F_OFD_SETLKW;
	int socket;
	struct conn *conn = may_wait ? NULL : call_hold_still(fd, &socket);
	int result = conn && conn->busy ? during_rescue(conn, fd, command, arg, call)
					: call(fd, command, arg);
	if (conn)
		conn_unlock(conn);
	return result;
}

/* Declared here, as fcntl.h declares them with `...`. */
int redial_fcntl(int fd, int command, void *arg) __asm__("fcntl");
int redial_fcntl64(int fd, int command, void *arg) __asm__("fcntl64");

HOOK int redial_fcntl(int fd, int command, void *arg)
{
	return __builtin_expect(!table_find(fd), 1) ? real.fcntl(fd, command, arg)
						    : fcntl_tracked(fd, command, arg, real.fcntl);
}

HOOK int redial_fcntl64(int fd, int command, void *arg)
{
	return __builtin_expect(!table_find(fd), 1) ? real.fcntl64(fd, command, arg)
						    : fcntl_tracked(fd, command, arg, real.fcntl64);
}
