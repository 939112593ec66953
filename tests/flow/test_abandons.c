/* SPDX-License-Identifier: MIT */
/* Programs that do not wait for what a rescue brings. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

/* Waits past the C library, reads once, and takes whatever comes for the end. */
static void read_once(int fd)
{
	struct pollfd slot = {.fd = fd, .events = POLLIN};
	struct timespec limit = {10, 0};
	char text[4096];

	syscall(SYS_ppoll, &slot, 1, &limit, NULL, 0);
	ssize_t got = recv(fd, text, sizeof(text), MSG_DONTWAIT);
	say("%s", got > 0 ? "answered" : error_name(got ? errno : 0));
}

static void get_twice(void)
{
	int fd = dial();

	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	read_once(fd);
	hang_up(fd);
}

/* arg: how many connections fail so. */
PROGRAM(reads_once)
{
	program.way = WAY_POLL;
	for (int i = 0; i < atoi(program.arg); i++)
		get_twice();
}

#define GIVES_UP "200 /1\nEAGAIN\n"
#define IS_BARE	 "200 /1\nECONNRESET\n"

static void process_that_leaves_all_its_rescues_has_none_any_more(void)
{
	/* A third attempt that is made at once may have failed before the program turns away. */
	struct flow flow = {.program = "reads_once",
			    .arg = "8",
			    .faults = {"reset@path:/2"},
			    .policy = "retry = { backoff = { jitter = \"none\"; }; };"};

	flow_redial(&flow);
	expect_printed(&flow, GIVES_UP GIVES_UP GIVES_UP GIVES_UP GIVES_UP IS_BARE IS_BARE IS_BARE);
	expect_logged(&flow, 5, "result=abandoned", NULL);
	expect_logged(&flow, 1, "reason=abandons", "cause=reset");
	expect_logged(&flow, 1, "event=refused", NULL);
	flow_end(&flow);
}

PROGRAM(reads_once_now_and_then)
{
	program.way = WAY_POLL;
	for (int i = 0; i < 8; i++) {
		int fd = i == 3 ? dial() : -1;

		get_twice();
		if (fd < 0)
			continue;
		exchange(fd, "GET", "/1", NULL);
		exchange(fd, "GET", "/2", NULL);
		hang_up(fd);
	}
}

static void process_that_reads_an_answer_of_a_rescue_goes_on_having_them(void)
{
	struct flow flow = {.program = "reads_once_now_and_then", .faults = {"reset@2,path:/2"}};

	flow_redial(&flow);
	expect_printed(&flow, GIVES_UP GIVES_UP GIVES_UP GIVES_UP
		       "200 /1\n200 /2\n" GIVES_UP GIVES_UP GIVES_UP GIVES_UP);
	expect_logged(&flow, 8, "result=abandoned", NULL);
	expect_logged(&flow, 0, "event=refused", NULL);
	flow_end(&flow);
}

enum { NOTICED_MS = 400 };

/* Closed past the hooks, which redial notices when the next socket is made. */
PROGRAM(closes_past_the_hooks_and_waits)
{
	int fd = dial();

	exchange(fd, "GET", "/1", NULL);
	begin_rescue(fd);
	syscall(SYS_close, fd);
	for (long end = now_ms() + NOTICED_MS; now_ms() < end;)
		poll(NULL, 0, 5);
	close(socket(AF_INET, SOCK_STREAM, 0));
}

static void time_of_a_rescue_does_not_count_on_until_its_end_is_noticed(void)
{
	struct flow flow = {.program = "closes_past_the_hooks_and_waits",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = "retry = { backoff = { base_ms = 300; max_ms = 300; "
				      "jitter = \"none\"; }; };"};

	flow_redial(&flow);
	if (expect_logged(&flow, 1, "result=abandoned", "elapsed_ms=")) {
		long ms = atol(strstr(flow.log, "elapsed_ms=") + strlen("elapsed_ms="));
		runner_expect_long("it is less", 1, ms < NOTICED_MS);
	}
	flow_end(&flow);
}

const struct runner_test abandons_tests[] = {
    T(process_that_leaves_all_its_rescues_has_none_any_more),
    T(process_that_reads_an_answer_of_a_rescue_goes_on_having_them),
    T(time_of_a_rescue_does_not_count_on_until_its_end_is_noticed),
    T_END,
};
