/* SPDX-License-Identifier: MIT */
/* One socket, two numbers: requests go out on the one, answers are read from the other. */
#include "client.h"

static int other = -1;

static int client_connect(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (!connect(fd, (const struct sockaddr *)addr, sizeof *addr)) {
		other = dup(fd);
		if (other >= 0)
			return fd;
	}
	close(fd);
	return -1;
}

static int client_send(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static ssize_t client_recv(int fd, char *data, size_t size)
{
	(void)fd;
	return recv(other, data, size, 0);
}

static void client_close(int fd)
{
	if (fd < 0)
		return;
	close(other);
	close(fd);
}

int main(int argc, char **argv)
{
	return client_run(argc, argv);
}
