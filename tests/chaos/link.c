/* SPDX-License-Identifier: MIT */
/* Connections in all the ways in which programs use them. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "chaos.h"

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits for room, or for something to read. A blocking socket's calls wait by themselves. */
static int await(struct link *link, bool room)
{
	struct epoll_event event = {.events = room ? EPOLLOUT : EPOLLIN, .data.ptr = link};
	struct pollfd look = {.fd = link->fd, .events = (short)(room ? POLLOUT : POLLIN)};
	int ready;

	if (link->mode == MODE_LEVEL)
		epoll_ctl(link->epfd, EPOLL_CTL_MOD, link->fd, &event);
	do {
		if (link->mode == MODE_POLL || link->mode == MODE_BLOCKING)
			ready = poll(&look, 1, link->timeout_ms);
		else
			ready = epoll_wait(link->epfd, &event, 1, link->timeout_ms);
	} while (ready < 0 && errno == EINTR);
	return ready < 0 ? errno : ready ? 0 : ETIMEDOUT;
}

void link_close(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	if (link->epfd >= 0)
		close(link->epfd);
	link->fd = link->epfd = -1;
	link->len = 0;
}

static int register_it(struct link *link)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP, .data.ptr = link};

	if (link->mode != MODE_LEVEL && link->mode != MODE_EDGE)
		return 0;
	if (link->mode == MODE_EDGE)
		event.events |= EPOLLET;
	link->epfd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_ctl(link->epfd, EPOLL_CTL_ADD, link->fd, &event) ? errno : 0;
}

static int finish_connect(struct link *link)
{
	int64_t end = now_ms() + link->timeout_ms;
	struct pollfd look = {.fd = link->fd, .events = POLLOUT};
	int error = await(link, true);
	socklen_t len = sizeof error;

	/* A level or an edge may have been told of before there was a connection. */
	while (!error && !poll(&look, 1, 0) && now_ms() < end)
		error = await(link, true);
	if (!error && getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	return error;
}

int link_open(struct link *link)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)link->port)};
	struct timeval limit = {link->timeout_ms / 1000, link->timeout_ms % 1000 * 1000};
	int flags = link->mode == MODE_BLOCKING ? 0 : SOCK_NONBLOCK;
	int on = 1, error = 0;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	link->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
	if (link->fd < 0)
		return errno;
	setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (link->mode == MODE_BLOCKING) {
		setsockopt(link->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		setsockopt(link->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	}
	error = register_it(link);
	if (!error && connect(link->fd, (struct sockaddr *)&addr, sizeof addr))
		error = errno;
	if (error == EINPROGRESS)
		error = link->mode == MODE_BLOCKING ? ETIMEDOUT : finish_connect(link);
	if (error)
		link_close(link);
	return error;
}

static ssize_t put(int fd, char how, const char *bytes, size_t len)
{
	size_t half = len / 2;
	struct iovec pieces[] = {
	    {NULL, 0}, {(char *)bytes, half}, {(char *)bytes + half, len - half}};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 3};

	switch (how) {
	case 'w':
		return write(fd, bytes, len);
	case 'v':
		return writev(fd, pieces, 3);
	case 'm':
		return sendmsg(fd, &message, MSG_NOSIGNAL);
	default:
		return send(fd, bytes, len, MSG_NOSIGNAL);
	}
}

int link_send(struct link *link, const struct ask *ask)
{
	size_t done = 0;

	while (done < ask->len) {
		size_t end = ask->len;
		ssize_t n;
		int error;

		for (int i = 1; i >= 0; i--) {
			if ((size_t)ask->cuts[i] > done && (size_t)ask->cuts[i] < end)
				end = (size_t)ask->cuts[i];
		}
		n = put(link->fd, ask->write_how, ask->bytes + done, end - done);
		if (n >= 0) {
			done += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return errno;
		error = link->mode == MODE_BLOCKING ? ETIMEDOUT : await(link, true);
		if (error)
			return error;
	}
	return 0;
}

static ssize_t get(int fd, char how, char *to, size_t room)
{
	size_t half = room / 2;
	struct iovec pieces[] = {{to, half}, {to + half, room - half}};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
	char seen[4096];
	ssize_t peeked, n;

	switch (how) {
	case 'r':
		return read(fd, to, room);
	case 'v':
		return readv(fd, pieces, 2);
	case 'm':
		return recvmsg(fd, &message, 0);
	case 'p':
		peeked = recv(fd, seen, room < sizeof seen ? room : sizeof seen, MSG_PEEK);
		if (peeked <= 0)
			return peeked;
		n = recv(fd, to, (size_t)peeked, 0);
		if (n != peeked || memcmp(to, seen, (size_t)n) != 0) {
			printf("violation: peeked at %zd bytes, got %zd or others\n", peeked, n);
			exit(3);
		}
		return n;
	default:
		return recv(fd, to, room, 0);
	}
}

int link_receive(struct link *link, const struct ask *ask)
{
	size_t room = (size_t)ask->room;

	if (link->size - link->len < room) {
		link->size = 2 * (link->size + room);
		link->data = realloc(link->data, link->size);
		if (!link->data)
			exit(4);
	}
	for (;;) {
		ssize_t n = get(link->fd, ask->read_how, link->data + link->len, room);
		int error;

		if (n > 0) {
			link->len += (size_t)n;
			return 0;
		}
		if (!n)
			return LINK_EOF;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return errno;
		error = link->mode == MODE_BLOCKING ? ETIMEDOUT : await(link, false);
		if (error)
			return error;
	}
}

bool link_looks_alive(struct link *link)
{
	char byte;
	ssize_t n = recv(link->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n < 0 && errno == EAGAIN;
}
