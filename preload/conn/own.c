/* SPDX-License-Identifier: MIT */
#include "own.h"

#include <errno.h>
#include <fcntl.h>

#include "../os/sys.h"
#include "../os/watcher.h"
#include "../wire/socket.h"
#include "table.h"

enum { STANDARD = 3 };

/* Was a connection there whose number was closed past the hooks? It is found by that alone. */
static bool is_lost(int fd)
{
	const struct conn *conn = table_find(fd);
	return conn && conn != &conn_own;
}

int conn_own_dup(int fd)
{
	int copy = (int)sys3(fcntl, fd, F_DUPFD_CLOEXEC, STANDARD);
	while (copy >= 0 && is_lost(copy)) {
		int next = (int)sys3(fcntl, fd, F_DUPFD_CLOEXEC, copy + 1);
		os_close(copy);
		copy = next;
	}
	if (copy >= 0)
		table_set(copy, &conn_own);
	return copy;
}

int conn_own_dup_of(int fd, uint64_t cookie)
{
	int copy = conn_own_dup(fd);
	int socket = copy < 0 ? fd : copy;
	if (cookie && wire_cookie(socket) == cookie)
		return socket;
	conn_own_close(copy);
	return -EBADF;
}

int conn_own_take(int fd)
{
	if (fd >= 0 && (fd < STANDARD || is_lost(fd))) {
		int other = conn_own_dup(fd);
		if (other >= 0) {
			os_close(fd);
			return other;
		}
	}
	if (fd >= 0)
		table_set(fd, &conn_own);
	return fd;
}

void conn_own_close(int fd)
{
	if (fd < 0)
		return;
	/* Without a slot it was never noted: the number is too high, or there was no memory. */
	if (!table_has(fd) || table_clear(fd, &conn_own))
		os_close(fd);
}
