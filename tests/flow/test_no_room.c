/* SPDX-License-Identifier: MIT */
/*
 * A rescue whose new socket cannot have its place in the program's epoll set: it fails, and the
 * program gets its error, however it waits.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include "flow.h"

enum { LIMIT_MS = 5000 };

static const char *const waits[] = {"none", "poll", "select"};

enum { WAITS = sizeof(waits) / sizeof(waits[0]) };

static void wait_for(int fd)
{
	struct pollfd slot = {.fd = fd, .events = POLLIN};
	struct timeval limit = {LIMIT_MS / 1000, 0};
	fd_set in;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	if (!strcmp(program.arg, "poll"))
		poll(&slot, 1, LIMIT_MS);
	if (!strcmp(program.arg, "select"))
		select(fd + 1, &in, NULL, NULL, &limit);
}

/* arg: how it waits. It has bound its socket, so that redial makes another one. */
PROGRAM(blocks_beside_a_set)
{
	struct sockaddr_in any = {.sin_family = AF_INET};
	struct epoll_event event = {.events = EPOLLIN};
	char byte;
	int fd = dial_socket(), set = epoll_create1(0);

	bind(fd, (struct sockaddr *)&any, sizeof(any));
	dial_on(fd);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	wait_for(fd);
	for (int i = 0; i < 2; i++) {
		ssize_t got = recv(fd, &byte, 1, 0);
		say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
	}
	hang_up(fd);
}

static void program_has_its_error_where_a_registration_cannot_be_put_back(void)
{
	struct flow flow = {.program = "blocks_beside_a_set",
			    .faults = {"reset@1.2"},
			    .behind = "tests/behind/no_room.so"};

	for (int i = 0; i < WAITS; i++) {
		flow.arg = waits[i];
		flow_both_alike(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\nEOF\n");
		expect_logged(&flow, 1, "result=exhausted", "reason=resources");
	}
	flow_end(&flow);
}

const struct runner_test no_room_tests[] = {
    T(program_has_its_error_where_a_registration_cannot_be_put_back),
    T_END,
};
