/* SPDX-License-Identifier: MIT */
/*
 * A thread that is cancelled inside a rescue unwinds its stack through the library: what waits
 * further up is run only if there are tables of how. Built with -fexceptions, with which that is
 * what cleanup means, as it is of every destructor in C++.
 */
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE(ms)                                                                                  \
	"retry = { backoff = { base_ms = " #ms "; max_ms = " #ms "; jitter = \"none\"; }; };"

static void tell_end(const char **what)
{
	say("end of %s", *what);
}

static void tell_cleanup(void *what)
{
	say("cleanup of %s", (const char *)what);
}

static void read_one_byte(int fd)
{
	__attribute__((cleanup(tell_end), unused)) const char *inner = "the reader";
	char byte;
	recv(fd, &byte, 1, MSG_PEEK);
}

static void *reader(void *fd)
{
	__attribute__((cleanup(tell_end), unused)) const char *outer = "the thread";
	pthread_cleanup_push(tell_cleanup, (void *)"the thread");
	read_one_byte(*(int *)fd);
	pthread_cleanup_pop(0);
	return NULL;
}

/* arg: "rescue" to cancel it in the middle of one. */
PROGRAM(cancelled_reader)
{
	pthread_t thread;
	void *end;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int before = descriptors();
	ask(fd, "GET", "/2", NULL);
	pthread_create(&thread, NULL, reader, &fd);
	for (int i = 0; i < 100 && *program.arg && descriptors() == before; i++)
		poll(&(struct pollfd){.fd = -1}, 1, 5);
	pthread_cancel(thread);
	pthread_join(thread, &end);
	say(end == PTHREAD_CANCELED ? "cancelled" : "not cancelled");
	answer(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void thread_that_is_cancelled_inside_a_rescue_cleans_up(void)
{
	static const char printed[] = "200 /1\nend of the reader\ncleanup of the thread\n"
				      "end of the thread\ncancelled\n200 /2\n200 /3\n";
	struct flow flow = {.program = "cancelled_reader", .faults = {"delay=300@1.2"}};
	flow_bare(&flow);
	expect_printed(&flow, printed);
	flow.arg = "rescue";
	flow.faults[0] = "shed=1@1.2";
	flow.policy = PAUSE(200);
	flow_redial(&flow);
	expect_printed(&flow, printed);
	expect_seen(&flow, 2, "path=/2 ", NULL);
	flow_end(&flow);
}

const struct runner_test unwinding_tests[] = {
    T(thread_that_is_cancelled_inside_a_rescue_cleans_up),
    T_END,
};
