/* SPDX-License-Identifier: MIT */
/*
 * The calls that make a second number for a socket, or put something else at one. A socket with
 * two numbers cannot be replaced under both at once: it is not tracked any more.
 */
#include <errno.h>

#include "arena.h"
#include "conn.h"
#include "real.h"
#include "redial.h"
#include "table.h"

/* In a vfork child the numbers are its own but the table is its parent's. */
static void forget(int fd)
{
	if (table_find(fd) && arena_is_ours())
		conn_forget_fd(fd);
}

HOOK int dup(int fd)
{
	forget(fd);
	return real.dup(fd);
}

HOOK int dup2(int fd, int to)
{
	if (fd != to) {
		forget(fd);
		forget(to);
	}
	return real.dup2(fd, to);
}

HOOK int dup3(int fd, int to, int flags)
{
	if (fd != to) {
		forget(fd);
		forget(to);
	}
	return real.dup3(fd, to, flags);
}

/* F_GETFL and F_SETFL mean the socket to come, not the watcher that lies there. */
static int status_flags(struct conn *conn, int command, void *arg, int call(int, int, void *))
{
	long flags = (long)arg;
	int result = call(redial_dead_socket(conn), command, arg);
	if (command == F_SETFL && result == 0) {
		redial_set_nonblocking(conn, flags & O_NONBLOCK);
		if (redial_fresh_socket(conn) >= 0)
			call(redial_fresh_socket(conn), F_SETFL, (void *)(flags | O_NONBLOCK));
	}
	return result;
}

static int control(int fd, int command, void *arg, int call(int, int, void *))
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return call(fd, command, arg);
	if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) {
		forget(fd);
		return call(fd, command, arg);
	}
	if ((command != F_GETFL && command != F_SETFL) || !conn_lock(conn, fd))
		return call(fd, command, arg);
	int result = conn->busy ? status_flags(conn, command, arg, call) : call(fd, command, arg);
	conn_unlock(conn);
	return result;
}

/* Declared here, as fcntl.h declares them with `...`. */
int redial_fcntl(int fd, int command, void *arg) __asm__("fcntl");
int redial_fcntl64(int fd, int command, void *arg) __asm__("fcntl64");

HOOK int redial_fcntl(int fd, int command, void *arg)
{
	return control(fd, command, arg, real.fcntl);
}

HOOK int redial_fcntl64(int fd, int command, void *arg)
{
	return control(fd, command, arg, real.fcntl64);
}
