/* SPDX-License-Identifier: MIT */
/* A program that defines read and write itself: they come before every library's. */
#include "client.h"

#include <sys/syscall.h>

ssize_t read(int fd, void *data, size_t size)
{
	return syscall(SYS_read, fd, data, size);
}

ssize_t write(int fd, const void *data, size_t len)
{
	return syscall(SYS_write, fd, data, len);
}

static int client_connect(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof *addr)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Those of the two that the environment's OWN names go past the libraries. */
static bool is_own(const char *call)
{
	const char *own = getenv("OWN");

	return own && strstr(own, call);
}

static int client_send(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = is_own("write") ? write(fd, data, len) : send(fd, data, len, 0);

		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static ssize_t client_recv(int fd, char *data, size_t size)
{
	return is_own("read") ? read(fd, data, size) : recv(fd, data, size, 0);
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
