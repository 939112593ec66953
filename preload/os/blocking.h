/* SPDX-License-Identifier: MIT */
/* Does a descriptor block (O_NONBLOCK, fcntl(2))? */
#ifndef REDIAL_OS_BLOCKING_H
#define REDIAL_OS_BLOCKING_H

#include <fcntl.h>
#include <stdbool.h>

#include "sys.h"

/*
 * May a call on fd not wait? No, where the kernel does not say: a program whose socket blocks takes
 * EAGAIN for a failure, one whose socket does not is held up for a moment.
 */
static inline bool os_is_nonblocking(int fd)
{
	long flags = sys3(fcntl, fd, F_GETFL, 0);
	return flags > 0 && flags & O_NONBLOCK;
}

/* Lets fd be so. Returns 0 or a negative errno; its other flags stay. */
static inline int os_set_nonblocking(int fd, bool nonblocking)
{
	long flags = sys3(fcntl, fd, F_GETFL, 0);
	if (flags < 0)
		return (int)flags;
	long wanted = nonblocking ? flags | O_NONBLOCK : flags & ~(long)O_NONBLOCK;
	return wanted == flags ? 0 : (int)sys3(fcntl, fd, F_SETFL, wanted);
}

#endif
