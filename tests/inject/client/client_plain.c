/* SPDX-License-Identifier: MIT */
/* Bytes over a plain socket, by the calls that the way names. */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "client.h"

/* How long it waits for anything to come. */
static int patience_ms(void)
{
	return is_way("hasty") ? HASTY_MS : SILENT_MS;
}

static int await_poll(bool writes)
{
	area.pollfd = (struct pollfd){link_.fd, writes ? POLLOUT : POLLIN, 0};
	return poll(&area.pollfd, 1, patience_ms());
}

static int await_select(bool writes)
{
	FD_ZERO(&area.readable);
	FD_ZERO(&area.writable);
	FD_SET(link_.fd, writes ? &area.writable : &area.readable);
	area.until = (struct timeval){patience_ms() / 1000, 0};
	return select(link_.fd + 1, &area.readable, &area.writable, NULL, &area.until);
}

/* Level-triggered, writability is asked for only while it is waited for. */
static int await_epoll(bool writes)
{
	if (is_way("epoll")) {
		area.event.events = writes ? EPOLLIN | EPOLLOUT : EPOLLIN | EPOLLRDHUP;
		if (epoll_ctl(link_.set, EPOLL_CTL_MOD, link_.fd, &area.event))
			return -1;
	}
	return epoll_wait(link_.set, &area.event, 1, patience_ms());
}

int await(bool writes)
{
	stage = "wait";
	for (int tries = 0; tries < TRIES; tries++) {
		int n = link_.set >= 0	   ? await_epoll(writes)
			: is_way("select") ? await_select(writes)
					   : await_poll(writes);
		if (n == 0)
			errno = ETIME;
		if (n > 0 || errno != EINTR)
			return n > 0 ? 0 : -1;
	}
	return -1;
}

static ssize_t put_once(const char *bytes, size_t len)
{
	area.iov[0] = (struct iovec){NULL, 0};
	area.iov[1] = (struct iovec){(void *)(uintptr_t)bytes, len};
	area.message = (struct msghdr){.msg_iov = area.iov, .msg_iovlen = 2};
	if (is_way("writev"))
		return writev(link_.fd, area.iov, 2);
	if (is_way("sendmsg"))
		return sendmsg(link_.fd, &area.message, MSG_NOSIGNAL);
	if (is_way("write"))
		return write(link_.fd, bytes, len);
	return send(link_.fd, bytes, len, MSG_NOSIGNAL);
}

/* An interrupted call is made again, and one that would have to wait once that has been done. */
ssize_t put_plain(const char *bytes, size_t len)
{
	ssize_t n = -1;
	for (int tries = 0; tries < TRIES; tries++) {
		stage = "put";
		n = put_once(bytes, len);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
		if (errno == EAGAIN && (is_way("block") || await(true)))
			break;
	}
	return n;
}

static ssize_t get_once(char *bytes, size_t room)
{
	if (is_way("peek")) {
		ssize_t shown = recv(link_.fd, bytes, room, MSG_PEEK);
		if (shown <= 0)
			return shown;
	}
	if (is_way("read"))
		return read(link_.fd, bytes, room);
	return recv(link_.fd, bytes, room, is_way("dontwait") ? MSG_DONTWAIT : 0);
}

ssize_t get_plain(char *bytes, size_t room)
{
	ssize_t n = -1;
	for (int tries = 0; tries < TRIES; tries++) {
		if (!is_way("block") && !is_way("epollet") && await(false))
			return -1;
		stage = "get";
		n = get_once(bytes, room);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
		if (errno == EAGAIN && (is_way("block") || (is_way("epollet") && await(false))))
			break;
	}
	return n;
}
