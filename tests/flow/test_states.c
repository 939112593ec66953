/* SPDX-License-Identifier: MIT */
/*
 * Each state that a connection can be in meets each call that a program may make there: the program
 * goes on, and what it reads is an answer of its server's, or an end. tests/coverage counts the
 * pairs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"
#include "states.h"

static void heard(int number)
{
	(void)number;
}

/* A call that blocks, until a signal comes. */
static void read_until_signal(int fd)
{
	const struct sigaction action = {.sa_handler = heard};
	const struct itimerval soon = {.it_value.tv_usec = SOON_MS * 1000L};
	char byte;
	sigaction(SIGALRM, &action, NULL);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	setitimer(ITIMER_REAL, &soon, NULL);
	recv(fd, &byte, 1, MSG_PEEK);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void wait_in_every_way(int fd)
{
	struct pollfd what = {fd, POLLIN | POLLOUT, 0};
	struct timeval now = {0, 0};
	fd_set set;
	FD_ZERO(&set);
	FD_SET(fd, &set);
	poll(&what, 1, 0);
	select(fd + 1, &set, NULL, NULL, &now);
}

static void watch(int fd)
{
	struct epoll_event event = {.events = EPOLLIN};
	int set = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(set, &event, 1, 0);
	epoll_ctl(set, EPOLL_CTL_DEL, fd, &event);
	close(set);
}

static void ask_option(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);
	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_STREAM)
		say("it is no socket");
}

static void set_option(int fd)
{
	int on = 1;
	if (setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)))
		say("it takes no option");
}

static void run_child(int fd)
{
	pid_t child = fork();
	if (child == 0) {
		close(fd);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void replace(int fd)
{
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	dup2(file, fd);
	close(file);
}

static void read_one(int fd)
{
	char byte;
	if (recv(fd, &byte, 1, MSG_DONTWAIT) == 1 && byte == 'X')
		say("a byte of nobody's");
}

static void write_another(int fd)
{
	static const char more[] = "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";
	send(fd, more, sizeof(more) - 1, MSG_NOSIGNAL);
}

static void become_another(int fd)
{
	(void)fd;
	execl("/bin/echo", "echo", "another program", NULL);
}

static void shut_down(int fd)
{
	shutdown(fd, SHUT_WR);
}

static void copy(int fd)
{
	close(dup(fd));
}

static void hang_up_now(int fd)
{
	close(fd);
}

static const struct {
	const char *name;
	void (*meet)(int fd);
	const char *told; /* if it is not read any further */
} calls[] = {
    {"write", write_another, NULL},	 {"read", read_one, NULL},
    {"wait", wait_in_every_way, NULL},	 {"watch", watch, NULL},
    {"ask", ask_option, NULL},		 {"set", set_option, NULL},
    {"shutdown", shut_down, NULL},	 {"close", hang_up_now, "closed"},
    {"replace", replace, "replaced"},	 {"dup", copy, NULL},
    {"fork", run_child, NULL},		 {"exec", become_another, "another program"},
    {"signal", read_until_signal, NULL},
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

/* arg: the number of the state, and of the call that it meets. */
PROGRAM(meet_a_call)
{
	char bytes[4096];
	char *rest;
	long state = strtol(program.arg, &rest, 10), call = strtol(rest, NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	bool comes = states[state].peer || states[state].fault;
	int fd = states[state].reach();
	calls[call].meet(fd);
	if (calls[call].told) {
		say("%s", calls[call].told);
		return;
	}
	/* All that comes of it, and that there is an end of waiting. */
	for (int i = 0; i < 20; i++) {
		struct pollfd what = {fd, POLLIN, 0};
		if (poll(&what, 1, comes ? 2 * LATE_MS : SOON_MS) != 1)
			break;
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
		if (got == 0 || (got < 0 && errno != EAGAIN))
			break;
	}
	close(fd);
	say("over");
}

/* A program of which the connection is there from the first byte on: GET /2 may be sent again. */
static void meets(size_t state, size_t call)
{
	char arg[32];
	struct flow flow = {.program = "meet_a_call",
			    .arg = arg,
			    .way = WAY_POLL,
			    .peer = states[state].peer,
			    .policy = states[state].policy,
			    .faults = {states[state].fault, states[state].other_fault}};
	snprintf(arg, sizeof(arg), "%zu %zu", state, call);
	flow_redial(&flow);
	const char *told = calls[call].told ? calls[call].told : "over";
	size_t len = strlen(flow.result.out), end = strlen(told) + 1;
	bool ends = len >= end && !strncmp(flow.result.out + len - end, told, end - 1);
	bool strange = strstr(flow.result.out, "it ") || strstr(flow.result.out, "nobody") ||
		       strstr(flow.result.out, "no ") || strstr(flow.result.out, "early");
	if (!ends || strange)
		printf("\n    %s meets %s: %s", states[state].name, calls[call].name,
		       flow.result.out);
	CU_ASSERT(ends && !strange);
	if (!flow.peer)
		CU_ASSERT(faultd_count(&flow.server, "path=/3 ", NULL, NULL) <= 1);
	flow_end(&flow);
}

static void each_state_meets_each_call(void)
{
	for (size_t state = 0; states[state].name; state++) {
		for (size_t call = 0; call < CALLS; call++)
			meets(state, call);
	}
}

/* arg: the number of the failure. */
PROGRAM(hear_of_a_failure)
{
	char bytes[512];
	int fd = failures[atoi(program.arg)].reach();
	ssize_t got = get(fd, bytes, sizeof(bytes));
	say("%s", got > 0 ? "data" : error_name(got ? errno : 0));
}

/* There is no answer to be had, and the program has what began it. */
static void attempt_that_fails_ends_as_it_began(void)
{
	for (int i = 0; failures[i].name; i++) {
		char arg[16];
		struct flow flow = {.program = "hear_of_a_failure",
				    .arg = arg,
				    .way = WAY_POLL,
				    .peer = failures[i].peer,
				    .policy = failures[i].policy};
		snprintf(arg, sizeof(arg), "%d", i);
		flow_redial(&flow);
		expect_logged(&flow, 1, "result=exhausted", NULL);
		size_t len = strlen(flow.result.out);
		CU_ASSERT(len > 11 && !strcmp(flow.result.out + len - 11, "ECONNRESET\n"));
		flow_end(&flow);
	}
}

const struct runner_test states_tests[] = {T(each_state_meets_each_call),
					   T(attempt_that_fails_ends_as_it_began), T_END};
