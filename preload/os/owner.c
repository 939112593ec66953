/* SPDX-License-Identifier: MIT */
#include "owner.h"

#include <fcntl.h>

#include "sys.h"

bool os_sends_signals(int fd)
{
	long flags = sys3(fcntl, fd, F_GETFL, 0);
	return flags > 0 && flags & O_ASYNC;
}

void os_send_no_signals(int fd)
{
	long flags = sys3(fcntl, fd, F_GETFL, 0);
	if (flags > 0)
		sys3(fcntl, fd, F_SETFL, flags & ~(long)O_ASYNC);
}

void os_copy_owner(int from, int to)
{
	struct f_owner_ex owner = {0};
	if (sys3(fcntl, from, F_GETOWN_EX, &owner) < 0 || !owner.pid)
		return;
	sys3(fcntl, to, F_SETOWN_EX, &owner);
	long signal = sys3(fcntl, from, F_GETSIG, 0);
	if (signal > 0)
		sys3(fcntl, to, F_SETSIG, signal);
}
