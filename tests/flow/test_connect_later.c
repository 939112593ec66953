/* SPDX-License-Identifier: MIT */
/* Connects of programs that do not wait in connect, under a policy that retries them. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

/* No pause so short that the program would hear of the end before it asks. */
#define QUICKLY		"max_attempts = 3; backoff = { base_ms = 20; jitter = \"none\"; };"
#define ON(cause, more) "retry = { on = [\"stale\", \"" cause "\"]; " more QUICKLY " };"
#define SHORT		"connect_timeout_ms = 100; "

enum { SILENCE_MS = 6000 };

/* The ways of this file; WAY_BLOCK stands for select. */
static const enum way ways[] = {WAY_BLOCK, WAY_POLL, WAY_LEVEL, WAY_EDGE, WAY_ONESHOT};
enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static struct flow connecting(const char *policy, const char *how, const char *failing)
{
	return (struct flow){.program = "connect_later",
			     .arg = "SO_ERROR",
			     .behind = "tests/behind/connect.so",
			     .policy = policy,
			     .env = {"QUIET=1", how, failing}};
}

static int epoll_set;

static void control(int op, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};
	if (epoll_ctl(epoll_set, op, fd, &event))
		say("epoll_ctl: %s", error_name(errno));
}

static bool wait_by_select(int fd, bool writable)
{
	fd_set set;
	struct timeval limit = {SILENCE_MS / 1000, 0};
	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, writable ? NULL : &set, writable ? &set : NULL, NULL, &limit) > 0;
}

/* arg "strict": a program for which an error or hang-up event is a failure, whatever else is told.
 */
static bool is_good(uint32_t events)
{
	return strcmp(program.arg, "strict") || !(events & (EPOLLERR | EPOLLHUP));
}

/* Edges are told of once: the registration stays as it was made before connect. */
static bool wait_by_epoll(int fd, bool writable)
{
	struct epoll_event event;
	uint32_t wanted = writable ? EPOLLOUT : EPOLLIN;
	if (program.way != WAY_EDGE)
		control(EPOLL_CTL_MOD, fd,
			wanted | (program.way == WAY_ONESHOT ? EPOLLONESHOT : 0));
	while (epoll_wait(epoll_set, &event, 1, SILENCE_MS) > 0) {
		if (event.events & (wanted | EPOLLERR | EPOLLHUP))
			return is_good(event.events);
	}
	return false;
}

static bool wait_until(int fd, bool writable)
{
	struct pollfd slot = {fd, writable ? POLLOUT : POLLIN, 0};
	switch (program.way) {
	case WAY_BLOCK:
		return wait_by_select(fd, writable);
	case WAY_POLL:
		return poll(&slot, 1, SILENCE_MS) > 0 && is_good((uint32_t)slot.revents);
	default:
		return wait_by_epoll(fd, writable);
	}
}

static int socket_error(int fd)
{
	int error = -1;
	socklen_t len = sizeof(error);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

static struct sockaddr_in address(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)program.port)};
	inet_pton(AF_INET, program.address, &addr.sin_addr);
	return addr;
}

/* 0, or the errno with which the connect has failed. */
static int finish_connect(int fd)
{
	struct sockaddr_in addr = address();
	while (wait_until(fd, true)) {
		if (strcmp(program.arg, "connect"))
			return socket_error(fd);
		if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 || errno == EISCONN)
			return 0;
		if (errno != EINPROGRESS && errno != EALREADY)
			return errno;
	}
	return ETIME;
}

static int open_later(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	epoll_set = epoll_create1(EPOLL_CLOEXEC);
	if (program.way < WAY_LEVEL)
		return fd;
	control(EPOLL_CTL_ADD, fd, program.way == WAY_EDGE ? EPOLLIN | EPOLLOUT | EPOLLET : 0);
	/* A loop has waited before: redial goes by that. */
	epoll_wait(epoll_set, &(struct epoll_event){0}, 1, 0);
	return fd;
}

/* Connects as arg says, and says how it ended. */
static bool connect_later(int fd)
{
	struct sockaddr_in addr = address();
	int error = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
	if (error == EINPROGRESS)
		error = finish_connect(fd);
	say("%s", error ? error_name(error) : "up");
	return !error;
}

static const char request[] = "POST /1 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\norder";

/* Says the status that comes, or how it ends. */
static void read_answer(int fd)
{
	char text[4096];
	size_t len = 0;
	while (len < sizeof(text) - 1) {
		ssize_t got = recv(fd, text + len, sizeof(text) - 1 - len, 0);
		if (got < 0 && errno == EAGAIN && wait_until(fd, false))
			continue;
		if (got <= 0) {
			say("recv: %s", error_name(got ? errno : 0));
			return;
		}
		text[len += (size_t)got] = '\0';
		if (strstr(text, "\r\n\r\n"))
			break;
	}
	say("%.12s", text);
}

static void send_request(int fd)
{
	while (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0) {
		if (errno == EAGAIN && wait_until(fd, true))
			continue;
		say("send: %s", error_name(errno));
		return;
	}
	read_answer(fd);
}

/* arg: how it asks what has become of the connect; "send": it does not, and writes. */
PROGRAM(connect_later)
{
	int fd = open_later();
	struct sockaddr_in addr = address();
	if (strcmp(program.arg, "send")) {
		if (connect_later(fd))
			send_request(fd);
	} else {
		connect(fd, (struct sockaddr *)&addr, sizeof(addr));
		send_request(fd);
	}
	close(fd);
	close(epoll_set);
	say("%d descriptors", descriptors());
}

static void in_all_ways(struct flow *flow, const char *printed)
{
	for (int i = 0; i < WAYS; i++) {
		flow->way = ways[i];
		flow_redial(flow);
		expect_printed(flow, printed);
	}
}

#define ANSWERED "HTTP/1.1 200\n"

static void refused_connect_is_tried_again(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=2");
	for (int i = 0; i < WAYS; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, "up\n" ANSWERED "4 descriptors\n");
		expect_seen(&flow, 1, "method=POST", NULL);
		expect_logged(&flow, 2, "event=attempt", "max=3 cause=connect peer=127.0.0.1:");
		expect_logged(&flow, 1, "result=recovered attempts=3 elapsed_ms=", NULL);
		expect_logged(&flow, 3, NULL, NULL);
	}
	flow_end(&flow);
}

static void program_that_connects_twice_or_writes_at_once_is_served_too(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=1");
	flow.arg = "send";
	in_all_ways(&flow, ANSWERED "4 descriptors\n");
	flow.arg = "connect";
	in_all_ways(&flow, "up\n" ANSWERED "4 descriptors\n");
	flow_end(&flow);
}

static void program_that_minds_error_events_is_not_shown_any(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=1");
	flow.arg = "strict";
	in_all_ways(&flow, "up\n" ANSWERED "4 descriptors\n");
	flow.policy = NULL;
	flow.way = WAY_POLL;
	flow_redial(&flow);
	expect_printed(&flow, "ETIME\n4 descriptors\n");
	flow_end(&flow);
}

static void connect_that_goes_on_being_refused_is_told_in_the_end(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=9");
	for (int i = 0; i < WAYS; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, "ECONNREFUSED\n4 descriptors\n");
		expect_seen(&flow, 0, "method=POST", NULL);
		expect_logged(&flow, 1, "result=exhausted attempts=3 cause=connect reason=attempts",
			      NULL);
	}
	flow_end(&flow);
}

static void connect_that_fails_at_once_is_tried_again(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=101", "FAILING=1"); /* ENETUNREACH */
	in_all_ways(&flow, "up\n" ANSWERED "3 descriptors\n");
	flow.policy = NULL;
	in_all_ways(&flow, "ENETUNREACH\n3 descriptors\n");
	flow_end(&flow);
}

static void policy_without_connect_leaves_it_alone(void)
{
	static const char *const policies[] = {
	    NULL, ON("reset", ""), "retry = { on = [\"connect\"]; max_attempts = 1; };"};
	for (int i = 0; i < 3; i++) {
		struct flow flow = connecting(policies[i], "HOW=refused", "FAILING=1");
		in_all_ways(&flow, "ECONNREFUSED\n4 descriptors\n");
		expect_logged(&flow, 0, NULL, NULL);
		flow_end(&flow);
	}
}

static void connect_that_takes_too_long_is_tried_again(void)
{
	struct flow flow = connecting(ON("connect-timeout", SHORT), "HOW=silent", "FAILING=1");
	for (int i = 0; i < WAYS; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, "up\n" ANSWERED "7 descriptors\n");
		expect_logged(&flow, 1, "event=attempt", "cause=connect-timeout");
		expect_logged(&flow, 1, "result=recovered attempts=2", NULL);
		expect_logged(&flow, 2, NULL, NULL);
	}
	flow_end(&flow);
}

static void connect_that_goes_on_taking_too_long_times_out(void)
{
	struct flow flow = connecting(ON("connect-timeout", SHORT), "HOW=silent", "FAILING=9");
	for (int i = 0; i < WAYS; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, "ETIMEDOUT\n7 descriptors\n");
		expect_logged(&flow, 1, "result=exhausted attempts=3 cause=connect-timeout", NULL);
	}
	flow_end(&flow);
}

static void nothing_is_said_of_a_watched_connect_that_works(void)
{
	struct flow flow = connecting(ON("connect-timeout", SHORT), "HOW=refused", "FAILING=0");
	in_all_ways(&flow, "up\n" ANSWERED "3 descriptors\n");
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

static void watched_connect_that_is_refused_fails_as_bare(void)
{
	struct flow flow = connecting(ON("connect-timeout", SHORT), "HOW=refused", "FAILING=1");
	for (int i = 0; i < WAYS; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, "ECONNREFUSED\n4 descriptors\n");
		expect_logged(&flow, 1, "event=refused reason=cause cause=connect", NULL);
	}
	flow_end(&flow);
}

/* Not HTTP, in two pieces: faultd answers such a thing by a 400. */
PROGRAM(connect_later_and_write_bytes)
{
	static const char bytes[] = "\x16\x03\x01 hello\r\n\r\n";
	int fd = open_later();
	if (connect_later(fd) && send(fd, bytes, 4, MSG_NOSIGNAL) == 4 &&
	    send(fd, bytes + 4, sizeof(bytes) - 5, MSG_NOSIGNAL) == sizeof(bytes) - 5)
		read_answer(fd);
	else
		say("send: %s", error_name(errno));
	say("%d descriptors", descriptors());
}

static void read_hello(struct peer *peer)
{
	int fd = peer_accept(peer);
	if (peer_read_until(peer, fd, "hello\r\n\r\n") == 0)
		peer_say(fd, "HTTP/1.1 200 OK\r\n\r\n");
	peer_close(fd);
}

static void bytes_that_are_not_http_are_held_too(void)
{
	struct flow flow = connecting(ON("connect", ""), "HOW=refused", "FAILING=2");
	flow.program = "connect_later_and_write_bytes";
	flow.peer = read_hello;
	for (int i = 0; i < WAYS; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, "up\n" ANSWERED "6 descriptors\n");
		runner_expect_long("bytes received", 13, (long)flow.seen.received);
	}
	flow_end(&flow);
}

PROGRAM(connect_later_and_close)
{
	int fd = open_later();
	struct sockaddr_in addr = address();
	connect(fd, (struct sockaddr *)&addr, sizeof(addr));
	say("%s", error_name(errno));
	close(fd);
	close(epoll_set);
	say("%d descriptors", descriptors());
}

static void program_that_closes_meanwhile_leaks_nothing(void)
{
	struct flow flow = connecting("retry = { on = [\"connect\"]; total_timeout_ms = 60000;\n"
				      "  backoff = { base_ms = 30000; max_ms = 30000; }; };",
				      "HOW=refused", "FAILING=9");
	flow.program = "connect_later_and_close";
	in_all_ways(&flow, "EINPROGRESS\n4 descriptors\n");
	expect_logged(&flow, 0, "result=recovered", NULL);
	flow_end(&flow);
}

/* The connection stands before anything is written: what is written then is nobody's to repeat. */
PROGRAM(connect_later_and_write_later_yet)
{
	int fd = open_later();
	if (connect_later(fd)) {
		poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 300);
		send_request(fd);
	}
	close(fd);
}

static void post_on_a_connect_that_was_tried_again_is_sent_once(void)
{
	static const char *const programs[] = {"connect_later",
					       "connect_later_and_write_later_yet"};
	struct flow flow = connecting("retry = { on = [\"stale\", \"connect\", \"reset\", "
				      "\"eof\", \"first-use\"]; " QUICKLY " };",
				      "HOW=refused", "FAILING=1");
	flow.way = WAY_POLL;
	for (int i = 0; i < 4; i++) {
		flow.program = programs[i / 2];
		flow.faults[0] = i % 2 ? "close@1+" : "reset@1+";
		flow_redial(&flow);
		expect_seen(&flow, 1, "method=POST", NULL);
		expect_logged(&flow, 1, "event=attempt", "cause=connect");
		expect_logged(&flow, 0, "event=attempt", "method=POST cause=reset");
	}
	flow_end(&flow);
}

const struct runner_test connect_later_tests[] = {
    T(refused_connect_is_tried_again),
    T(program_that_connects_twice_or_writes_at_once_is_served_too),
    T(program_that_minds_error_events_is_not_shown_any),
    T(connect_that_goes_on_being_refused_is_told_in_the_end),
    T(connect_that_fails_at_once_is_tried_again),
    T(policy_without_connect_leaves_it_alone),
    T(connect_that_takes_too_long_is_tried_again),
    T(connect_that_goes_on_taking_too_long_times_out),
    T(nothing_is_said_of_a_watched_connect_that_works),
    T(watched_connect_that_is_refused_fails_as_bare),
    T(bytes_that_are_not_http_are_held_too),
    T(program_that_closes_meanwhile_leaks_nothing),
    T(post_on_a_connect_that_was_tried_again_is_sent_once),
    T_END,
};
