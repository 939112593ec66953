/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "../os/address.h"
#include "../os/cancel.h"
#include "../os/mem.h"
#include "../os/option.h"
#include "../os/real.h"
#include "../os/sys.h"

/* Of tcpi_state; <linux/tcp.h>, which has the rest of TCP_INFO, leaves them to the kernel's own. */
enum {
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT = 2,
	STATE_SYN_RECV = 3,
	STATE_CLOSE = 7,
	STATE_CLOSE_WAIT = 8
};

uint64_t wire_cookie(int fd)
{
	static bool told; /* the kernel has cookies: what it once does not tell is no socket's */
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	long error = sys6(getsockopt, fd, SOL_SOCKET, SO_COOKIE, &cookie, &len, 0);
	if (error == 0) {
		if (__builtin_expect(!__atomic_load_n(&told, __ATOMIC_RELAXED), 0))
			__atomic_store_n(&told, true, __ATOMIC_RELAXED);
		return cookie;
	}
	if (__atomic_load_n(&told, __ATOMIC_RELAXED))
		return 0;
	/* An old kernel, or one that is emulated: the inode's number serves as well. */
	struct stat file;
	bool unknown = error == -ENOPROTOOPT || error == -EINVAL || error == -EOPNOTSUPP;
	return unknown && sys2(fstat, fd, &file) == 0 && S_ISSOCK(file.st_mode) ? file.st_ino : 0;
}

/* What the kernel counted of a TCP connection's received bytes; none if it does not tell. */
enum { UNTOLD = 0, TOLD = 1, NOT_TCP = -1 };

static int received_by_kernel(int fd, uint64_t *received)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	if (sys6(getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &len, 0) < 0)
		return NOT_TCP;
	*received = info.tcpi_bytes_received;
	return len >= offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(*received) ? TOLD
											 : UNTOLD;
}

static bool has_hung_up(int fd)
{
	struct {
		int fd;
		short events;
		short revents;
	} end = {fd, POLLRDHUP, 0};
	const struct timespec now = {0, 0};
	return sys6(ppoll, &end, 1, &now, 0, 0, 0) > 0;
}

bool wire_is_dead(int fd)
{
	/* The first byte is the state: asking for it alone spares the kernel's copying the rest. */
	uint8_t state = 0;
	if (os_option(fd, IPPROTO_TCP, TCP_INFO, &state, sizeof(state)))
		return state != STATE_ESTABLISHED;
	return has_hung_up(fd);
}

bool wire_is_connecting(int fd)
{
	uint8_t state = 0;
	return os_option(fd, IPPROTO_TCP, TCP_INFO, &state, sizeof(state)) &&
	       (state == STATE_SYN_SENT || state == STATE_SYN_RECV);
}

bool wire_received_was(int fd, int family, uint64_t seen)
{
	uint64_t received = 0;
	int told = family == AF_UNIX ? UNTOLD : received_by_kernel(fd, &received);
	if (told == UNTOLD)
		return !wire_has_unread(fd);
	/* A FIN counts as one byte; after a reset one cannot tell whether one had come. */
	return told == TOLD && (received == seen || received == seen + 1);
}

bool wire_read_was(int fd, int family, uint64_t seen)
{
	uint64_t before = 0, after = 0;
	int unread = 0;
	int told = family == AF_UNIX ? UNTOLD : received_by_kernel(fd, &before);
	if (told != TOLD)
		return told == UNTOLD;
	if (sys3(ioctl, fd, FIONREAD, &unread) < 0 || received_by_kernel(fd, &after) != TOLD)
		return false;
	/* More may come while we ask; and a FIN counts as one byte. */
	uint64_t came = seen + (uint64_t)unread;
	return before <= came + 1 && came <= after;
}

uint64_t wire_last_sent_ms(int fd)
{
	struct tcp_info info;
	const size_t needed =
	    offsetof(struct tcp_info, tcpi_last_data_sent) + sizeof(info.tcpi_last_data_sent);
	return os_option(fd, IPPROTO_TCP, TCP_INFO, &info, needed) ? info.tcpi_last_data_sent : 0;
}

bool wire_has_fin(int fd, int family)
{
	uint8_t state = 0;
	return family != AF_UNIX && os_option(fd, IPPROTO_TCP, TCP_INFO, &state, sizeof(state)) &&
	       state == STATE_CLOSE_WAIT;
}

int wire_take_error(int fd)
{
	return os_int(fd, SOL_SOCKET, SO_ERROR);
}

bool wire_has_unread(int fd)
{
	int len = 0;
	return sys3(ioctl, fd, FIONREAD, &len) < 0 || len > 0;
}

bool wire_has_408(int fd)
{
	static const char start[] = "HTTP/1.x 408";
	char got[sizeof(start) - 1];
	long len = wire_peek(fd, got, sizeof(got));
	return len == (long)sizeof(got) && memcmp(got, start, 7) == 0 &&
	       memcmp(got + 8, start + 8, 4) == 0;
}

long wire_peek(int fd, void *bytes, size_t room)
{
	return sys6(recvfrom, fd, bytes, room, MSG_PEEK | MSG_DONTWAIT, 0, 0);
}

long wire_receive(int fd, void *bytes, size_t room)
{
	return sys6(recvfrom, fd, bytes, room, MSG_DONTWAIT, 0, 0);
}

int wire_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	int kept = get_errno();
	/* Through the next interposer, if there is one: it may be what reaches the peer at all. */
	int error = UNCANCELLED(real.connect(fd, addr, len)) < 0 ? -get_errno() : 0;
	set_errno(kept);
	return error;
}

void wire_disconnect(int fd)
{
	static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	wire_connect(fd, &nobody, sizeof(nobody));
	wire_take_error(fd); /* ECONNRESET, if it was waiting for an answer */
}

int wire_settle(int fd, const struct sockaddr *addr, socklen_t len)
{
	/* Not the next interposer's: nothing is to be reached. */
	long error = sys3(connect, fd, addr, len);
	return error == -EISCONN ? 0 : (int)error;
}

int wire_redial(int fd, const struct sockaddr *addr, socklen_t len, bool proxy)
{
	int error = proxy ? (int)sys3(connect, fd, addr, len) : wire_connect(fd, addr, len);
	if (error || addr->sa_family == AF_UNIX)
		return error;
	wire_send(fd, "", 0); /* the SYN by itself, if that is still to come */
	return -EINPROGRESS;
}

bool wire_same_peer(int fd, int other, bool process)
{
	struct ucred a, b;
	if (!os_option(fd, SOL_SOCKET, SO_PEERCRED, &a, sizeof(a)) ||
	    !os_option(other, SOL_SOCKET, SO_PEERCRED, &b, sizeof(b)))
		return false;
	if (process && (a.pid != b.pid || !a.pid)) /* 0: of another namespace */
		return false;
	return a.uid == b.uid && a.gid == b.gid;
}

bool wire_is_itself(int fd, const struct sockaddr *peer, socklen_t len)
{
	char local[sizeof(union os_address)] = {0};
	socklen_t local_len = sizeof(local);
	return sys3(getsockname, fd, local, &local_len) == 0 && memcmp(local, peer, len) == 0;
}

int wire_connect_result(int fd, const struct sockaddr *peer, socklen_t peer_len)
{
	uint8_t state = 0;
	if (!os_option(fd, IPPROTO_TCP, TCP_INFO, &state, sizeof(state)))
		return -EBADF;
	if (state == STATE_SYN_SENT || state == STATE_SYN_RECV)
		return -EINPROGRESS;
	int error = state == STATE_ESTABLISHED ? 0 : wire_take_error(fd);
	if (error)
		return -error;
	if (state == STATE_CLOSE)
		return -ECONNREFUSED;
	return wire_is_itself(fd, peer, peer_len) ? -ECONNREFUSED : 0;
}

long wire_send(int fd, const void *bytes, size_t len)
{
	return sys6(sendto, fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
}

long wire_send_pieces(int fd, const struct iovec *pieces, int count)
{
	struct msghdr message = {
	    .msg_iov = (struct iovec *)pieces,
	    .msg_iovlen = (size_t)count,
	};
	return sys3(sendmsg, fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void wire_no_linger(int fd)
{
	static const struct linger off = {0, 0};
	sys6(setsockopt, fd, SOL_SOCKET, SO_LINGER, &off, sizeof(off), 0);
}

int wire_widen(int fd, size_t by)
{
	int half = os_int(fd, SOL_SOCKET, SO_SNDBUF) / 2; /* it is told twice (socket(7)) */
	wire_narrow(fd, half + 4 * (int)by);
	return half;
}

void wire_narrow(int fd, int half)
{
	sys6(setsockopt, fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half), 0);
}

static uint64_t timeout_ms(int fd, int name)
{
	struct timeval limit = {0};
	os_option(fd, SOL_SOCKET, name, &limit, sizeof(limit));
	if (!limit.tv_sec && !limit.tv_usec)
		return UINT64_MAX;
	/* Less than a millisecond is no wait without end. */
	return (uint64_t)limit.tv_sec * 1000 + (uint64_t)(limit.tv_usec + 999) / 1000;
}

uint64_t wire_receive_timeout_ms(int fd)
{
	return timeout_ms(fd, SO_RCVTIMEO);
}

uint64_t wire_send_timeout_ms(int fd)
{
	return timeout_ms(fd, SO_SNDTIMEO);
}
