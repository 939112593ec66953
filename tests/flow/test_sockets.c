/* SPDX-License-Identifier: MIT */
/* Sockets with a property that a new one has to have too, or cannot have. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef TCP_FASTOPEN_NO_COOKIE
#define TCP_FASTOPEN_NO_COOKIE 34
#endif

PROGRAM(socket_of_a_device)
{
	static const char device[] = "lo";
	char name[16] = "";
	socklen_t len = sizeof(name);
	int fd = dial_socket();
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, sizeof(device))) {
		say("%s", error_name(errno));
		return;
	}
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len);
	say("bound to %s", name);
	hang_up(fd);
}

static void new_socket_belongs_to_the_device_of_the_old_one(void)
{
	struct flow flow = {.program = "socket_of_a_device", .faults = {"reset@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_EDGE; flow.way++) {
		flow_redial(&flow);
		if (!strcmp(flow.result.out, "EPERM\n")) {
			printf("\n    skipped: SO_BINDTODEVICE is not permitted here ");
			break;
		}
		expect_printed(&flow, "200 /1\n200 /2\nbound to lo\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

/* The connection is only made when the first request is written, which is sent with the SYN. */
static int fast_open_socket(void)
{
	static const int on = 1;
	int fd = dial_socket();
	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on)) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, &on, sizeof(on)))
		say("setsockopt: %s", error_name(errno));
	dial_on(fd);
	return fd;
}

PROGRAM(two_gets_by_fast_open)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	int fd = fast_open_socket();
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	say(info.tcpi_state == TCP_ESTABLISHED ? "connected" : "deferred");
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void connection_that_was_opened_with_its_first_request_is_rescued_later(void)
{
	static const char *const faults[] = {"reset@1.2", "close@1.2", "shed=1@1.2"};
	struct flow flow = {.program = "two_gets_by_fast_open"};
	flow_bare(&flow);
	if (strncmp(flow.result.out, "deferred", 8)) {
		printf("\n    skipped: this kernel makes no TCP_FASTOPEN_CONNECT wait ");
		flow_end(&flow);
		return;
	}
	expect_printed(&flow, "deferred\n200 /1\n200 /2\n");
	for (int i = 0; i < 6; i++) {
		flow.faults[0] = faults[i / 2];
		flow.way = i % 2 ? WAY_POLL : WAY_BLOCK;
		flow_redial(&flow);
		expect_printed(&flow, "deferred\n200 /1\n200 /2\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

static void request_that_opens_its_connection_fails_as_bare(void)
{
	static const char *const faults[] = {"reset@1.1", "close@1.1", NULL};
	for (int i = 0; i < 6; i++) {
		struct flow flow = {.program = "two_gets_by_fast_open", .faults = {faults[i / 2]}};
		if (!faults[i / 2])
			flow.address = "127.0.0.3"; /* where nobody listens */
		flow.way = i % 2 ? WAY_POLL : WAY_BLOCK;
		flow_both_alike(&flow);
		expect_seen(&flow, faults[i / 2] ? 1 : 0, "path=/1 ", NULL);
		expect_logged(&flow, 0, "event=attempt", NULL);
		flow_end(&flow);
	}
}

PROGRAM(two_gets_by_mptcp)
{
	struct sockaddr_in peer = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)program.port),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int protocol = 0;
	socklen_t len = sizeof(protocol);
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	if (fd < 0 || connect(fd, (struct sockaddr *)&peer, sizeof(peer))) {
		say("no MPTCP");
		return;
	}
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	say("protocol %d", protocol);
	close(fd);
}

static void socket_of_mptcp_is_never_replaced_by_another_kind(void)
{
	static const char *const faults[] = {"reset@1.2", "close@1.2"};
	struct flow flow = {.program = "two_gets_by_mptcp"};
	for (int i = 0; i < 2; i++) {
		flow.faults[0] = faults[i];
		flow_both_alike(&flow);
		if (!strcmp(flow.result.out, "no MPTCP\n")) {
			printf("\n    skipped: this kernel has no MPTCP ");
			break;
		}
		runner_expect_long("protocol kept", 1,
				   strstr(flow.result.out, "protocol 262") != NULL);
		expect_seen(&flow, 1, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

static void say_unread(int fd)
{
	int len = -1;
	say("%d, %d unread", ioctl(fd, FIONREAD, &len), len);
}

/* As Java's available() does, and pools that ask whether a connection is clean. */
PROGRAM(look_for_unread_bytes)
{
	static const char *const paths[] = {"/1", "/2", "/3"};
	int fd = dial();
	for (int i = 0; i < 3; i++) {
		say_unread(fd);
		ask(fd, "GET", paths[i], NULL);
		answer(fd);
		say_unread(fd);
	}
	hang_up(fd);
}

static void count_of_unread_bytes_is_zero_before_and_after_each_answer(void)
{
	static const char *const faults[] = {NULL, "reset@1.2", "close@1.2", "shed=1@1.2"};
	struct flow flow = {.program = "look_for_unread_bytes"};
	flow_bare(&flow);
	char *bare = strdup(flow.result.out);
	for (int i = 0; i < 4; i++) {
		flow.faults[0] = faults[i];
		for (flow.way = WAY_BLOCK; flow.way <= WAY_EDGE; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, bare);
			expect_seen(&flow, faults[i] ? 2 : 1, "path=/2 ", NULL);
		}
	}
	free(bare);
	flow_end(&flow);
}

const struct runner_test sockets_tests[] = {
    T(new_socket_belongs_to_the_device_of_the_old_one),
    T(connection_that_was_opened_with_its_first_request_is_rescued_later),
    T(request_that_opens_its_connection_fails_as_bare),
    T(socket_of_mptcp_is_never_replaced_by_another_kind),
    T(count_of_unread_bytes_is_zero_before_and_after_each_answer),
    T_END,
};
