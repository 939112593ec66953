/* SPDX-License-Identifier: MIT */
/* A thread that polls, and runs only once another one's call has begun a rescue. */
#include <dlfcn.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

static int fd;

static void *wait_and_read(void *arg)
{
	struct pollfd idle = {.fd = fd, .events = POLLIN};
	say(poll(&idle, 1, 2000) == 1 ? "woken" : "slept on");
	answer(fd);
	return arg;
}

static bool is_up(void)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	return syscall(SYS_getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
	       info.tcpi_state == TCP_ESTABLISHED;
}

PROGRAM(read_before_a_woken_reader_runs)
{
	typedef bool function(void);
	function *poll_is_inside = (function *)dlsym(RTLD_DEFAULT, "poll_is_inside");
	pthread_t thread;
	char byte;
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	pthread_create(&thread, NULL, wait_and_read, NULL);
	while (!poll_is_inside())
		usleep(1000);
	ask(fd, "GET", "/2", NULL);
	while (is_up())
		;
	recv(fd, &byte, 1, 0);
	pthread_join(thread, NULL);
	hang_up(fd);
}

/* The wait is not over before the handler is. */
static void ask_inside(int number)
{
	(void)number;
	exchange(fd, "GET", "/2", NULL);
}

PROGRAM(ask_in_a_handler_inside_of_a_poll)
{
	enum { SOON_MS = 50 };
	struct pollfd idle;
	fd = dial();
	exchange(fd, "GET", "/1", NULL);
	idle = (struct pollfd){.fd = fd, .events = POLLIN};
	signal(SIGALRM, ask_inside);
	ualarm(SOON_MS * 1000, 0);
	say(poll(&idle, 1, 2000) < 0 ? "interrupted" : "not interrupted");
	hang_up(fd);
}

/* It would wait in vain for the wait that it has interrupted. */
static void rescue_in_a_signal_handler_does_not_wait_for_its_own_thread(void)
{
	static const char *const faults[] = {"reset@1.2", "close@1.2"};
	for (int i = 0; i < 2; i++) {
		struct flow flow = {.program = "ask_in_a_handler_inside_of_a_poll",
				    .faults = {faults[i]}};
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\ninterrupted\n");
		flow_end(&flow);
	}
}

/* Woken by what had the number, it looks at what has it by then. */
static void reader_that_is_woken_late_hears_of_what_took_the_number(void)
{
	struct flow flow = {
	    .program = "read_before_a_woken_reader_runs",
	    .way = WAY_POLL,
	    .faults = {"shed=1@1.2"},
	    .behind = "tests/behind/woken_late.so",
	    .policy = "retry = { on = [\"stale\", \"reset\", \"eof\", \"first-use\"]; "
		      "backoff = { base_ms = 150; max_ms = 150; jitter = \"none\"; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nwoken\n200 /2\n");
	flow_end(&flow);
}

const struct runner_test woken_late_tests[] = {
    T(reader_that_is_woken_late_hears_of_what_took_the_number),
    T(rescue_in_a_signal_handler_does_not_wait_for_its_own_thread),
    T_END,
};
