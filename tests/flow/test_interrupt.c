/* SPDX-License-Identifier: MIT */
/* Signals and timeouts of the program's own in the middle of a rescue that has to wait. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "flow.h"

/* The first redial is shed, the second comes after MS. */
#define PAUSE(ms)                                                                                  \
	"retry = { backoff = { base_ms = " #ms "; max_ms = " #ms "; jitter = \"none\"; }; };"

static void on_alarm(int signal)
{
	(void)signal;
}

static void alarm_in_ms(int ms, int flags)
{
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = flags};
	struct itimerval timer = {.it_value.tv_usec = ms * 1000};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* arg: "restart" for a handler with SA_RESTART. */
PROGRAM(get_with_alarm)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	alarm_in_ms(125, strcmp(program.arg, "restart") ? 0 : SA_RESTART);
	if (!answer(fd))
		answer(fd);
}

static void signal_interrupts_a_rescue_which_the_next_read_continues(void)
{
	struct flow flow = {
	    .program = "get_with_alarm", .faults = {"shed=1@1.2"}, .policy = PAUSE(400)};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nEINTR\n200 /2\n");
	expect_seen(&flow, 2, "path=/2 ", NULL);
	expect_logged(&flow, 1, "result=recovered attempts=3", NULL);
	flow_end(&flow);
}

static void signal_whose_handler_restarts_calls_does_not_interrupt_a_rescue(void)
{
	struct flow flow = {.program = "get_with_alarm",
			    .arg = "restart",
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE(400)};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	flow_end(&flow);
}

/* The kernel does not restart a recv with SO_RCVTIMEO, whatever SA_RESTART says (signal(7)). */
PROGRAM(get_with_alarm_and_timeout)
{
	struct timeval limit = {.tv_sec = 5};
	int fd = dial();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	alarm_in_ms(125, SA_RESTART);
	if (!answer(fd))
		answer(fd);
}

static void read_with_a_timeout_is_interrupted_whatever_the_handler_says(void)
{
	struct flow flow = {.program = "get_with_alarm_and_timeout", .faults = {"delay=300@1.2"}};
	flow_bare(&flow);
	expect_printed(&flow, "200 /1\nEINTR\n200 /2\n");
	flow = (struct flow){.program = "get_with_alarm_and_timeout",
			     .faults = {"shed=1@1.2"},
			     .policy = PAUSE(400),
			     .result = flow.result,
			     .server = flow.server};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nEINTR\n200 /2\n");
	flow_end(&flow);
}

PROGRAM(get_with_receive_timeout)
{
	struct timeval limit = {.tv_usec = 100000};
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	ask(fd, "GET", "/2", NULL);
	long start = now_ms();
	ssize_t got = recv(fd, &byte, 1, MSG_PEEK);
	long took = now_ms() - start;
	say("%s %s", got < 0 ? error_name(errno) : "data",
	    took >= 90 && took < 450 ? "in time" : "too soon or too late");
	limit = (struct timeval){.tv_sec = 5};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	answer(fd);
}

static void receive_timeout_shorter_than_a_rescue_ends_the_read_but_not_the_rescue(void)
{
	struct flow flow = {
	    .program = "get_with_receive_timeout", .faults = {"shed=1@1.2"}, .policy = PAUSE(500)};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nEAGAIN in time\n200 /2\n");
	expect_seen(&flow, 2, "path=/2 ", NULL);
	flow_end(&flow);
}

PROGRAM(get_without_waiting)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	await(fd);
	say("%s", recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1 ? "data" : error_name(errno));
	answer(fd);
}

/* PHP takes EAGAIN after a poll that said "readable" for a failure. */
static void dontwait_read_on_a_blocking_socket_gets_the_answer_after_poll(void)
{
	struct flow flow = {.program = "get_without_waiting", .faults = {"reset@1.2"}};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\ndata\n200 /2\n");
	flow.faults[0] = "shed=1@1.2";
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\ndata\n200 /2\n");
	flow_end(&flow);
}

static void *read_answers(void *arg)
{
	int fd = *(int *)arg;
	answer(fd);
	answer(fd);
	return NULL;
}

/* The reader is inside recv before either request is written. */
PROGRAM(reader_thread)
{
	pthread_t reader;
	int fd = dial();
	pthread_create(&reader, NULL, read_answers, &fd);
	ask(fd, "GET", "/1", NULL);
	struct timespec moment = {.tv_nsec = 20000000}; /* for the reader to be in recv again */
	nanosleep(&moment, NULL);
	ask(fd, "GET", "/2", NULL);
	pthread_join(reader, NULL);
}

static void request_of_a_program_that_reads_in_another_thread_is_healed(void)
{
	static const char *const faults[] = {"reset@1.2", "close@1.2", "shed=1@1.2"};
	struct flow flow = {.program = "reader_thread"};
	for (int i = 0; i < 3; i++) {
		flow.faults[0] = faults[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

static void *write_posts(void *arg)
{
	int fd = *(int *)arg;
	for (int i = 0; i < 200; i++)
		ask(fd, "POST", "/p", "order");
	return NULL;
}

/* Answers are read while the next requests are being written: records must not get mixed up. */
PROGRAM(writer_and_reader)
{
	pthread_t writer;
	int answers = 0;
	int fd = dial();
	pthread_create(&writer, NULL, write_posts, &fd);
	char bytes[4096];
	while (answers < 200) {
		ssize_t got = get(fd, bytes, sizeof(bytes) - 1);
		if (got <= 0)
			break;
		bytes[got] = '\0';
		for (char *at = bytes; (at = strchr(at, '}')); at++)
			answers++;
	}
	pthread_join(writer, NULL);
	say("%d answers", answers);
}

static void posts_written_and_read_by_two_threads_are_each_sent_once(void)
{
	struct flow flow = {.program = "writer_and_reader"};
	flow_redial(&flow);
	expect_printed(&flow, "200 answers\n");
	expect_seen(&flow, 200, "method=POST", "body=5");
	flow_end(&flow);
}

const struct runner_test interrupt_tests[] = {
    T(signal_interrupts_a_rescue_which_the_next_read_continues),
    T(signal_whose_handler_restarts_calls_does_not_interrupt_a_rescue),
    T(read_with_a_timeout_is_interrupted_whatever_the_handler_says),
    T(receive_timeout_shorter_than_a_rescue_ends_the_read_but_not_the_rescue),
    T(dontwait_read_on_a_blocking_socket_gets_the_answer_after_poll),
    T(request_of_a_program_that_reads_in_another_thread_is_healed),
    T(posts_written_and_read_by_two_threads_are_each_sent_once),
    T_END,
};
