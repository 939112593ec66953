/* SPDX-License-Identifier: MIT */
/*
 * What daemons and inetd's children do to their descriptors, by the environment's MODE:
 * close, close_range   before each connection everything above 2 is closed, the last one too
 * daemon               daemon(), which forks, before the first connection
 * inetd                the socket is put over 0, 1 and 2: written at 1, read at 0
 */
#include "client.h"

#include <fcntl.h>

static const char *mode;

static bool is_mode(const char *name)
{
	return !strcmp(mode, name);
}

static void close_all(void)
{
	if (is_mode("close_range")) {
		close_range(3, ~0u, 0);
		return;
	}
	for (int fd = 3; is_mode("close") && fd < 1024; fd++)
		close(fd);
}

static int client_connect(const struct sockaddr_in *addr)
{
	int fd;

	close_all();
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof *addr))
		return -1;
	if (!is_mode("inetd"))
		return fd;
	for (int to = 0; to <= 2; to++)
		dup2(fd, to);
	close(fd);
	return 0;
}

static int client_send(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(is_mode("inetd") ? 1 : fd, data, len);

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

/* Left to the next round of closing, or of dup2. */
static void client_close(int fd)
{
	if (is_mode("daemon") && fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	mode = getenv("MODE");
	if (!mode)
		return 2;
	if (is_mode("daemon") && daemon(1, 1))
		return 2;
	if (is_mode("inetd"))
		stdout = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 20), "w");
	return client_run(argc, argv);
}
