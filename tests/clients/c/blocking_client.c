/* SPDX-License-Identifier: MIT */
/* Plain blocking connect, write and read. */
#include "client.h"

static int client_connect(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof *addr)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int client_send(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static ssize_t client_recv(int fd, char *data, size_t size)
{
	return read(fd, data, size);
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
