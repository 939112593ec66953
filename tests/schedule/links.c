/* SPDX-License-Identifier: MIT */
/* The program's connections: opened in the ways that programs do it, and closed. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "draw.h"
#include "judge.h"
#include "program.h"
#include "trace.h"
#include "wire.h"

void call_begin(const char *name, struct link *link, int fd, uint64_t may_wait_ms)
{
	struct call *call = &thread_current->call;
	*call = (struct call){.name = name,
			      .link = link,
			      .fd = fd,
			      .changes = fd < 0 ? 0 : world.changes[fd],
			      .may_wait_ms = may_wait_ms};
	if (link)
		link->busy++;
	trace("%s(%d) on link %u", name, fd, link ? link->id : 0);
}

long call_end(long result)
{
	struct call *call = &thread_current->call;
	struct link *link = call->link;
	trace("%s(%d) = %s", call->name, call->fd,
	      trace_result(result < 0 ? -thread_current->error : result));
	if (link) {
		judge_result(link, result, thread_current->error);
		link->busy--;
		link->writing -= call->writes;
	}
	call->name = NULL;
	call->link = NULL;
	thread_step();
	return result;
}

int call_error(void)
{
	return thread_current->error;
}

bool link_set_blocking(struct link *link, bool blocking)
{
	int on = !blocking;
	long flags = O_RDWR | (blocking ? 0 : O_NONBLOCK);
	link->nonblocking = !blocking;
	if (draw(2)) {
		call_begin("ioctl, FIONBIO", link, link->fd, 0);
		return call_end(preload_ioctl(link->fd, FIONBIO, &on)) == 0;
	}
	call_begin("fcntl, F_SETFL", link, link->fd, 0);
	return call_end(preload_fcntl(link->fd, F_SETFL, (void *)flags)) == 0;
}

static void set_option(struct link *link, int level, int name, const void *value, socklen_t len)
{
	call_begin("setsockopt", link, link->fd, 0);
	call_end(preload_setsockopt(link->fd, level, name, value, len));
}

/* Options that change nothing here, but are to be what the program has made them. */
static const struct {
	int level, name, value;
} options[] = {{IPPROTO_TCP, TCP_NODELAY, 1},
	       {SOL_SOCKET, SO_KEEPALIVE, 1},
	       {IPPROTO_IP, IP_TTL, 33},
	       {IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4096}};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

void link_set_option(struct link *link)
{
	uint32_t which = draw(OPTIONS);
	set_option(link, options[which].level, options[which].name, &options[which].value,
		   sizeof(int));
	link->options |= 1u << which;
}

static int wanted_of(const struct link *link, uint32_t which)
{
	return link->options >> which & 1 ? options[which].value : 0;
}

void link_ask_option(struct link *link)
{
	uint32_t which = draw(OPTIONS);
	int value = -1, wanted = wanted_of(link, which);
	socklen_t len = sizeof(value);
	call_begin("getsockopt", link, link->fd, 0);
	long result = call_end(
	    preload_getsockopt(link->fd, options[which].level, options[which].name, &value, &len));
	/* Another thread may be at it, or have set it since. */
	if (!result && value != wanted && value != wanted_of(link, which) && link_usable(link) &&
	    !link->busy)
		judge_fail("option", "option %d of link %u is %d, was set to %d",
			   options[which].name, link->id, value, wanted);
}

static void set_limit(struct link *link, int name, uint64_t *limit_ms)
{
	struct timeval limit = {.tv_usec = DRAW_OF(20000, 200000)};
	*limit_ms = (uint64_t)limit.tv_usec / 1000;
	set_option(link, SOL_SOCKET, name, &limit, sizeof(limit));
}

static void set_options(struct link *link)
{
	if (draw(4) == 3)
		link_set_option(link);
	if (draw(8) == 7)
		set_limit(link, SO_RCVTIMEO, &link->receive_limit_ms);
	if (draw(8) == 7)
		set_limit(link, SO_SNDTIMEO, &link->send_limit_ms);
}

/* The program's epoll set, if it has one, and how it waits. */
static void choose_wait(struct link *link)
{
	link->waits = (enum waits)DRAW_OF(WAITS_POLL, WAITS_POLL, WAITS_SELECT, WAITS_LEVEL,
					  WAITS_EDGE, WAITS_ONE_SHOT, WAITS_AROUND);
	if (link->waits < WAITS_LEVEL)
		return;
	thread_step();
	link->epfd = (int)epoll_new(EPOLL_CLOEXEC);
	if (link->epfd < 0)
		link->waits = WAITS_POLL;
}

static int connect_once(struct link *link)
{
	const struct sockaddr_in addr = {
	    .sin_family = AF_INET,
	    .sin_port = htons(80),
	    .sin_addr.s_addr = htonl(PROGRAM_ADDRESS + (uint32_t)link->server),
	};
	call_begin("connect", link, link->fd, link->nonblocking ? 0 : link->send_limit_ms);
	thread_current->call.dials = true;
	return call_end(preload_connect(link->fd, (const void *)&addr, sizeof(addr))) ? call_error()
										      : 0;
}

static bool connect_now(struct link *link)
{
	int error = connect_once(link), fine = -1;
	socklen_t len = sizeof(fine);
	/* Some ask again after a signal, or dial once more on the same socket. */
	for (int i = 0; i < 2 && error && error != EINPROGRESS && draw(2); i++)
		error = connect_once(link);
	if (!error || error == EISCONN)
		return true;
	if (!(error == EINPROGRESS || error == EALREADY) || !link_wait(link, EPOLLOUT))
		return false;
	call_begin("getsockopt", link, link->fd, 0);
	return call_end(preload_getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &fine, &len)) == 0 &&
	       !fine;
}

struct link *link_open(bool shared)
{
	if (world.link_count == LINKS_MAX)
		return NULL;
	bool nonblocking = draw(2);
	int type = SOCK_STREAM | (draw(2) ? SOCK_CLOEXEC : 0) |
		   (nonblocking && draw(2) ? SOCK_NONBLOCK : 0);
	call_begin("socket", NULL, -1, 0);
	int fd = (int)call_end(preload_socket(AF_INET, type, 0));
	if (fd >= 0 && world.link_count == LINKS_MAX) { /* another thread was first */
		preload_close(fd);
		return NULL;
	}
	if (fd < 0)
		return NULL;
	struct link *link = &world.links[world.link_count++];
	*link = (struct link){.id = world.link_count, .fd = fd, .server = (int)draw(SERVERS)};
	link->copy = -1;
	link->receive_limit_ms = link->send_limit_ms = NEVER;
	link->nonblocking = type & SOCK_NONBLOCK;
	link->cloexec = type & SOCK_CLOEXEC;
	link->epfd = -1;
	if (!shared)
		choose_wait(link);
	bool early = draw(2);
	if (nonblocking && !link->nonblocking && early)
		link_set_blocking(link, false);
	set_options(link);
	link->connected = connect_now(link);
	if (link->connected && nonblocking && !link->nonblocking)
		link->connected = link_set_blocking(link, false);
	if (link->connected)
		return link;
	link_close(link);
	return NULL;
}

/* `alone`: no other thread is at work on it. */
static void close_number(struct link *link, int fd, bool alone)
{
	world.changes[fd]++;
	switch (alone ? draw(8) : draw(7)) {
	case 7: /* as libuv does, whose one thread does it past the hooks */
		link->left = true;
		call_begin("close, past the hooks", NULL, fd, NEVER);
		call_end(sim_close(fd));
		break;
	case 6:
		call_begin("close_range", NULL, fd, NEVER);
		call_end(preload_close_range((unsigned)fd, (unsigned)fd, 0));
		break;
	default:
		call_begin("close", NULL, fd, NEVER);
		call_end(preload_close(fd));
	}
}

void link_close(struct link *link)
{
	if (link->closing)
		return;
	link->closing = true;
	int fd = link->fd, copy = link->copy;
	link->fd = link->copy = -1;
	close_number(link, fd, link->busy == 0);
	if (copy >= 0)
		close_number(link, copy, link->busy == 0);
	if (link->epfd >= 0) {
		call_begin("close", NULL, link->epfd, 0);
		call_end(preload_close(link->epfd));
	}
	link->epfd = -1;
}
