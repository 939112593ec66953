/* SPDX-License-Identifier: MIT */
/*
 * Edge-triggered epoll: registered once for both directions, acts until EAGAIN, and trusts that
 * the next edge will come.
 */
#include "client.h"

#include <sys/epoll.h>

static int epfd = -1;

static int wait_edge(void)
{
	struct epoll_event got;
	int n = epoll_wait(epfd, &got, 1, CLIENT_WAIT_MS);

	if (!n)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : -1;
}

static int finish_connect(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (wait_edge() || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		return -1;
	errno = error;
	return error ? -1 : 0;
}

static int client_connect(const struct sockaddr_in *addr)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, (const struct sockaddr *)addr, sizeof *addr) && errno != EINPROGRESS)
		goto fail;
	if (epfd < 0)
		epfd = epoll_create1(EPOLL_CLOEXEC);
	ev.data.fd = fd;
	if (epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev) || finish_connect(fd))
		goto fail;
	return fd;
fail:
	close(fd);
	return -1;
}

static int client_send(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && (errno != EAGAIN || wait_edge()))
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static ssize_t client_recv(int fd, char *data, size_t size)
{
	for (;;) {
		ssize_t n = recv(fd, data, size, 0);

		if (n >= 0 || errno != EAGAIN)
			return n;
		if (wait_edge())
			return -1;
	}
}

static void client_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	return client_run(argc, argv);
}
