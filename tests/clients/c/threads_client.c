/* SPDX-License-Identifier: MIT */
/*
 * Two threads on one socket: one writes requests, the other is for ever in read. What is read goes
 * to the writer through a pipe; the end of the connection is the end of the pipe. The writer looks
 * there first, and puts a new connection in the place of one that ended.
 */
#include "client.h"

#include <poll.h>
#include <pthread.h>

static pthread_t reader;
static int to_main[2] = {-1, -1};
static int read_errno;
static int reader_fd;
static struct sockaddr_in server;

static void *read_for_ever(void *unused)
{
	char data[4096];
	ssize_t n;

	(void)unused;
	while ((n = read(reader_fd, data, sizeof data)) > 0) {
		if (write(to_main[1], data, (size_t)n) != n)
			break;
	}
	read_errno = n < 0 ? errno : 0;
	close(to_main[1]);
	return NULL;
}

static int start_reader(int fd)
{
	reader_fd = fd;
	return pipe(to_main) || pthread_create(&reader, NULL, read_for_ever, NULL) ? -1 : 0;
}

static int dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !connect(fd, (const struct sockaddr *)&server, sizeof server))
		return fd;
	close(fd);
	return -1;
}

static int client_connect(const struct sockaddr_in *addr)
{
	int fd;

	server = *addr;
	fd = dial();
	if (fd < 0 || !start_reader(fd))
		return fd;
	close(fd);
	return -1;
}

static bool has_ended(void)
{
	struct pollfd p = {.fd = to_main[0], .events = POLLIN};

	return poll(&p, 1, 0) > 0 && (p.revents & POLLHUP);
}

static int replace(int fd)
{
	int fresh = dial();

	if (fresh < 0)
		return -1;
	pthread_join(reader, NULL);
	close(to_main[0]);
	dup2(fresh, fd);
	close(fresh);
	return start_reader(fd);
}

static int client_send(int fd, const char *data, size_t len)
{
	if (has_ended() && replace(fd))
		return -1;
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
	ssize_t n = read(to_main[0], data, size);

	(void)fd;
	if (n)
		return n;
	errno = read_errno;
	return read_errno ? -1 : 0;
}

static void client_close(int fd)
{
	if (fd < 0)
		return;
	shutdown(fd, SHUT_RDWR);
	pthread_join(reader, NULL);
	close(to_main[0]);
	close(fd);
}

int main(int argc, char **argv)
{
	return client_run(argc, argv);
}
