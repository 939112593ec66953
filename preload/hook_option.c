/* SPDX-License-Identifier: MIT */
/*
 * Calls about the socket itself. While a rescue is under way its number holds a watcher: they go
 * to the dead socket, from which the next one is modelled, and to the one being connected.
 */
#include <errno.h>
#include <sys/ioctl.h>

#include "conn.h"
#include "mem.h"
#include "real.h"
#include "redial.h"
#include "table.h"

/* The tracked connection at fd, locked, if a rescue is under way on it; else NULL. */
static struct conn *find_busy(int fd)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1) || !__atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE))
		return NULL;
	if (!conn_lock(conn, fd))
		return NULL;
	if (conn->busy)
		return conn;
	conn_unlock(conn);
	return NULL;
}

HOOK int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
	struct conn *conn = find_busy(fd);
	if (__builtin_expect(!conn, 1))
		return real.getsockopt(fd, level, name, value, len);
	int result = 0;
	if (level == SOL_SOCKET && name == SO_ERROR && *len >= sizeof(int)) {
		memset(value, 0, sizeof(int)); /* so far nothing has failed */
		*len = sizeof(int);
	} else {
		result = real.getsockopt(redial_dead_socket(conn), level, name, value, len);
	}
	conn_unlock(conn);
	return result;
}

HOOK int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	struct conn *conn = find_busy(fd);
	if (__builtin_expect(!conn, 1))
		return real.setsockopt(fd, level, name, value, len);
	int result = real.setsockopt(redial_dead_socket(conn), level, name, value, len);
	if (redial_fresh_socket(conn) >= 0)
		result = real.setsockopt(redial_fresh_socket(conn), level, name, value, len);
	conn_unlock(conn);
	return result;
}

/* What getpeername of a connected socket answers; the dead one does not know any more. */
static int copy_peer(const struct conn *conn, struct sockaddr *addr, socklen_t *len)
{
	socklen_t room = *len;
	memcpy(addr, &conn->peer, room < conn->peer_len ? room : conn->peer_len);
	*len = conn->peer_len;
	return 0;
}

HOOK int getpeername(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	struct conn *conn = find_busy(fd);
	if (__builtin_expect(!conn, 1))
		return real.getpeername(fd, addr, len);
	int result = copy_peer(conn, addr, len);
	conn_unlock(conn);
	return result;
}

HOOK int getsockname(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	struct conn *conn = find_busy(fd);
	if (__builtin_expect(!conn, 1))
		return real.getsockname(fd, addr, len);
	int result = real.getsockname(redial_dead_socket(conn), addr, len);
	conn_unlock(conn);
	return result;
}

int redial_ioctl(int fd, unsigned long request, void *arg) __asm__("ioctl");

/* Declared here, as sys/ioctl.h declares it with `...`. */
HOOK int redial_ioctl(int fd, unsigned long request, void *arg)
{
	struct conn *conn = find_busy(fd);
	if (__builtin_expect(!conn, 1))
		return real.ioctl(fd, request, arg);
	bool of_number = request == FIOCLEX || request == FIONCLEX;
	int result = real.ioctl(of_number ? fd : redial_dead_socket(conn), request, arg);
	if (request == FIONBIO && result == 0)
		redial_set_nonblocking(conn, *(const int *)arg != 0);
	conn_unlock(conn);
	return result;
}
