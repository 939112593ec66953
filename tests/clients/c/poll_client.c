/* SPDX-License-Identifier: MIT */
/* A non-blocking socket, poll before each step, send and recv. */
#include "client.h"

#include <poll.h>

static int wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n = poll(&p, 1, CLIENT_WAIT_MS);

	if (!n)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : -1;
}

static int finish_connect(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (wait_for(fd, POLLOUT) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		return -1;
	errno = error;
	return error ? -1 : 0;
}

static int client_connect(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || !connect(fd, (const struct sockaddr *)addr, sizeof *addr))
		return fd;
	if (errno == EINPROGRESS && !finish_connect(fd))
		return fd;
	close(fd);
	return -1;
}

static int client_send(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n;

		if (wait_for(fd, POLLOUT))
			return -1;
		n = send(fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
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
		ssize_t n;

		if (wait_for(fd, POLLIN))
			return -1;
		n = recv(fd, data, size, 0);
		if (n >= 0 || errno != EAGAIN)
			return n;
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
