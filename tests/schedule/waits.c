/* SPDX-License-Identifier: MIT */
/* How a program waits until it can go on with a connection. */
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include "draw.h"
#include "judge.h"
#include "program.h"

enum { LIMIT_MS = 30000 };

/*
 * Most wait as long as it takes. Nothing wakes who waits with epoll for what another thread closes.
 */
static int draw_limit(const struct link *link)
{
	return draw(4) == 3 || (link->epfd >= 0 && world.meddled) ? LIMIT_MS : -1;
}

static int by_poll(struct link *link, uint32_t events, int limit_ms)
{
	struct pollfd fd = {link->fd, (short)events, 0};
	const struct timespec limit = {limit_ms / 1000, 0};
	if (draw(2)) {
		call_begin("ppoll", link, fd.fd, NEVER);
		thread_current->call.polls = true;
		return (int)call_end(preload_ppoll(&fd, 1, limit_ms < 0 ? NULL : &limit, NULL));
	}
	call_begin("poll", link, fd.fd, NEVER);
	thread_current->call.polls = true;
	return (int)call_end(preload_poll(&fd, 1, limit_ms));
}

static int by_select(struct link *link, uint32_t events, int limit_ms)
{
	fd_set set;
	struct timeval limit = {limit_ms / 1000, 0};
	int fd = link->fd;
	FD_ZERO(&set);
	FD_SET(fd, &set);
	call_begin("select", link, fd, NEVER);
	thread_current->call.polls = true;
	return (int)call_end(preload_select(fd + 1, events & EPOLLIN ? &set : NULL,
					    events & EPOLLOUT ? &set : NULL, NULL,
					    limit_ms < 0 ? NULL : &limit));
}

static void change(struct link *link, int op, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.u64 = (uint64_t)link->fd};
	call_begin(op == EPOLL_CTL_ADD	 ? "epoll_ctl, ADD"
		   : op == EPOLL_CTL_MOD ? "epoll_ctl, MOD"
					 : "epoll_ctl, DEL",
		   link, link->fd, 0);
	if (call_end(preload_epoll_ctl(link->epfd, op, link->fd, &event)) < 0)
		link->failed = true;
	link->events = op == EPOLL_CTL_DEL ? 0 : events;
}

static void prepare(struct link *link, uint32_t events)
{
	uint32_t wanted = events | (draw(2) ? EPOLLRDHUP : 0u);
	if (link->waits == WAITS_EDGE) {
		wanted = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
		if (link->events)
			return;
	}
	if (link->waits == WAITS_ONE_SHOT)
		wanted |= EPOLLONESHOT;
	else if (link->events && link->events == wanted)
		return;
	change(link, link->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, wanted);
}

static int by_epoll(struct link *link, uint32_t events, int limit_ms)
{
	struct epoll_event found[2];
	const struct timespec limit = {limit_ms / 1000, 0};
	prepare(link, events);
	if (!link_usable(link))
		return -1;
	call_begin("epoll_wait", link, link->fd, NEVER);
	thread_current->call.polls = true;
	int count = draw(4) == 3 ? preload_epoll_pwait2(link->epfd, found, 2,
							limit_ms < 0 ? NULL : &limit, NULL)
				 : preload_epoll_wait(link->epfd, found, 2, limit_ms);
	call_end(count);
	if (link->waits == WAITS_AROUND && link_usable(link))
		change(link, EPOLL_CTL_DEL, 0);
	return count;
}

bool link_wait(struct link *link, uint32_t events)
{
	for (int tries = 0; tries < 50 && link_usable(link); tries++) {
		int limit_ms = draw_limit(link);
		int count = link->waits == WAITS_POLL	  ? by_poll(link, events, limit_ms)
			    : link->waits == WAITS_SELECT ? by_select(link, events, limit_ms)
							  : by_epoll(link, events, limit_ms);
		if (count > 0)
			return true;
		if (count == 0) {
			judge_timeout(link);
			link->failed = true;
		}
	}
	return false;
}
