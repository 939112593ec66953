/* SPDX-License-Identifier: MIT */
/* The calls that read from a descriptor. */
#include <errno.h>

#include "../os/copy.h"
#include "../os/real.h"
#include "../calls/placeholder.h"
#include "../calls/read.h"
#include "../conn/table.h"

static ssize_t real_read(const struct read_call *call, int fd)
{
	return real.read(fd, call->iov->iov_base, call->iov->iov_len);
}

static ssize_t real_readv(const struct read_call *call, int fd)
{
	return real.readv(fd, call->iov, call->count);
}

static ssize_t real_recv(const struct read_call *call, int fd)
{
	return real.recv(fd, call->iov->iov_base, call->iov->iov_len, call->flags);
}

static ssize_t real_recvfrom(const struct read_call *call, int fd)
{
	return real.recvfrom(fd, call->iov->iov_base, call->iov->iov_len, call->flags, call->addr,
			     call->addr_len);
}

static ssize_t real_recvmsg(const struct read_call *call, int fd)
{
	return real.recvmsg(fd, call->message, call->flags);
}

/* With an offset it is refused, as by any socket; without one it is a readv (preadv2(2)). */
static ssize_t real_preadv2(const struct read_call *call, int fd)
{
	int flags = call->flags & MSG_DONTWAIT ? RWF_NOWAIT : 0;
	return real.preadv2(fd, call->iov, call->count, -1, flags);
}

HOOK ssize_t read(int fd, void *buf, size_t len)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return real.read(fd, buf, len);
	if (__builtin_expect(len != 0, 1))
		return call_read_piece(conn, fd, buf, len, real_read);
	struct iovec piece = {buf, len};
	struct read_call call = {.real = real_read, .fd = fd, .iov = &piece, .count = 1};
	return call_read_nothing(conn, &call);
}

HOOK ssize_t readv(int fd, const struct iovec *iov, int count)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return real.readv(fd, iov, count);
	struct read_call call = {.real = real_readv, .fd = fd, .iov = iov, .count = count};
	return call_read_pieces(conn, &call);
}

HOOK ssize_t preadv2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1) || at != -1)
		return real.preadv2(fd, iov, count, at, flags);
	struct read_call call = {.real = real_preadv2, .fd = fd, .iov = iov, .count = count};
	if (flags & ~RWF_NOWAIT) {
		call_let_go(fd);
		return real.preadv2(fd, iov, count, at, flags);
	}
	call.flags = flags ? MSG_DONTWAIT : 0;
	return call_read_pieces(conn, &call);
}

HOOK ssize_t preadv64v2(int fd, const struct iovec *iov, int count, off64_t at, int flags)
{
	return preadv2(fd, iov, count, at, flags);
}

HOOK ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return real.recv(fd, buf, len, flags);
	return call_recv_piece(conn, fd, buf, len, flags, real_recv);
}

HOOK ssize_t recvfrom(int fd, void *restrict buf, size_t len, int flags,
		      struct sockaddr *restrict addr, socklen_t *restrict addr_len)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return real.recvfrom(fd, buf, len, flags, addr, addr_len);
	struct iovec piece = {buf, len};
	struct read_call call = {
	    .real = real_recvfrom,
	    .fd = fd,
	    .flags = flags,
	    .iov = &piece,
	    .count = 1,
	    .addr = addr,
	    .addr_len = addr_len,
	};
	return call_read(conn, &call);
}

static TRACKED ssize_t recvmsg_tracked(struct conn *conn, int fd, struct msghdr *message, int flags)
{
	struct msghdr own; /* it may be in memory that is not known */
	if (!copy_in(&own, message, sizeof(own)))
		return call_is_refused(fd, EFAULT) ? -1 : real.recvmsg(fd, message, flags);
	struct read_call call = {
	    .real = real_recvmsg,
	    .fd = fd,
	    .flags = flags,
	    .iov = own.msg_iov,
	    .count = own.msg_iovlen > INT32_MAX ? INT32_MAX : (int)own.msg_iovlen,
	    .message = message,
	};
	return call_read_pieces(conn, &call);
}

HOOK ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(!conn, 1))
		return real.recvmsg(fd, message, flags);
	return recvmsg_tracked(conn, fd, message, flags);
}

/*
 * What glibc's <unistd.h> and <sys/socket.h> make of read and recv under _FORTIFY_SOURCE. They end
 * the program if len is larger than the buffer's room: leave that to the real ones.
 */
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
		       socklen_t *addr_len);

HOOK ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	if (__builtin_expect(!table_find(fd) || len > room, 1))
		return real.__read_chk(fd, buf, len, room);
	return read(fd, buf, len);
}

HOOK ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	if (__builtin_expect(!table_find(fd) || len > room, 1))
		return real.__recv_chk(fd, buf, len, room, flags);
	return recv(fd, buf, len, flags);
}

HOOK ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
			    struct sockaddr *addr, socklen_t *addr_len)
{
	if (__builtin_expect(!table_find(fd) || len > room, 1))
		return real.__recvfrom_chk(fd, buf, len, room, flags, addr, addr_len);
	return recvfrom(fd, buf, len, flags, addr, addr_len);
}
