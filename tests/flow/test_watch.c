/* SPDX-License-Identifier: MIT */
/* What a program does to a connection while redial watches it for the start of a response. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

#define IN(ms)                                                                                     \
	"retry = { on = [\"stale\", \"reset\", \"eof\", \"response-timeout\"]; "                   \
	"response_timeout_ms = " #ms "; };"

enum { SOON_MS = 2000 };

static void say_int(int fd, const char *name, int level, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);
	int result = getsockopt(fd, level, option, &value, &len);
	say("%s %d %d", name, result, value);
}

/* What the program asks of its socket while it waits. */
PROGRAM(questions)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	int unread = -1, on = 1;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	say("getpeername %d", getpeername(fd, (struct sockaddr *)&addr, &len));
	len = sizeof(addr);
	say("getsockname %d", getsockname(fd, (struct sockaddr *)&addr, &len));
	say_int(fd, "SO_ERROR", SOL_SOCKET, SO_ERROR);
	say_int(fd, "SO_TYPE", SOL_SOCKET, SO_TYPE);
	int result = ioctl(fd, FIONREAD, &unread);
	say("FIONREAD %d %d", result, unread);
	say("SO_KEEPALIVE %d", setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)));
	int flags = fcntl(fd, F_GETFL);
	say("O_NONBLOCK %d", (flags & O_NONBLOCK) != 0);
	fcntl(fd, F_SETFL, flags ^ O_NONBLOCK);
	fcntl(fd, F_SETFD, 0);
	say("POLLOUT %d", poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 5000));
	await(fd);
	answer(fd);
	say("O_NONBLOCK %d", fcntl(fd, F_GETFL) == (flags ^ O_NONBLOCK));
	fcntl(fd, F_SETFL, flags);
	say("F_GETFD %d", fcntl(fd, F_GETFD));
	say_int(fd, "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void questions_are_answered_for_the_socket(void)
{
	struct flow flow = {
	    .program = "questions", .faults = {"delay=300@path:/2"}, .policy = IN(3000)};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++)
		flow_both_alike(&flow);
	flow_end(&flow);
}

/* arg: what the program does while it waits. */
PROGRAM(meanwhile)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	if (!strcmp(program.arg, "write"))
		ask(fd, "GET", "/3", NULL);
	if (!strcmp(program.arg, "SHUT_WR"))
		shutdown(fd, SHUT_WR);
	if (!strcmp(program.arg, "dup"))
		fd = dup(fd);
	if (!strcmp(program.arg, "dup over")) {
		int copy = dup(fd);
		dup2(copy, fd);
	}
	if (!strcmp(program.arg, "close")) {
		close(fd);
		fd = dial();
		ask(fd, "GET", "/4", NULL);
	}
	answer(fd);
	if (!strcmp(program.arg, "write"))
		answer(fd);
	if (strcmp(program.arg, "SHUT_WR"))
		exchange(fd, "GET", "/5", NULL);
	else
		read_to_the_end(fd);
}

static void serve_slowly(struct peer *peer)
{
	for (int fd; (fd = peer_accept(peer)) >= 0; peer_close(fd)) {
		for (int n = 1; !peer_read_until(peer, fd, "\r\n\r\n"); n++) {
			char text[200];
			usleep(40000);
			snprintf(text, sizeof(text),
				 "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"path\":\"%d\"}",
				 n);
			peer_say(fd, text);
		}
	}
}

static void what_the_program_does_meanwhile_is_done_to_its_socket(void)
{
	static const char *const acts[] = {"nothing", "write",	  "SHUT_WR",
					   "dup",     "dup over", "close"};
	for (int i = 0; i < 6; i++) {
		struct flow flow = {.program = "meanwhile",
				    .arg = acts[i],
				    .peer = serve_slowly,
				    .policy = IN(3000)};
		for (flow.way = WAY_BLOCK; flow.way < (i < 3 ? WAY_CURL : WAY_LEVEL); flow.way++) {
			flow_both_alike(&flow);
			expect_logged(&flow, 0, NULL, NULL);
		}
		flow_end(&flow);
	}
}

/* As libuv does: registered for room alone until it is connected and has written. */
PROGRAM(write_when_connected)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(program.port)};
	struct epoll_event event = {.events = EPOLLOUT};
	char bytes[4096] = "";
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	connect(fd, (struct sockaddr *)&peer, sizeof(peer));
	epoll_wait(set, &event, 1, 5000);
	ask(fd, "GET", "/2", NULL);
	event.events = EPOLLIN;
	epoll_ctl(set, EPOLL_CTL_MOD, fd, &event);
	ssize_t got = -1;
	while (got < 0 && epoll_wait(set, &event, 1, 5000) == 1)
		got = recv(fd, bytes, sizeof(bytes) - 1, 0);
	say("%s", strstr(bytes, "\"/2\"") ? "/2" : "nothing");
	close(fd);
}

static void program_that_has_just_connected_is_woken(void)
{
	struct flow flow = {
	    .program = "write_when_connected", .faults = {"drop@once:path:/2"}, .policy = IN(100)};
	flow_redial(&flow);
	expect_printed(&flow, "/2\n");
	expect_seen(&flow, 2, "path=/2 ", NULL);
	expect_within(&flow, SOON_MS);
	flow_end(&flow);
}

/* arg: how a program that has lost its patience lets go. libuv closes past the hooks. */
PROGRAM(lose_patience)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = dial();
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	int before = descriptors();
	ask(fd, "GET", "/2", NULL);
	epoll_wait(set, &event, 1, 20);
	epoll_ctl(set, EPOLL_CTL_DEL, fd, &event);
	if (!strcmp(program.arg, "close"))
		close(fd);
	else
		syscall(SYS_close, fd);
	epoll_wait(set, &event, 1, 0);
	say("%d", descriptors() - before);
}

static void nothing_is_left_of_a_watch_whose_descriptor_was_closed(void)
{
	struct flow flow = {.program = "lose_patience",
			    .way = WAY_POLL,
			    .faults = {"drop@path:/2"},
			    .policy = IN(3000)};
	flow.arg = "close";
	flow_both_alike(&flow);
	flow.arg = "SYS_close";
	flow_both_alike(&flow);
	expect_printed(&flow, "-1\n");
	flow_end(&flow);
}

PROGRAM(await_the_end)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	await_death(fd);
	answer(fd);
	hang_up(fd);
}

static void program_that_waits_for_a_hang_up_alone_hears_of_it(void)
{
	struct flow flow = {
	    .program = "await_the_end", .faults = {"reset@1.2"}, .policy = IN(3000)};
	for (flow.way = WAY_BLOCK; flow.way < WAY_LEVEL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
	}
	flow_end(&flow);
}

const struct runner_test watch_tests[] = {
    T(questions_are_answered_for_the_socket),
    T(program_that_has_just_connected_is_woken),
    T(nothing_is_left_of_a_watch_whose_descriptor_was_closed),
    T(program_that_waits_for_a_hang_up_alone_hears_of_it),
    T(what_the_program_does_meanwhile_is_done_to_its_socket),
    T_END,
};
