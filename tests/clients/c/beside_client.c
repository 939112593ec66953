/* SPDX-License-Identifier: MIT */
/* As poll_client, in a program that has an epoll set for other things, as relays have. */
#include <sys/epoll.h>

static int poll_client(int argc, char **argv);

#define main poll_client
#include "poll_client.c"
#undef main

int main(int argc, char **argv)
{
	struct epoll_event none;
	int set = epoll_create1(EPOLL_CLOEXEC);

	if (set < 0 || epoll_wait(set, &none, 1, 0) < 0)
		return 1;
	return poll_client(argc, argv);
}
