/* SPDX-License-Identifier: MIT */
/* The calls that a rehearsal stands behind. Each goes on to the next function. */
#include <errno.h>
#include <netinet/in.h>

#include "../log/peer.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "fault.h"
#include "read.h"
#include "seat.h"
#include "start.h"
#include "write.h"

/* What fortified programs call; libc's headers do not declare them. */
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags, struct sockaddr *addr,
		       socklen_t *addr_len);

/* A write of pieces by the call, which may use any name in scope. */
#define WRITE(number, pieces, piece_count, call)                                                   \
	({                                                                                         \
		struct writing writing = {                                                         \
		    .fd = (number), .iov = (pieces), .count = (piece_count)};                      \
		write_begins(&writing);                                                            \
		ssize_t done = (call);                                                             \
		write_ends(&writing, done);                                                        \
		done;                                                                              \
	})

/* A read into pieces. */
#define READ(number, pieces, piece_count, peeked, call)                                            \
	({                                                                                         \
		ssize_t got;                                                                       \
		if (!read_is_told((number), &got)) {                                               \
			got = (call);                                                              \
			read_ends((number), (pieces), (piece_count), got, (peeked));               \
		}                                                                                  \
		got;                                                                               \
	})

#define PIECE(bytes, len) (&(struct iovec){(void *)(bytes), (len)})

static bool is_stream(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);
	return sys6(getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len, 0) == 0 &&
	       type == SOCK_STREAM;
}

/* true: the connect is refused instead, and *result is what the caller is told. */
static bool is_refused(int fd, const struct sockaddr *addr, unsigned port, int *result)
{
	unsigned turn;
	char name[LOG_PEER_MAX];
	const uint32_t kind = 1 << FAULT_CONNECT;
	if (fault_was_just() || fault_choose(kind, kind, &turn) == NO_FAULT)
		return false;
	int error = fault_refuse(fd, addr->sa_family);
	if (error != -ECONNREFUSED && error != -EINPROGRESS) {
		fault_put_off(turn); /* it is bound to somewhere else, say */
		return false;
	}
	log_name_peer(name, addr);
	fault_tell_early(FAULT_CONNECT, fd, name, fault_connect_is_asked(port));
	*result = -1;
	errno = -error;
	return true;
}

HOOK int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	int result;
	seat_end(fd);
	bool tcp = rehearsal.plan && addr && len >= sizeof(struct sockaddr_in) &&
		   (addr->sa_family == AF_INET || addr->sa_family == AF_INET6) && is_stream(fd);
	if (!tcp)
		return real.connect(fd, addr, len);
	/* sin_port and sin6_port are at the same place. */
	uint16_t port = ntohs(((const struct sockaddr_in *)addr)->sin_port);
	if (is_refused(fd, addr, port, &result))
		return result;
	result = real.connect(fd, addr, len);
	if (result == 0 || errno == EINPROGRESS) {
		seat_begin(fd, port);
		__atomic_add_fetch(&rehearsal.plan->connections, 1, __ATOMIC_RELAXED);
	}
	return result;
}

HOOK ssize_t write(int fd, const void *buf, size_t len)
{
	return WRITE(fd, PIECE(buf, len), 1, real.write(fd, buf, len));
}

HOOK ssize_t writev(int fd, const struct iovec *iov, int count)
{
	return WRITE(fd, iov, count, real.writev(fd, iov, count));
}

HOOK ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	return WRITE(fd, PIECE(buf, len), 1, real.send(fd, buf, len, flags));
}

HOOK ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *addr,
		    socklen_t addr_len)
{
	return WRITE(fd, PIECE(buf, len), 1, real.sendto(fd, buf, len, flags, addr, addr_len));
}

HOOK ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return WRITE(fd, message->msg_iov, (int)message->msg_iovlen,
		     real.sendmsg(fd, message, flags));
}

HOOK ssize_t read(int fd, void *buf, size_t len)
{
	return READ(fd, PIECE(buf, len), 1, false, real.read(fd, buf, len));
}

HOOK ssize_t readv(int fd, const struct iovec *iov, int count)
{
	return READ(fd, iov, count, false, real.readv(fd, iov, count));
}

HOOK ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	return READ(fd, PIECE(buf, len), 1, flags & MSG_PEEK, real.recv(fd, buf, len, flags));
}

HOOK ssize_t recvfrom(int fd, void *buf, size_t len, int flags, struct sockaddr *addr,
		      socklen_t *addr_len)
{
	return READ(fd, PIECE(buf, len), 1, flags & MSG_PEEK,
		    real.recvfrom(fd, buf, len, flags, addr, addr_len));
}

HOOK ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	return READ(fd, message->msg_iov, (int)message->msg_iovlen, flags & MSG_PEEK,
		    real.recvmsg(fd, message, flags));
}

HOOK ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	return READ(fd, PIECE(buf, len), 1, false, real.__read_chk(fd, buf, len, room));
}

HOOK ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	return READ(fd, PIECE(buf, len), 1, flags & MSG_PEEK,
		    real.__recv_chk(fd, buf, len, room, flags));
}

HOOK ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
			    struct sockaddr *addr, socklen_t *addr_len)
{
	return READ(fd, PIECE(buf, len), 1, flags & MSG_PEEK,
		    real.__recvfrom_chk(fd, buf, len, room, flags, addr, addr_len));
}

HOOK int close(int fd)
{
	seat_end(fd);
	return real.close(fd);
}

/*
 * dup2 and dup3 are not among these: by them redial puts another socket, or its watcher, at the
 * number, where the same requests go on. What a program puts there is no HTTP, or as good.
 */

/* Bytes that pass where they cannot be read: the connection is left alone from here on. */
HOOK ssize_t sendfile(int out, int in, off_t *offset, size_t len)
{
	seat_end(out);
	return real.sendfile(out, in, offset, len);
}

HOOK ssize_t sendfile64(int out, int in, off_t *offset, size_t len)
{
	seat_end(out);
	return real.sendfile64(out, in, offset, len);
}

HOOK int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	seat_end(fd);
	return real.sendmmsg(fd, messages, count, flags);
}
