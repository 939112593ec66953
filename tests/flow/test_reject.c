/* SPDX-License-Identifier: MIT */
/* breaker.reject, and what the program's own connects say of their peers. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

/* A server inside the program: while it does not listen, connects to it are refused. */
static struct sockaddr_in here;

static int server_socket(void)
{
	socklen_t len = sizeof(here);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	here = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	if (bind(fd, (struct sockaddr *)&here, len) ||
	    getsockname(fd, (struct sockaddr *)&here, &len))
		say("no server");
	return fd;
}

/* An errno, 0 if it stands; of one that does not block, what SO_ERROR says in the end. */
static int connect_to(int fd, const struct sockaddr_in *to)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	int error;
	socklen_t len = sizeof(error);
	if (program.way != WAY_BLOCK)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	poll(&p, 1, 5000);
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

/* Connects, and closes what failed. */
static int knock(int *error)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*error = connect_to(fd, &here);
	if (*error)
		close(fd);
	return *error ? -1 : fd;
}

static void knock_and_tell(void)
{
	int error, fd = knock(&error);
	say("%s", error ? error_name(error) : "connected");
	if (fd >= 0)
		close(fd);
}

/* Until the breaker lets one through. */
static int knock_until_open(void)
{
	int error, fd = -1;
	for (long end = now_ms() + 10000; fd < 0 && now_ms() < end; usleep(5000))
		fd = knock(&error);
	say(fd >= 0 ? "connected at last" : "never connected");
	return fd;
}

static void accept_and_say(int server, const char *text)
{
	char request[512];
	ssize_t got = 0;
	/* Others were closed without a word. */
	while (got <= 0) {
		int fd = accept(server, NULL, NULL);
		got = read(fd, request, sizeof(request));
		if (got > 0 && write(fd, text, strlen(text)) < 0)
			say("no answer");
		close(fd);
	}
}

/* arg: what is sent over the connection that is let through, "" for nothing, and its answer. */
PROGRAM(knocks_at_a_closed_door)
{
	int server = server_socket();
	char bytes[512];
	for (int i = 0; i < 4; i++)
		knock_and_tell();
	listen(server, 8);
	knock_and_tell();
	int fd = knock_until_open();
	knock_and_tell();
	if (*program.arg) {
		put(fd, program.arg, strlen(program.arg));
		accept_and_say(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
		while (get(fd, bytes, sizeof(bytes)) > 0)
			;
	}
	knock_and_tell();
	close(fd);
}

#define BREAKER(open_ms, reject)                                                                   \
	"breaker = { failure_ratio = 0.5; min_attempts = 4; window_ms = 60000; open_ms = " open_ms \
	"; reject = " reject "; };\n"

#define REQUEST	     "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
#define FOUR_REFUSED "ECONNREFUSED\nECONNREFUSED\nECONNREFUSED\nECONNREFUSED\n"

/* Both ways of connecting. */
static const enum way ways[] = {WAY_BLOCK, WAY_POLL};

static void refused_connects_open_it_and_one_that_is_answered_closes_it(void)
{
	struct flow flow = {
	    .program = "knocks_at_a_closed_door", .arg = REQUEST, .policy = BREAKER("300", "true")};
	for (int i = 0; i < 2; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, FOUR_REFUSED "ECONNREFUSED\nconnected at last\n"
						   "ECONNREFUSED\nconnected\n");
		expect_logged(&flow, 1, "event=breaker state=open", "peer=127.0.0.1:");
		expect_logged(&flow, 1, "event=breaker state=half-open", NULL);
		expect_logged(&flow, 1, "event=breaker state=closed", NULL);
		CU_ASSERT(logged(&flow, "event=refused reason=breaker cause=connect", "peer=127") >=
			  2);
	}
	flow_end(&flow);
}

/* Of a connection that carries something else no response is seen: that it stands has to do. */
static void connection_without_http_closes_it_too(void)
{
	struct flow flow = {.program = "knocks_at_a_closed_door",
			    .arg = "\x16\x03\x01 whatever",
			    .policy = BREAKER("300", "true")};
	for (int i = 0; i < 2; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, FOUR_REFUSED "ECONNREFUSED\nconnected at last\n"
						   "ECONNREFUSED\nconnected\n");
		expect_logged(&flow, 1, "event=breaker state=closed", NULL);
	}
	flow_end(&flow);
}

/* The one that was let through says nothing: after open_ms another may try, not before. */
static void half_open_breaker_lets_one_connect_through(void)
{
	struct flow flow = {
	    .program = "knocks_at_a_closed_door", .arg = "", .policy = BREAKER("600", "true")};
	flow_redial(&flow);
	expect_printed(&flow, FOUR_REFUSED
		       "ECONNREFUSED\nconnected at last\nECONNREFUSED\nECONNREFUSED\n");
	flow_end(&flow);
}

static void without_reject_connects_are_made(void)
{
	struct flow flow = {.program = "knocks_at_a_closed_door",
			    .arg = REQUEST,
			    .policy = BREAKER("600000", "false")};
	for (int i = 0; i < 2; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow,
			       FOUR_REFUSED "connected\nconnected at last\nconnected\nconnected\n");
		expect_logged(&flow, 1, "event=breaker state=open", NULL);
		expect_logged(&flow, 0, "reason=breaker", NULL);
	}
	flow_end(&flow);
}

static void breaker_that_is_not_enabled_rejects_nothing(void)
{
	struct flow flow = {.program = "knocks_at_a_closed_door",
			    .arg = REQUEST,
			    .policy =
				"breaker = { enabled = false; min_attempts = 1; reject = true; };"};
	flow_redial(&flow);
	expect_printed(&flow, FOUR_REFUSED "connected\nconnected at last\nconnected\nconnected\n");
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

/* The fifth failure opens it: that is the second one of the second knock, which may have three. */
static void retried_connects_count_once_each(void)
{
	struct flow flow = {
	    .program = "knocks_at_a_closed_door",
	    .arg = REQUEST,
	    .policy = "retry = { on = [\"connect\"]; max_attempts = 3;"
		      " backoff = { base_ms = 0; }; };\n"
		      "breaker = { min_attempts = 5; window_ms = 60000; open_ms = 600000; };"};
	flow_redial(&flow);
	expect_printed(&flow, FOUR_REFUSED "connected\nconnected at last\nconnected\nconnected\n");
	expect_logged(&flow, 3, "event=attempt", NULL);
	expect_logged(&flow, 1, "result=exhausted attempts=3", "reason=attempts");
	expect_logged(&flow, 1, "event=breaker state=open", NULL);
	expect_logged(&flow, 1, "result=exhausted attempts=2", "reason=breaker");
	expect_logged(&flow, 2, "event=refused reason=breaker", "cause=connect");
	flow_end(&flow);
}

/* Statuses open it as well, and connections that stand are none of its business. */
PROGRAM(gets_then_connects)
{
	int fd = dial();
	for (int i = 0; i < 4; i++)
		exchange(fd, "GET", "/1", NULL);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)program.port)};
	inet_pton(AF_INET, program.address, &to.sin_addr);
	int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	say("%s", error_name(connect_to(other, &to)));
	close(other);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void statuses_keep_new_connections_away(void)
{
	struct flow flow = {
	    .program = "gets_then_connects",
	    .faults = {"status=503@path:/1"},
	    .policy =
		"retry = { statuses = [503]; methods = [\"HEAD\"]; };\n" BREAKER("600000", "true")};
	for (int i = 0; i < 2; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, "503 /1\n503 /1\n503 /1\n503 /1\nECONNREFUSED\n200 /2\n");
		expect_logged(&flow, 1, "event=refused reason=breaker cause=connect", NULL);
		runner_expect_long("connections", 1,
				   faultd_count(&flow.server, "connect ", NULL, NULL));
	}
	flow_end(&flow);
}

const struct runner_test reject_tests[] = {
    T(refused_connects_open_it_and_one_that_is_answered_closes_it),
    T(connection_without_http_closes_it_too),
    T(half_open_breaker_lets_one_connect_through),
    T(without_reject_connects_are_made),
    T(breaker_that_is_not_enabled_rejects_nothing),
    T(retried_connects_count_once_each),
    T(statuses_keep_new_connections_away),
    T_END,
};
