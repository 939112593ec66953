/* SPDX-License-Identifier: MIT */
/* The calls that write to a descriptor. */
#include <errno.h>

#include "../calls/child.h"
#include "../calls/placeholder.h"
#include "../os/copy.h"
#include "../os/memory.h"
#include "../rescue/place.h"
#include "../calls/write.h"
#include "../conn/table.h"
#include "connect.h"
#include "../os/real.h"

static ssize_t plain_write(const struct write_call *call, int fd)
{
	return real.write(fd, call->iov->iov_base, call->iov->iov_len);
}

static ssize_t plain_writev(const struct write_call *call, int fd)
{
	return real.writev(fd, call->iov, call->count);
}

static ssize_t plain_send(const struct write_call *call, int fd)
{
	return real.send(fd, call->iov->iov_base, call->iov->iov_len, call->flags);
}

static ssize_t plain_sendto(const struct write_call *call, int fd)
{
	return real.sendto(fd, call->iov->iov_base, call->iov->iov_len, call->flags, call->addr,
			   call->addr_len);
}

static ssize_t plain_sendmsg(const struct write_call *call, int fd)
{
	return real.sendmsg(fd, call->message, call->flags);
}

static ssize_t quiet_writev(const struct write_call *call, int fd)
{
	struct msghdr message = {
	    .msg_iov = (struct iovec *)call->iov,
	    .msg_iovlen = (size_t)call->count,
	};
	return real.sendmsg(fd, &message, call->flags | MSG_NOSIGNAL);
}

static ssize_t quiet_sendmsg(const struct write_call *call, int fd)
{
	return real.sendmsg(fd, call->message, call->flags | MSG_NOSIGNAL);
}

HOOK ssize_t write(int fd, const void *buf, size_t len)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return real.write(fd, buf, len);
	return call_write_piece(conn, fd, buf, len, plain_write);
}

static TRACKED ssize_t writev_tracked(struct conn *conn, int fd, const struct iovec *iov, int count)
{
	if (count == 1 && memory_is_known(iov, sizeof(*iov)))
		return call_write_piece(conn, fd, iov->iov_base, iov->iov_len, plain_write);
	struct write_call call = {
	    .plain = plain_writev, .quiet = quiet_writev, .fd = fd, .iov = iov, .count = count};
	return call_write_pieces(conn, &call);
}

HOOK ssize_t writev(int fd, const struct iovec *iov, int count)
{
	struct conn *conn = table_find(fd);
	return __builtin_expect(!conn, 1) ? real.writev(fd, iov, count)
					  : writev_tracked(conn, fd, iov, count);
}

/* With an offset it is refused, as by any socket; without one it is a writev (pwritev2(2)). */
static ssize_t plain_pwritev2(const struct write_call *call, int fd)
{
	int flags = call->flags & MSG_DONTWAIT ? RWF_NOWAIT : 0;
	return real.pwritev2(fd, call->iov, call->count, -1, flags);
}

HOOK ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1) || at != -1)
		return real.pwritev2(fd, iov, count, at, flags);
	if (flags & ~RWF_NOWAIT) {
		call_let_go(fd);
		return real.pwritev2(fd, iov, count, at, flags);
	}
	struct write_call call = {
	    .plain = plain_pwritev2,
	    .quiet = quiet_writev,
	    .fd = fd,
	    .flags = flags ? MSG_DONTWAIT : 0,
	    .iov = iov,
	    .count = count,
	};
	return call_write_pieces(conn, &call);
}

HOOK ssize_t pwritev64v2(int fd, const struct iovec *iov, int count, off64_t at, int flags)
{
	return pwritev2(fd, iov, count, at, flags);
}

HOOK ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return real.send(fd, buf, len, flags);
	return call_send_piece(conn, fd, buf, len, flags, plain_send);
}

HOOK ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
		    socklen_t addr_len)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return real.sendto(fd, buf, len, flags, addr, addr_len);
	struct iovec piece = {(void *)buf, len};
	/* On a connected stream socket the address changes nothing. */
	struct write_call call = {
	    .plain = plain_sendto,
	    .quiet = call_quiet_send,
	    .fd = fd,
	    .flags = flags,
	    .iov = &piece,
	    .count = 1,
	    .addr = addr,
	    .addr_len = addr_len,
	};
	if (__builtin_expect(flags & MSG_FASTOPEN && addr, 0))
		return connect_and_write(&call, addr, addr_len);
	return call_write(conn, &call);
}

static TRACKED ssize_t sendmsg_tracked(struct conn *conn, int fd, const struct msghdr *message,
				       int flags)
{
	struct msghdr own; /* it may be in memory that is not known */
	if (!copy_in(&own, message, sizeof(own)))
		return call_is_refused(fd, EFAULT) ? -1 : real.sendmsg(fd, message, flags);
	if (own.msg_controllen)
		call_hand_on_rights(&own);
	struct write_call call = {
	    .plain = plain_sendmsg,
	    .quiet = quiet_sendmsg,
	    .fd = fd,
	    .flags = flags,
	    .iov = own.msg_iov,
	    .count = own.msg_iovlen > INT32_MAX ? INT32_MAX : (int)own.msg_iovlen,
	    .message = &own,
	};
	if (flags & MSG_FASTOPEN && own.msg_name && !own.msg_controllen)
		return connect_and_write(&call, own.msg_name, own.msg_namelen);
	return call_write_pieces(conn, &call);
}

/*
 * What is not tracked may have descriptors with it that are. That is seen to before only if one of
 * them may have to be put back first: else the kernel finds out whether the message can be read.
 */
static TRACKED ssize_t sendmsg_looked_at(int fd, const struct msghdr *message, int flags)
{
	struct conn *conn = table_find(fd);
	struct msghdr own;
	if (!table.near)
		return real.sendmsg(fd, message, flags);
	if (conn)
		return sendmsg_tracked(conn, fd, message, flags);
	if (rescue_any_placed() && copy_in(&own, message, sizeof(own)) && own.msg_controllen)
		call_hand_on_rights(&own);
	ssize_t result = real.sendmsg(fd, message, flags);
	if (result < 0)
		return result;
	if (message->msg_controllen)
		call_hand_on_rights(message);
	if (memory_is_known(message, sizeof(*message)))
		__atomic_store_n(&memory_recent, (uintptr_t)message, __ATOMIC_RELAXED);
	return result;
}

HOOK ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	/*
	 * One test for both, in the instructions that an untracked call may cost. Most programs
	 * have one place for their messages.
	 */
	uintptr_t tracked = (uintptr_t)table_find(fd);
	bool known = (uintptr_t)message == memory_recent; /* an atomic load takes one more */
	if (__builtin_expect(known && !(tracked | message->msg_controllen), 1))
		return real.sendmsg(fd, message, flags);
	return sendmsg_looked_at(fd, message, flags);
}
