/* SPDX-License-Identifier: MIT */
/*
 * Calls that move bytes where the tracker does not see them, or too many at once to follow. The
 * connection is not tracked from there on.
 */
#include "conn.h"
#include "real.h"
#include "redial.h"
#include "table.h"

static void forget(int fd)
{
	if (__builtin_expect(table_find(fd) != NULL, 0))
		conn_forget_fd(fd);
}

/* The same where bytes go out: not before those that wait. */
static void forget_writing(int fd)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return;
	if (conn_lock(conn, fd)) {
		if (conn->unsent && !conn->busy)
			redial_send_rest(conn);
		conn_unlock(conn);
	}
	conn_forget_fd(fd);
}

HOOK int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	forget_writing(fd);
	return real.sendmmsg(fd, messages, count, flags);
}

HOOK int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
		  struct timespec *timeout)
{
	forget(fd);
	return real.recvmmsg(fd, messages, count, flags, timeout);
}

HOOK ssize_t sendfile(int out, int in, off_t *offset, size_t len)
{
	forget_writing(out);
	return real.sendfile(out, in, offset, len);
}

HOOK ssize_t sendfile64(int out, int in, off_t *offset, size_t len)
{
	forget_writing(out);
	return real.sendfile64(out, in, offset, len);
}

HOOK ssize_t splice(int in, off_t *in_offset, int out, off_t *out_offset, size_t len,
		    unsigned flags)
{
	forget(in);
	forget_writing(out);
	return real.splice(in, in_offset, out, out_offset, len, flags);
}
