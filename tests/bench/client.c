/* SPDX-License-Identifier: MIT */
/*
 * client PORT METHOD EXCHANGES [CONNECTIONS]: that many exchanges on each connection, one
 * connection after the other. Prints exchanges per second. For strace, callgrind (toggle on
 * `exchanges`), and the clock.
 */
#include "bench.h"

__attribute__((noinline)) static void exchanges(int fd, const struct message *request, int count)
{
	for (int i = 0; i < count; i++) {
		if (exchange(fd, request) < 0)
			die("exchange");
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	struct message request;
	int count, connections;
	double began;

	if (argc < 4)
		return 2;
	addr = loopback(argv[1]);
	request = make_request(argv[2], PATH_200);
	count = atoi(argv[3]);
	connections = argc > 4 ? atoi(argv[4]) : 1;
	began = now_us();
	for (int i = 0; i < connections; i++) {
		int fd = dial(&addr);

		/* The first one binds symbols and fills caches. */
		if (count && exchange(fd, &request) < 0)
			die("exchange");
		exchanges(fd, &request, count - 1);
		close(fd);
	}
	printf("%.0f\n", (double)count * connections / (now_us() - began) * 1e6);
	return 0;
}
