/* SPDX-License-Identifier: MIT */
#include "like.h"

#include <errno.h>
#include <linux/tcp.h>
#include <stddef.h>
#include <sys/time.h>

#include "../os/address.h"
#include "../os/option.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../os/watcher.h"

/* Returns false if there is nothing to copy: zero, which a new socket has, or no such option. */
static bool copy_int(int from, int to, int level, int name)
{
	int value;
	if (!os_option(from, level, name, &value, sizeof(value)) || !value)
		return false;
	sys6(setsockopt, to, level, name, &value, sizeof(value), 0);
	return true;
}

static bool all_zero(const char *bytes, size_t len)
{
	while (len && !*bytes) {
		bytes++;
		len--;
	}
	return !len;
}

/* Larger ones, where the program set them: zero is what a new socket has. */
static void copy_wide(int from, int to, int level, int name, void *value, socklen_t len)
{
	socklen_t got = len;
	if (sys6(getsockopt, from, level, name, value, &got, 0) == 0 && !all_zero(value, got))
		sys6(setsockopt, to, level, name, value, got, 0);
}

/* Buffer sizes are copied only where the program set them: a fixed size turns autotuning off. */
static void copy_buffer_sizes(int from, int to)
{
	enum { SNDBUF_SET = 1, RCVBUF_SET = 2 };
	const int buf_lock = 72; /* SO_BUF_LOCK, Linux 5.14 */
	int locked = os_int(from, SOL_SOCKET, buf_lock);
	if (!locked)
		return;
	/* The kernel reports twice what was asked for (socket(7)). */
	int send_half = os_int(from, SOL_SOCKET, SO_SNDBUF) / 2;
	int receive_half = os_int(from, SOL_SOCKET, SO_RCVBUF) / 2;
	if (locked & SNDBUF_SET)
		sys6(setsockopt, to, SOL_SOCKET, SO_SNDBUF, &send_half, sizeof(int), 0);
	if (locked & RCVBUF_SET)
		sys6(setsockopt, to, SOL_SOCKET, SO_RCVBUF, &receive_half, sizeof(int), 0);
}

struct option {
	int level;
	int name;
};

static void copy_ints(int from, int to, const struct option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		copy_int(from, to, options[i].level, options[i].name);
}

/*
 * What the handshake, or the way that packets take, depends on. Every call here delays the request.
 * TCP_NODELAY can wait: the first bytes of a connection go out at once.
 */
static void copy_early_options(int from, int to, int family)
{
	static const struct option ints[] = {
	    {SOL_SOCKET, SO_MARK},
	    {SOL_SOCKET, SO_DONTROUTE},
	    {IPPROTO_IP, IP_TOS},
	};
	static const struct option ints6[] = {{IPPROTO_IPV6, IPV6_V6ONLY},
					      {IPPROTO_IPV6, IPV6_TCLASS}};
	char name[16];
	copy_ints(from, to, ints, sizeof(ints) / sizeof(ints[0]));
	if (family == AF_INET6)
		copy_ints(from, to, ints6, sizeof(ints6) / sizeof(ints6[0]));
	copy_wide(from, to, SOL_SOCKET, SO_BINDTODEVICE, name, sizeof(name));
	copy_buffer_sizes(from, to);
}

void wire_copy_options(int from, int to)
{
	static const struct option ints[] = {
	    {IPPROTO_TCP, TCP_NODELAY},
	    {SOL_SOCKET, SO_PRIORITY},
	    {SOL_SOCKET, SO_OOBINLINE},
	    {IPPROTO_TCP, TCP_USER_TIMEOUT},
	};
	static const struct option keepalive[] = {
	    {IPPROTO_TCP, TCP_KEEPIDLE},
	    {IPPROTO_TCP, TCP_KEEPINTVL},
	    {IPPROTO_TCP, TCP_KEEPCNT},
	};
	union {
		struct timeval time;
		struct linger linger;
		char name[16];
	} value;
	copy_ints(from, to, ints, sizeof(ints) / sizeof(ints[0]));
	if (copy_int(from, to, SOL_SOCKET, SO_KEEPALIVE))
		copy_ints(from, to, keepalive, sizeof(keepalive) / sizeof(keepalive[0]));
	copy_wide(from, to, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value.time));
	copy_wide(from, to, SOL_SOCKET, SO_SNDTIMEO, &value, sizeof(value.time));
	copy_wide(from, to, SOL_SOCKET, SO_LINGER, &value, sizeof(value.linger));
	copy_wide(from, to, IPPROTO_TCP, TCP_CONGESTION, &value, sizeof(value.name));
}

/* The program's local address, any port: its own port may still be taken by the dead socket. */
static int bind_like(int fd, int like)
{
	union os_address local;
	socklen_t len = sizeof(local);
	long error = sys3(getsockname, like, &local, &len);
	if (error < 0)
		return (int)error;
	if (local.any.sa_family == AF_INET)
		local.in.sin_port = 0;
	else
		local.in6.sin6_port = 0;
	return (int)sys3(bind, fd, &local, len);
}

int wire_socket_like(int like, int family, bool bound)
{
	/* MPTCP answers TCP_INFO too, but a plain socket would not be the same. */
	if (family == AF_UNIX ? bound || os_int(like, SOL_SOCKET, SO_TYPE) != SOCK_STREAM
			      : os_int(like, SOL_SOCKET, SO_PROTOCOL) != IPPROTO_TCP)
		return -EPROTONOSUPPORT;
	int kept = get_errno();
	int fd = real.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error = fd < 0 ? -get_errno() : 0;
	set_errno(kept);
	if (error)
		return error;
	copy_early_options(like, fd, family);
	error = bound ? bind_like(fd, like) : 0;
	if (error < 0) {
		os_close(fd);
		return error;
	}
	return fd;
}
