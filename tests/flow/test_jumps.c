/* SPDX-License-Identifier: MIT */
/* Ways out of the middle of a call: longjmp, cancellation, a handler that uses the same socket. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE_400 "retry = { backoff = { base_ms = 400; max_ms = 400; jitter = \"none\"; }; };"

static sigjmp_buf way_out;
static int written_to;

static void jump(int signal)
{
	(void)signal;
	siglongjmp(way_out, 1);
}

static void ask_once_more(int signal)
{
	static const char request[] = "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n";
	(void)signal;
	if (send(written_to, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0)
		say("handler could not write");
}

static void alarm_in_ms(int ms, void handler(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
	struct itimerval timer = {.it_value.tv_usec = ms * 1000};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

PROGRAM(get_with_a_jump)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	if (sigsetjmp(way_out, 1) == 0) {
		alarm_in_ms(125, jump, 0);
		answer(fd);
	} else {
		say("jumped");
	}
	answer(fd);
	exchange(fd, "GET", "/4", NULL);
	hang_up(fd);
}

static void read_that_a_handler_jumped_out_of_leaves_the_rescue_going(void)
{
	struct flow flow = {
	    .program = "get_with_a_jump", .faults = {"shed=1@1.2"}, .policy = PAUSE_400};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\njumped\n200 /2\n200 /4\n");
	expect_seen(&flow, 2, "path=/2 ", NULL);
	flow_end(&flow);
}

static void *read_one_byte(void *fd)
{
	char byte;
	recv(*(int *)fd, &byte, 1, MSG_PEEK);
	return NULL;
}

PROGRAM(get_with_a_cancelled_reader)
{
	pthread_t reader;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	pthread_create(&reader, NULL, read_one_byte, &fd);
	usleep(20000); /* most often it is inside by now; it need not be */
	pthread_cancel(reader);
	void *end;
	pthread_join(reader, &end);
	say(end == PTHREAD_CANCELED ? "cancelled" : "not cancelled");
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void connection_is_usable_after_a_reader_was_cancelled(void)
{
	struct flow flow = {.program = "get_with_a_cancelled_reader", .faults = {"reset@2"}};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\ncancelled\n200 /2\n");
	expect_seen(&flow, 2, "path=/2 ", NULL);
	flow_end(&flow);
}

PROGRAM(get_with_a_writing_handler)
{
	int fd = written_to = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	alarm_in_ms(100, ask_once_more, SA_RESTART);
	answer(fd);
	answer(fd);
	exchange(fd, "GET", "/4", NULL);
	hang_up(fd);
}

static void handler_may_write_to_the_socket_that_it_interrupted(void)
{
	struct flow flow = {.program = "get_with_a_writing_handler", .faults = {"delay=300@1.2"}};
	flow_both_alike(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n200 /3\n200 /4\n");
	flow_end(&flow);
}

static void handler_may_write_in_the_middle_of_a_rescue(void)
{
	struct flow flow = {
	    .program = "get_with_a_writing_handler", .faults = {"shed=1@1.2"}, .policy = PAUSE_400};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n200 /3\n200 /4\n");
	expect_seen(&flow, 1, "path=/3 ", NULL);
	flow_end(&flow);
}

const struct runner_test jumps_tests[] = {
    T(read_that_a_handler_jumped_out_of_leaves_the_rescue_going),
    T(connection_is_usable_after_a_reader_was_cancelled),
    T(handler_may_write_to_the_socket_that_it_interrupted),
    T(handler_may_write_in_the_middle_of_a_rescue), T_END};
