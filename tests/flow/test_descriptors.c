/* SPDX-License-Identifier: MIT */
/* Descriptors: none left for a rescue, none left behind by one, and numbers closed under it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

/* The first redial is shed, the second comes after MS: that is when the program acts. */
#define PAUSE(ms)                                                                                  \
	"retry = { backoff = { base_ms = " #ms "; max_ms = " #ms "; jitter = \"none\"; }; };"
#define SHORT PAUSE(150)
/* The same for a redial that nobody answers: each is made again. */
#define SHORT_AGAIN                                                                                \
	"retry = { on = [\"stale\", \"reset\", \"eof\", \"connect-timeout\"]; "                    \
	"backoff = { base_ms = 150; max_ms = 150; jitter = \"none\"; }; };"
#define LONG PAUSE(3000)

/* Takes up every number but `left`. */
static void use_up_descriptors(int left)
{
	struct rlimit limit;
	int taken[64], count = 0;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = 48;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (count < 64 && (taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		count++;
	while (left--)
		close(taken[--count]);
}

/* arg: how many descriptors are left. */
PROGRAM(get_with_few_descriptors)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	use_up_descriptors(atoi(program.arg));
	if (exchange(fd, "GET", "/2", NULL))
		return;
	close(fd);
	program.way = WAY_BLOCK; /* no descriptor for another epoll set either */
	fd = dial();
	exchange(fd, "GET", "/3", NULL);
	close(fd + 1);
	close(fd + 2);
	exchange(fd, "GET", "/4", NULL);
}

/* There is no descriptor for the log either: the next line tells of the two that got lost. */
static void without_a_free_descriptor_the_program_gets_its_error_and_goes_on(void)
{
	struct flow flow = {.program = "get_with_few_descriptors",
			    .arg = "0",
			    .faults = {"close@1.2", "close@2.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nEOF\n200 /3\n200 /4\n");
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 1, "event=attempt attempt=2 ", "path=/4");
		expect_logged(&flow, 1, "dropped=2", NULL);
	}
	flow_end(&flow);
}

static void without_a_free_descriptor_a_get_that_was_reset_is_healed(void)
{
	struct flow flow = {
	    .program = "get_with_few_descriptors", .arg = "0", .faults = {"reset@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

static void with_one_free_descriptor_a_get_is_healed(void)
{
	struct flow flow = {
	    .program = "get_with_few_descriptors", .arg = "1", .faults = {"close@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

/* A rescue that has to wait needs three: the watcher, its timer, the dead socket's new number. */
static void too_few_descriptors_to_wait_with_give_the_original_error(void)
{
	static const char *const left[] = {"1", "2"};
	struct flow flow = {
	    .program = "get_with_few_descriptors", .faults = {"shed=1@1.2"}, .policy = SHORT};
	for (int i = 0; i < 2; i++) {
		flow.arg = left[i];
		for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, "200 /1\nECONNRESET\n200 /3\n200 /4\n");
			expect_logged(&flow, 1, "result=exhausted", "reason=resources");
		}
	}
	flow_end(&flow);
}

static int begun(int *before)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	*before = descriptors();
	if (begin_rescue(fd))
		say("rescue under way");
	return fd;
}

static void more_than(int before)
{
	say("%d more", descriptors() - before);
}

PROGRAM(close_during_rescue)
{
	int before, fd = begun(&before);
	say("close: %d", close(fd));
	more_than(before);
	fd = dial();
	exchange(fd, "GET", "/3", NULL);
	more_than(before);
}

/* 0, 1 and 2 stay, and nothing else. */
PROGRAM(close_range_during_rescue)
{
	int before, fd = begun(&before);
	say("close_range: %d", close_range(3, ~0u, 0));
	say("%d left", descriptors());
	program.way = WAY_POLL; /* the epoll set is gone as well */
	fd = dial();
	exchange(fd, "GET", "/3", NULL);
	say("%d left", descriptors());
}

PROGRAM(raw_close_during_rescue)
{
	int before, fd = begun(&before);
	say("close: %ld", syscall(SYS_close, fd));
	fd = dial();
	exchange(fd, "GET", "/3", NULL);
	more_than(before);
}

PROGRAM(dup2_over_rescue)
{
	int before, fd = begun(&before);
	int file = open("/dev/null", O_RDWR | O_CLOEXEC);
	say("dup2: %d", dup2(file, fd) == fd);
	say("write: %zd", write(fd, "x", 1));
	close(file);
	more_than(before);
	close(fd);
	fd = dial();
	exchange(fd, "GET", "/3", NULL);
	more_than(before);
}

PROGRAM(close_before_the_answer)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	close(fd);
	int before = descriptors();
	fd = dial();
	exchange(fd, "GET", "/3", NULL);
	close(fd);
	more_than(before);
}

static void ends_with(const char *name, const char *printed)
{
	static const enum way ways[] = {WAY_POLL, WAY_LEVEL, WAY_EDGE, WAY_ONESHOT};
	struct flow flow = {.program = name, .faults = {"shed=1@1.2"}, .policy = LONG};
	for (int i = 0; i < 4; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, printed);
	}
	flow_end(&flow);
}

static void close_during_a_rescue_leaves_no_descriptor(void)
{
	ends_with("close_during_rescue",
		  "200 /1\nrescue under way\nclose: 0\n-1 more\n200 /3\n0 more\n");
}

static void close_range_during_a_rescue_leaves_no_descriptor(void)
{
	ends_with("close_range_during_rescue",
		  "200 /1\nrescue under way\nclose_range: 0\n3 left\n200 /3\n4 left\n");
}

static void raw_close_during_a_rescue_leaks_nothing_once_a_socket_is_made(void)
{
	ends_with("raw_close_during_rescue",
		  "200 /1\nrescue under way\nclose: 0\n200 /3\n0 more\n");
}

static void dup2_over_a_rescue_ends_it(void)
{
	ends_with("dup2_over_rescue",
		  "200 /1\nrescue under way\ndup2: 1\nwrite: 1\n0 more\n200 /3\n0 more\n");
}

static void close_before_the_answer_is_no_rescue(void)
{
	struct flow flow = {.program = "close_before_the_answer", .faults = {"delay=50@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /3\n0 more\n");
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 0, NULL, NULL);
	}
	flow_end(&flow);
}

/* The program must not be able to close, by number, what it never opened. */
PROGRAM(close_all_numbers_above)
{
	int before, fd = begun(&before);
	int closed = 0;
	for (int other = fd + 1; other < 64; other++)
		closed += close(other) == 0;
	say("%d closed", closed);
	answer(fd);
	more_than(before);
}

static void descriptors_of_a_rescue_cannot_be_closed_by_the_program(void)
{
	struct flow flow = {.program = "close_all_numbers_above",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = SHORT};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nrescue under way\n0 closed\n200 /2\n0 more\n");
	flow_end(&flow);
}

PROGRAM(fork_during_rescue)
{
	int before, fd = begun(&before), status;
	pid_t child = fork();
	if (child == 0) {
		char byte;
		recv(fd, &byte, 1, 0);
		close(fd);
		_exit(0);
	}
	waitpid(child, &status, 0);
	say("child: %d", status);
	answer(fd);
	more_than(before);
}

PROGRAM(exec_during_rescue)
{
	int before, fd = begun(&before), status;
	pid_t child = fork();
	if (child == 0) {
		execl("/bin/ls", "ls", "-1", "/proc/self/fd", (char *)NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	say("child: %d", status);
	answer(fd);
	more_than(before);
}

static void child_forked_during_a_rescue_does_not_disturb_it(void)
{
	struct flow flow = {.program = "fork_during_rescue",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = SHORT};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nrescue under way\nchild: 0\n200 /2\n0 more\n");
	expect_seen(&flow, 2, "path=/2 ", NULL);
	flow_end(&flow);
}

/* 0, 1, 2 and the folder that ls reads; its order is ls's own. */
static void program_started_during_a_rescue_inherits_nothing_of_it(void)
{
	struct flow flow = {.program = "exec_during_rescue",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = SHORT};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nrescue under way\n0\n1\n2\n3\nchild: 0\n200 /2\n0 more\n");
	flow_end(&flow);
}

static void tell_whether_open(int number)
{
	if (fcntl(number, F_GETFD) >= 0)
		say("%d is open", number);
}

PROGRAM(rescue_without_standard_descriptors)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	close(STDIN_FILENO);
	close(STDERR_FILENO);
	if (begin_rescue(fd))
		say("rescue under way");
	tell_whether_open(STDIN_FILENO);
	tell_whether_open(STDERR_FILENO);
	answer(fd);
}

/* What a program prints to a number that it has closed must not get into a connection. */
static void rescue_never_takes_the_numbers_of_standard_descriptors(void)
{
	static const char *const faults[] = {"shed=1@1.2", "hang-accept=1@1.2"};
	struct flow flow = {.program = "rescue_without_standard_descriptors",
			    .policy = SHORT_AGAIN};
	for (int i = 0; i < 4; i++) {
		flow.faults[0] = faults[i / 2];
		flow.way = i % 2 ? WAY_POLL : WAY_EDGE;
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nrescue under way\n200 /2\n");
	}
	flow_end(&flow);
}

/* The last number that the rescue needs is a standard one, until it ends and others are free. */
PROGRAM(answer_held_back_at_a_standard_number)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	use_up_descriptors(2);
	close(STDIN_FILENO);
	close(STDERR_FILENO);
	if (begin_rescue(fd))
		say("rescue under way");
	close_range(20, 30, 0);
	answer(fd);
	int file = open("/dev/null", O_RDONLY);
	say("%d: %s", file, error_name(close(file) ? errno : 0));
}

static void number_of_an_answer_that_was_held_back_is_the_programs_again(void)
{
	struct flow flow = {
	    .program = "answer_held_back_at_a_standard_number",
	    .way = WAY_POLL,
	    .faults = {"status=503@1.2"},
	    .policy = "retry = { statuses = [503]; backoff = { base_ms = 150; max_ms = 150; "
		      "jitter = \"none\"; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nrescue under way\n200 /2\n0: EOF\n");
	flow_end(&flow);
}

const struct runner_test descriptors_tests[] = {
    T(without_a_free_descriptor_the_program_gets_its_error_and_goes_on),
    T(without_a_free_descriptor_a_get_that_was_reset_is_healed),
    T(with_one_free_descriptor_a_get_is_healed),
    T(too_few_descriptors_to_wait_with_give_the_original_error),
    T(close_during_a_rescue_leaves_no_descriptor),
    T(close_range_during_a_rescue_leaves_no_descriptor),
    T(raw_close_during_a_rescue_leaks_nothing_once_a_socket_is_made),
    T(dup2_over_a_rescue_ends_it),
    T(close_before_the_answer_is_no_rescue),
    T(descriptors_of_a_rescue_cannot_be_closed_by_the_program),
    T(child_forked_during_a_rescue_does_not_disturb_it),
    T(program_started_during_a_rescue_inherits_nothing_of_it),
    T(rescue_never_takes_the_numbers_of_standard_descriptors),
    T(number_of_an_answer_that_was_held_back_is_the_programs_again),
    T_END,
};
