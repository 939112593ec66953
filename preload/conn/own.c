/* SPDX-License-Identifier: MIT */
#include "own.h"

#include <errno.h>
#include <fcntl.h>

#include "../os/sys.h"
#include "../os/watcher.h"
#include "../wire/socket.h"
#include "table.h"

enum { STANDARD = 3 };

int conn_own_dup(int fd)
{
	int copy = (int)sys3(fcntl, fd, F_DUPFD_CLOEXEC, STANDARD);
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
	if (fd >= 0 && fd < STANDARD) {
		int higher = (int)sys3(fcntl, fd, F_DUPFD_CLOEXEC, STANDARD);
		if (higher >= 0) {
			os_close(fd);
			fd = higher;
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
