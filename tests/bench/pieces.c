/* SPDX-License-Identifier: MIT */
/*
 * pieces PORT EXCHANGES: that many GETs on one connection, each written in six pieces by one call,
 * as relays write the head of another's request. For callgrind (toggle on `exchanges`).
 */
#include "bench.h"

#include <sys/uio.h>

static const char *const pieces[] = {
    "GET " PATH_200 " HTTP/1.1\r\n",
    "Host: 127.0.0.1\r\n",
    "User-Agent: bench\r\nAccept: */*\r\n",
    "X-Forwarded-For: 127.0.0.1\r\n",
    "X-Forwarded-Host: 127.0.0.1:8080\r\nX-Forwarded-Server: relay\r\n",
    "Connection: Keep-Alive\r\n\r\n",
};
enum { COUNT = sizeof(pieces) / sizeof(*pieces) };

static void exchange_once(int fd, const struct iovec *request)
{
	char answer[4096];

	if (writev(fd, request, COUNT) < 0 || read(fd, answer, sizeof(answer)) <= 0)
		die("exchange");
}

__attribute__((noipa)) static void exchanges(int fd, const struct iovec *request, int count)
{
	for (int i = 0; i < count; i++)
		exchange_once(fd, request);
}

int main(int argc, char **argv)
{
	struct iovec request[COUNT];
	struct sockaddr_in addr;

	if (argc < 3)
		return 2;
	for (int i = 0; i < COUNT; i++)
		request[i] = (struct iovec){(char *)pieces[i], strlen(pieces[i])};
	addr = loopback(argv[1]);
	int fd = dial(&addr);
	/* The first one binds symbols and fills caches: it is not counted. */
	exchange_once(fd, request);
	exchanges(fd, request, atoi(argv[2]) - 1);
	close(fd);
	return 0;
}
