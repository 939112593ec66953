/* SPDX-License-Identifier: MIT */
/*
 * A response that was held back and is given in pieces, while there is no descriptor to lay a
 * watcher at the program's number with: however it waits for the rest, it hears of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <unistd.h>

#include "flow.h"

#define LISTED "retry = { statuses = [503]; max_attempts = 2; };"

enum { NUMBERS = 48, PATIENCE_S = 10, ANSWER_LEN = 196 };

/* Takes up every number. */
static void use_up_descriptors(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = NUMBERS;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
}

static bool wait_by_select(int fd)
{
	struct timeval limit = {PATIENCE_S, 0};
	fd_set readable;
	FD_ZERO(&readable);
	FD_SET(fd, &readable);
	return select(fd + 1, &readable, NULL, NULL, &limit) == 1 && FD_ISSET(fd, &readable);
}

/* The other one is told of each time. */
static bool wait_beside_another(int set, int fd)
{
	struct epoll_event events[2];
	for (long end = now_ms() + PATIENCE_S * 1000; now_ms() < end;) {
		int count = epoll_wait(set, events, 2, PATIENCE_S * 1000);
		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == fd)
				return events[i].events == EPOLLIN;
		}
	}
	return false;
}

/* A set with another descriptor in it, which always has something to read. */
static int busy_set(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int ends[2], set = epoll_create1(EPOLL_CLOEXEC);
	if (pipe(ends) || write(ends[1], "x", 1) != 1)
		say("no pipe");
	event.data.fd = ends[0];
	epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event);
	event.data.fd = fd;
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	return set;
}

/* arg: "select", "beside", or "" for what program.way says. */
static bool wait_for_more(int fd, int set)
{
	return set >= 0	      ? wait_beside_another(set, fd)
	       : *program.arg ? wait_by_select(fd)
			      : await(fd);
}

/* Waits before each byte; then it asks for one more response. */
PROGRAM(nibble_without_descriptors)
{
	char text[2048] = "";
	const char *body = NULL;
	size_t len = 0, body_len = 0;
	int fd = dial();
	int set = !strcmp(program.arg, "beside") ? busy_set(fd) : -1;
	exchange(fd, "GET", "/1", NULL);
	use_up_descriptors();
	ask(fd, "GET", "/2", NULL);
	while (!body || len < (size_t)(body - text) + body_len) {
		if (!wait_for_more(fd, set)) {
			say("%zu bytes, and then it hears of nothing", len);
			return;
		}
		if (len == sizeof(text) - 1 || get(fd, text + len, 1) != 1)
			break;
		text[++len] = '\0';
		if (body || !(body = strstr(text, "\r\n\r\n")))
			continue;
		body += 4;
		const char *header = strstr(text, "Content-Length: ");
		body_len = header ? strtoul(header + 16, NULL, 10) : 0;
	}
	say("%.12s, %zu bytes", text, len);
	exchange(fd, "GET", "/3", NULL);
}

static void all_is_read(const char *arg, enum way way)
{
	struct flow flow = {.program = "nibble_without_descriptors",
			    .arg = arg,
			    .way = way,
			    .faults = {"busy=0@1.2"},
			    .policy = LISTED};
	flow_both_alike(&flow);
	expect_printed(&flow, "200 /1\nHTTP/1.1 503, 196 bytes\n200 /3\n");
	flow_end(&flow);
}

static void without_a_free_descriptor_a_poll_tells_of_what_is_still_held_back(void)
{
	all_is_read("", WAY_BLOCK);
	all_is_read("", WAY_POLL);
}

static void without_a_free_descriptor_select_tells_of_what_is_still_held_back(void)
{
	all_is_read("select", WAY_BLOCK);
	all_is_read("select", WAY_POLL);
}

static void without_a_free_descriptor_epoll_tells_of_what_is_still_held_back(void)
{
	all_is_read("", WAY_LEVEL);
	all_is_read("", WAY_ONESHOT);
	all_is_read("beside", WAY_BLOCK);
	all_is_read("beside", WAY_POLL);
}

/* arg: "edge" or "oneshot". Registers when there is something left, which it reads with no wait. */
PROGRAM(registers_amid_what_is_held_back)
{
	struct epoll_event event = {.events = EPOLLIN};
	char text[2048];
	int fd = dial(), set = epoll_create1(EPOLL_CLOEXEC);
	event.events |= !strcmp(program.arg, "edge") ? (uint32_t)EPOLLET : (uint32_t)EPOLLONESHOT;
	exchange(fd, "GET", "/1", NULL);
	use_up_descriptors();
	ask(fd, "GET", "/2", NULL);
	ssize_t len = get(fd, text, 1);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	for (size_t left = ANSWER_LEN - 1; len > 0 && left; left -= (size_t)len)
		len = get(fd, text, left);
	ask(fd, "GET", "/3", NULL);
	int count = epoll_wait(set, &event, 1, PATIENCE_S * 1000);
	say("%d: %s", count, event.events == EPOLLIN ? "readable" : "something else");
}

static void what_is_registered_amid_it_waits_for_nothing_else_later(void)
{
	struct flow flow = {.program = "registers_amid_what_is_held_back",
			    .faults = {"busy=0@1.2"},
			    .policy = LISTED};
	static const char *const ways[] = {"edge", "oneshot"};
	for (int i = 0; i < 2; i++) {
		flow.arg = ways[i];
		flow_both_alike(&flow);
		expect_printed(&flow, "200 /1\n1: readable\n");
	}
	flow_end(&flow);
}

const struct runner_test owed_tests[] = {
    T(without_a_free_descriptor_a_poll_tells_of_what_is_still_held_back),
    T(without_a_free_descriptor_select_tells_of_what_is_still_held_back),
    T(without_a_free_descriptor_epoll_tells_of_what_is_still_held_back),
    T(what_is_registered_amid_it_waits_for_nothing_else_later),
    T_END,
};
