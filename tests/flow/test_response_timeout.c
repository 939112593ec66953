/* SPDX-License-Identifier: MIT */
/* response_timeout_ms: a request that is answered late, or never, is repeated elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"

#define ON     "on = [\"stale\", \"reset\", \"eof\", \"response-timeout\"]; "
#define QUICK  "backoff = { base_ms = 10; max_ms = 10; }; "
#define IN(ms) "retry = { " ON "response_timeout_ms = " #ms "; " QUICK "};"

enum { SOON_MS = 2000 };

static void some_ways(struct flow *flow, const char *printed, int seen, const char *logged)
{
	static const enum way ways[] = {WAY_BLOCK, WAY_LEVEL, WAY_EDGE};
	for (int i = 0; i < 3; i++) {
		flow->way = ways[i];
		flow_redial(flow);
		expect_printed(flow, printed);
		expect_seen(flow, seen, "path=/2", NULL);
		expect_logged(flow, logged ? 1 : 0, logged, NULL);
	}
}

static void late_get_is_repeated_and_answered_fast(void)
{
	static const char *const faults[] = {"delay=2500@once:path:/2", "drop@once:path:/2"};
	for (int i = 0; i < 2; i++) {
		struct flow flow = {
		    .program = "two_gets", .faults = {faults[i]}, .policy = IN(200)};
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, "200 /1\n200 /2\n");
			expect_seen(&flow, 2, "path=/2 ", NULL);
			expect_logged(&flow, 1,
				      "event=attempt attempt=2 max=3 cause=response-timeout",
				      "path=/2");
			expect_logged(&flow, 1, "result=recovered attempts=2", "status=200");
			expect_logged(&flow, 2, NULL, NULL);
			expect_within(&flow, SOON_MS);
		}
		flow_end(&flow);
	}
}

static void late_first_request_is_repeated_as_well(void)
{
	struct flow flow = {
	    .program = "one_get", .faults = {"drop@once:path:/2"}, .policy = IN(200)};
	some_ways(&flow, "200 /2\n", 2, "result=recovered");
	flow_end(&flow);
}

static void late_post_is_waited_for(void)
{
	struct flow flow = {
	    .program = "get_then_post", .faults = {"delay=250@once:path:/2"}, .policy = IN(60)};
	some_ways(&flow, "200 /1\n200 /2\n", 1, NULL);
	flow_end(&flow);
}

static void answers_in_time_leave_no_trace(void)
{
	struct flow flow = {
	    .program = "two_gets", .faults = {"delay=100@path:/2"}, .policy = IN(3000)};
	some_ways(&flow, "200 /1\n200 /2\n", 1, NULL);
	flow_end(&flow);
}

static void without_the_cause_or_the_time_nothing_is_repeated(void)
{
	static const char *const policies[] = {
	    "retry = { response_timeout_ms = 50; };",
	    "retry = { " ON "};",
	    "retry = { " ON "response_timeout_ms = 50; max_attempts = 1; };",
	    IN(50) "rules = ( { path = \"/2\"; response_timeout_ms = 0; } );",
	    IN(50) "rules = ( { path = \"/2\"; on = [\"reset\"]; } );",
	};
	for (int i = 0; i < 5; i++) {
		struct flow flow = {
		    .program = "two_gets", .faults = {"delay=200@path:/2"}, .policy = policies[i]};
		some_ways(&flow, "200 /1\n200 /2\n", 1, NULL);
		flow_end(&flow);
	}
}

/* Each attempt is late: the last one's answer is the program's, whole. */
static void last_attempt_is_waited_for(void)
{
	struct flow flow = {
	    .program = "two_gets", .faults = {"delay=500@path:/2"}, .policy = IN(100)};
	some_ways(&flow, "200 /1\n200 /2\n", 3, "result=recovered attempts=3");
	flow.policy =
	    "retry = { " ON "response_timeout_ms = 100; total_timeout_ms = 100; " QUICK "};";
	some_ways(&flow, "200 /1\n200 /2\n", 2, "result=recovered attempts=2");
	flow_end(&flow);
}

/* No second connection is to be had: the first one's answer is taken after all. */
PROGRAM(two_gets_and_more)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int before = descriptors();
	exchange(fd, "GET", "/2", NULL);
	say("%d more", descriptors() - before);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void serve_one_connection(struct peer *peer)
{
	static const char *const paths[] = {"/1", "/2", "/3"};
	int fd = peer_accept(peer);
	shutdown(peer->listener, SHUT_RDWR); /* the next dial is refused */
	for (int i = 0; i < 3 && !peer_read_until(peer, fd, "\r\n\r\n"); i++) {
		char text[200];
		if (i == 1)
			usleep(500000);
		snprintf(text, sizeof(text),
			 "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"path\":\"%s\"}",
			 paths[i]);
		peer_say(fd, text);
	}
	peer_close(fd);
}

static void late_answer_is_taken_if_no_redial_succeeds(void)
{
	struct flow flow = {
	    .program = "two_gets_and_more", .peer = serve_one_connection, .policy = IN(100)};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n0 more\n200 /3\n");
		expect_logged(&flow, 1, "result=exhausted attempts=3 cause=connect", "path=/2");
		runner_expect_long("connections", 1, flow.seen.connections);
	}
	flow_end(&flow);
}

/* Blocking sockets, but poll or select, or a peek, before the read. arg: the call. */
PROGRAM(wait_before_reading)
{
	char bytes[4096] = "";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	fd_set set;
	FD_ZERO(&set);
	FD_SET(fd, &set);
	if (!strcmp(program.arg, "poll"))
		poll(&p, 1, 5000);
	else if (!strcmp(program.arg, "select"))
		select(fd + 1, &set, NULL, NULL, NULL);
	ssize_t got = recv(fd, bytes, sizeof(bytes) - 1,
			   !strcmp(program.arg, "poll") ? MSG_DONTWAIT : MSG_PEEK);
	say("%s", got > 0 ? "data" : error_name(got ? errno : 0));
	if (!strcmp(program.arg, "poll"))
		say("%s", strstr(bytes, "\"/2\"") ? "/2" : bytes);
	else
		answer(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void program_that_waits_before_it_reads_is_woken(void)
{
	static const char *const calls[] = {"poll", "select", "peek"};
	for (int i = 0; i < 3; i++) {
		struct flow flow = {.program = "wait_before_reading",
				    .arg = calls[i],
				    .faults = {"drop@once:path:/2"},
				    .policy = IN(200)};
		flow_redial(&flow);
		expect_printed(&flow,
			       i ? "200 /1\ndata\n200 /2\n200 /3\n" : "200 /1\ndata\n/2\n200 /3\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_within(&flow, SOON_MS);
		flow_end(&flow);
	}
}

/* The program's own patience is shorter. */
PROGRAM(own_timeout)
{
	const struct timeval limit = {.tv_usec = 150000};
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ask(fd, "GET", "/2", NULL);
	ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
	say("%s", got < 0 ? error_name(errno) : "data");
	got = recv(fd, &byte, 1, 0);
	say("%s", got < 0 ? error_name(errno) : "data");
	poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 5000);
	answer(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void shorter_timeout_of_the_program_wins(void)
{
	struct flow flow = {
	    .program = "own_timeout", .faults = {"delay=600@path:/2"}, .policy = IN(3000)};
	flow_both_alike(&flow);
	expect_printed(&flow, "200 /1\nEAGAIN\nEAGAIN\n200 /2\n200 /3\n");
	expect_seen(&flow, 1, "path=/2 ", NULL);
	flow_end(&flow);
}

static void note_signal(int signal)
{
	(void)signal;
}

PROGRAM(interrupted_read)
{
	struct sigaction action = {.sa_handler = note_signal};
	struct itimerval timer = {.it_value.tv_usec = 100000};
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	ssize_t got = recv(fd, &byte, 1, 0);
	say("%s", got < 0 ? error_name(errno) : "data");
	answer(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void signal_interrupts_a_watched_read(void)
{
	struct flow flow = {
	    .program = "interrupted_read", .faults = {"delay=500@path:/2"}, .policy = IN(3000)};
	flow_both_alike(&flow);
	expect_printed(&flow, "200 /1\nEINTR\n200 /2\n200 /3\n");
	flow_end(&flow);
}

const struct runner_test response_timeout_tests[] = {
    T(late_get_is_repeated_and_answered_fast),
    T(late_first_request_is_repeated_as_well),
    T(late_post_is_waited_for),
    T(answers_in_time_leave_no_trace),
    T(without_the_cause_or_the_time_nothing_is_repeated),
    T(last_attempt_is_waited_for),
    T(late_answer_is_taken_if_no_redial_succeeds),
    T(program_that_waits_before_it_reads_is_woken),
    T(shorter_timeout_of_the_program_wins),
    T(signal_interrupts_a_watched_read),
    T_END,
};
