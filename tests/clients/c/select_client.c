/* SPDX-License-Identifier: MIT */
/* A non-blocking socket, select before each step, with the exception set that old code adds. */
#include "client.h"

#include <fcntl.h>
#include <sys/select.h>

static int wait_for(int fd, bool writable)
{
	struct timeval limit = {.tv_sec = CLIENT_WAIT_MS / 1000};
	fd_set set, except;
	int n;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	except = set;
	n = select(fd + 1, writable ? NULL : &set, writable ? &set : NULL, &except, &limit);
	if (!n)
		errno = ETIMEDOUT;
	return n > 0 ? 0 : -1;
}

static int finish_connect(int fd)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (wait_for(fd, true) || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
		return -1;
	errno = error;
	return error ? -1 : 0;
}

static int client_connect(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (!connect(fd, (const struct sockaddr *)addr, sizeof *addr))
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

		if (wait_for(fd, true))
			return -1;
		n = write(fd, data, len);
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

		if (wait_for(fd, false))
			return -1;
		n = read(fd, data, size);
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
