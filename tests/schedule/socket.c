/* SPDX-License-Identifier: MIT */
/* Sockets: how they begin and end, and what is set and asked of them. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "draw.h"
#include "judge.h"
#include "kernel.h"
#include "program.h"
#include "thread.h"
#include "trace.h"
#include "wire.h"

enum { BUF_LOCK = 72 }; /* SO_BUF_LOCK, Linux 5.14 */

long socket_new(int domain, int type, int protocol)
{
	(void)protocol;
	int error = fault("socket", EMFILE, ENOBUFS);
	if (error)
		return told(error);
	bool stream = (type & 0xf) == SOCK_STREAM && domain == AF_INET;
	struct object *thing = object_new(stream ? IS_SOCKET : IS_LOG);
	thing->flags = type & SOCK_NONBLOCK ? O_NONBLOCK : 0;
	if (stream)
		thing->tcp.room = world.set.room;
	return told(fd_new(thing, 0, type & SOCK_CLOEXEC));
}

static bool has_come_up(void *arg)
{
	const struct object *thing = arg;
	return thing->tcp.state != TCP_DIALING;
}

static int take_error(struct object *thing)
{
	int error = thing->tcp.error;
	thing->tcp.error = 0;
	return error;
}

/* A blocking connect waits for what one that does not only begins. */
static long await(struct object *thing)
{
	object_hold(thing);
	uint64_t limit = socket_limit_ns(thing, SO_SNDTIMEO);
	enum woken woken = thread_wait(has_come_up, thing, limit, true);
	long result = woken == TIMED_OUT	   ? -EINPROGRESS
		      : woken == INTERRUPTED	   ? -EINTR
		      : thing->tcp.state == TCP_UP ? 0
						   : -(take_error(thing) ?: ECONNABORTED);
	object_release(thing);
	return result;
}

static long disconnect(struct object *thing)
{
	if (thing->tcp.wire)
		wire_closed(thing->tcp.wire, true);
	thing->tcp.wire = NULL;
	thing->tcp.state = TCP_FRESH;
	thing->tcp.fin = thing->tcp.shut_read = thing->tcp.shut_write = false;
	thing->tcp.error = 0;
	thing->tcp.received = 0;
	poll_wake(thing, EPOLLHUP | EPOLLERR); /* sk_error_report */
	return 0;
}

static long dial(struct object *thing, const struct sockaddr *addr, socklen_t len)
{
	const struct sockaddr_in *in = (const void *)addr;
	if (is_bad(addr, len))
		return -EFAULT;
	if (addr->sa_family == AF_UNSPEC) {
		/* Some kernels do not, while a thread waits on it. */
		int busy = fault("disconnect", EBUSY, EBUSY);
		return busy ? busy : disconnect(thing);
	}
	if (len < sizeof(*in) || addr->sa_family != AF_INET)
		return -EINVAL;
	if (thing->tcp.state == TCP_UP)
		return -EISCONN;
	if (thing->tcp.state == TCP_DIALING)
		return thing->flags & O_NONBLOCK ? -EALREADY : await(thing);
	int error =
	    thing->tcp.error ? -take_error(thing) : fault("connect", EADDRNOTAVAIL, ENETUNREACH);
	if (error)
		return error;
	uint32_t server = ntohl(in->sin_addr.s_addr) - PROGRAM_ADDRESS;
	if (server >= SERVERS)
		return -ENETUNREACH;
	disconnect(thing);
	thing->tcp.state = TCP_DIALING;
	bool waits = !(thing->flags & O_NONBLOCK);
	struct wire *wire = wire_dial((int)server, thing, waits);
	if (thing->tcp.state == TCP_DEAD)
		return -(take_error(thing) ?: ECONNREFUSED);
	trace("  wire %u is dialed to server %u", wire->id, server);
	/* Even where it stands at once, as over loopback, a socket that may not wait is told so. */
	return waits ? await(thing) : -EINPROGRESS;
}

long socket_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct object *thing = object_at(fd);
	if (!thing)
		return told(-EBADF);
	if (thing->kind == IS_LOG)
		return 0;
	return told(thing->kind == IS_SOCKET ? dial(thing, addr, len) : -ENOTSOCK);
}

void socket_end(struct object *thing)
{
	struct wire *wire = thing->tcp.wire;
	if (!wire)
		return;
	bool unread = socket_unread(thing) != 0;
	wire->socket = NULL;
	wire_closed(wire, unread || thing->tcp.lingers_not);
}

long socket_shutdown(int fd, int how)
{
	struct object *thing = object_at(fd);
	if (!thing)
		return told(-EBADF);
	if (thing->kind != IS_SOCKET)
		return told(-ENOTSOCK);
	if (thing->tcp.state == TCP_FRESH || thing->tcp.state == TCP_DEAD) {
		thing->tcp.shut_read = thing->tcp.shut_write = true;
		poll_wake(thing, EPOLLHUP | EPOLLIN | EPOLLOUT);
		return told(-ENOTCONN);
	}
	if (how != SHUT_WR)
		thing->tcp.shut_read = true;
	if (how != SHUT_RD && !thing->tcp.shut_write) {
		thing->tcp.shut_write = true;
		wire_shut(thing->tcp.wire);
	}
	poll_wake(thing, EPOLLHUP | EPOLLIN | EPOLLOUT | EPOLLRDHUP);
	return 0;
}

long socket_name(int fd, void *addr, socklen_t *len, bool peer)
{
	struct object *thing = object_at(fd);
	struct sockaddr_in in = {.sin_family = AF_INET};
	if (!thing)
		return told(-EBADF);
	if (thing->kind != IS_SOCKET)
		return told(-ENOTSOCK);
	if (peer && thing->tcp.state != TCP_UP)
		return told(-ENOTCONN);
	uint32_t host =
	    peer ? PROGRAM_ADDRESS + (uint32_t)thing->tcp.wire->server : PROGRAM_ADDRESS + 100;
	in.sin_addr.s_addr = htonl(host);
	in.sin_port = htons(peer ? 80 : (uint16_t)(1024 + thing->id));
	memcpy(addr, &in, *len < sizeof(in) ? *len : sizeof(in));
	*len = sizeof(in);
	return 0;
}

static struct sock_option *find(struct object *thing, int level, int name)
{
	for (uint32_t i = 0; i < thing->tcp.option_count; i++) {
		struct sock_option *option = &thing->tcp.options[i];
		if (option->level == level && option->name == name)
			return option;
	}
	return NULL;
}

uint64_t socket_limit_ns(const struct object *thing, int name)
{
	const struct sock_option *option = find((struct object *)thing, SOL_SOCKET, name);
	struct timeval limit = {0};
	if (option)
		memcpy(&limit, option->value, sizeof(limit));
	if (!limit.tv_sec && !limit.tv_usec)
		return NEVER;
	return world.now_ns + (uint64_t)limit.tv_sec * 1000000000 + (uint64_t)limit.tv_usec * 1000;
}

/* tcpi_state (tcp_states.h). */
static uint8_t tcp_state(const struct tcp_socket *tcp)
{
	if (tcp->state == TCP_DIALING)
		return 2;
	if (tcp->state != TCP_UP)
		return 7;
	if (tcp->fin)
		return tcp->shut_write ? 7 : 8;
	return tcp->shut_write ? 5 : 1;
}

static socklen_t built_in(struct object *thing, int level, int name, void *room)
{
	struct tcp_socket *tcp = &thing->tcp;
	if (level == IPPROTO_TCP && name == TCP_INFO) {
		struct tcp_info *info = room;
		memset(info, 0, sizeof(*info));
		info->tcpi_state = tcp_state(tcp);
		info->tcpi_bytes_received = tcp->received;
		return sizeof(*info);
	}
	if (level != SOL_SOCKET)
		return 0;
	int value;
	switch (name) {
	case SO_COOKIE:
		memcpy(room, &thing->id, sizeof(thing->id));
		return sizeof(thing->id);
	case SO_ERROR:
		value = take_error(thing);
		if (value)
			told(-value);
		break;
	case SO_SNDBUF:
		value = (int)tcp->room * 2; /* socket(7) */
		break;
	case BUF_LOCK:
		value = tcp->room_set;
		break;
	case SO_TYPE:
		value = SOCK_STREAM;
		break;
	case SO_PROTOCOL:
		value = IPPROTO_TCP;
		break;
	case SO_DOMAIN:
		value = AF_INET;
		break;
	default:
		return 0;
	}
	memcpy(room, &value, sizeof(value));
	return sizeof(value);
}

long socket_get(int fd, int level, int name, void *value, socklen_t *len)
{
	struct object *thing = object_at(fd);
	char room[512] = {0};
	if (!thing)
		return told(-EBADF);
	if (thing->kind != IS_SOCKET)
		return told(-ENOTSOCK);
	if (is_bad(value, *len))
		return told(-EFAULT);
	socklen_t known = built_in(thing, level, name, room);
	const struct sock_option *option = find(thing, level, name);
	if (option) {
		memcpy(room, option->value, option->len);
		known = option->len;
	} else if (!known) {
		known = *len < OPTION_LEN ? *len : OPTION_LEN;
	}
	*len = *len < known ? *len : known;
	memcpy(value, room, *len);
	return 0;
}

static void set_room(struct object *thing, int room)
{
	uint32_t before = thing->tcp.room;
	thing->tcp.room = room < 16 ? 16 : (uint32_t)room;
	thing->tcp.room_set = true;
	if (thing->tcp.room > before && thing->tcp.state == TCP_UP)
		poll_wake(thing, EPOLLOUT);
}

long socket_set(int fd, int level, int name, const void *value, socklen_t len)
{
	struct object *thing = object_at(fd);
	if (!thing)
		return told(-EBADF);
	if (thing->kind != IS_SOCKET)
		return told(-ENOTSOCK);
	if (is_bad(value, len))
		return told(-EFAULT);
	if (level == SOL_SOCKET && name == SO_SNDBUF) {
		set_room(thing, *(const int *)value);
		return 0;
	}
	struct sock_option *option = find(thing, level, name);
	if (!option && thing->tcp.option_count < OPTIONS_MAX && len <= OPTION_LEN)
		option = &thing->tcp.options[thing->tcp.option_count++];
	if (!option || len > OPTION_LEN)
		return told(-EINVAL);
	*option = (struct sock_option){.level = level, .name = name, .len = len};
	memcpy(option->value, value, len);
	if (level == SOL_SOCKET && name == SO_LINGER) {
		const struct linger *linger = value;
		thing->tcp.lingers_not = linger->l_onoff && !linger->l_linger;
	}
	return 0;
}
