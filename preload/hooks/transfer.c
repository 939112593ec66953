/* SPDX-License-Identifier: MIT */
/*
 * Calls that move bytes where the tracker does not see them, or too many at once to follow. The
 * connection is not tracked from there on.
 */
#include <errno.h>

#include "../conn/conn.h"
#include "../os/real.h"
#include "../rescue/machine.h"
#include "../conn/table.h"

/* Returns whether the program is still to read bytes of a response that was held back. */
static TRACKED bool let_go(int fd)
{
	struct conn *conn = table_find(fd);
	if (!conn || conn == &conn_own)
		return false;
	if (!conn_lock(conn, fd)) {
		conn_forget_fd(fd);
		return false;
	}
	conn_let_go(conn);
	return table_find(fd) == conn;
}

static bool forget(int fd)
{
	return __builtin_expect(table_find(fd) != NULL, 0) && let_go(fd);
}

/* The same where bytes go out: not before those that wait. */
static void forget_writing(int fd)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return;
	if (conn_lock(conn, fd)) {
		if (conn->unsent && !conn->busy)
			rescue_send_rest(conn);
		conn_unlock(conn);
	}
	let_go(fd);
}

HOOK int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	forget_writing(fd);
	return real.sendmmsg(fd, messages, count, flags);
}

HOOK int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
		  struct timespec *timeout)
{
	if (!forget(fd) || !count || !messages)
		return real.recvmmsg(fd, messages, count, flags, timeout);
	/* One message of those that may come. */
	ssize_t got = recvmsg(fd, &messages->msg_hdr, flags);
	if (got < 0)
		return -1;
	messages->msg_len = (unsigned)got;
	return 1;
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
	forget_writing(out);
	if (forget(in)) {
		set_errno(EINVAL); /* as for files that cannot be spliced: programs then read */
		return -1;
	}
	return real.splice(in, in_offset, out, out_offset, len, flags);
}
