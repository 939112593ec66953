/* SPDX-License-Identifier: MIT */
/*
 * A connection that a child has as well. What is dead may be replaced for the parent, which had it
 * first; what lives is not, under whichever policy: the child would find it shut down.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

#define RETRY(more)                                                                                \
	"retry = { on = [\"stale\", \"reset\", \"eof\", \"response-timeout\"]; " more "};"

extern char **environ;

static int turn[2]; /* what the child waits for */

static pid_t child_that_asks_later(int fd)
{
	char byte;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		close(turn[1]);
		if (read(turn[0], &byte, 1) == 0)
			exchange(fd, "GET", "/child", NULL);
		_exit(0);
	}
	return child;
}

/* arg: when the child is made: "idle", or "asked" while the answer is awaited. */
PROGRAM(ask_before_a_child_does)
{
	pid_t child = -1;
	int fd = dial();
	if (pipe2(turn, O_CLOEXEC))
		return;
	exchange(fd, "GET", "/1", NULL);
	if (!strcmp(program.arg, "idle"))
		child = child_that_asks_later(fd);
	usleep(150000);
	ask(fd, "GET", "/2", NULL);
	if (child < 0)
		child = child_that_asks_later(fd);
	answer(fd);
	close(turn[1]);
	waitpid(child, NULL, 0);
	exchange(fd, "GET", "/3", NULL);
}

static void living_connection_is_not_taken_from_a_child(void)
{
	static const char *const policies[] = {RETRY("response_timeout_ms = 200; "),
					       RETRY("max_idle_ms = 100; ")};
	static const char *const args[] = {"idle", "asked"};
	for (int i = 0; i < 4; i++) {
		struct flow flow = {.program = "ask_before_a_child_does",
				    .arg = args[i % 2],
				    .faults = {"delay=500@1.2"},
				    .policy = policies[i / 2]};
		if (i == 3) /* it was idle for too long before there was a child */
			continue;
		for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
			flow_both_alike(&flow);
			CU_ASSERT_STRING_EQUAL(flow.result.out,
					       "200 /1\n200 /2\n200 /child\n200 /3\n");
			expect_seen(&flow, 1, "path=/2 ", NULL);
			expect_seen(&flow, 1, "path=/child ", "conn=1 ");
		}
		flow_end(&flow);
	}
}

/* arg: "vfork" for a child that has it from vfork, as the standard input of what it starts. */
PROGRAM(ask_while_a_child_has_it)
{
	char byte;
	int fd = dial();
	if (pipe(turn))
		return;
	exchange(fd, "GET", "/1", NULL);
	fflush(stdout);
	pid_t child = strcmp(program.arg, "vfork") ? fork() : vfork();
	if (child == 0) {
		/* Ends when its parent closes the pipe, whose other end it must not have. */
		fcntl(turn[1], F_SETFD, FD_CLOEXEC);
		if (!strcmp(program.arg, "vfork")) {
			char script[32] = "read line <&3";
			script[12] = (char)('0' + turn[0]);
			dup2(fd, STDIN_FILENO);
			execlp("sh", "sh", "-c", script, (char *)NULL);
		} else {
			close(turn[1]);
			if (read(turn[0], &byte, 1) == 0)
				_exit(0);
		}
		_exit(9);
	}
	exchange(fd, "GET", "/2", NULL);
	close(turn[1]);
	waitpid(child, NULL, 0);
}

static void dead_connection_of_parent_and_child_is_replaced_for_the_parent(void)
{
	struct flow flow = {.program = "ask_while_a_child_has_it", .faults = {"reset@1.2"}};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	expect_logged(&flow, 1, "result=recovered", NULL);
	flow_end(&flow);
}

static void connection_handed_to_another_program_is_not_replaced(void)
{
	struct flow flow = {
	    .program = "ask_while_a_child_has_it", .arg = "vfork", .faults = {"reset@1.2"}};
	flow_both_alike(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\n");
	expect_logged(&flow, 1, "event=refused", "reason=shared");
	flow_end(&flow);
}

/* Another program, which inherits its number, and writes to it later. */
static pid_t program_that_asks_later(int fd, bool spawns)
{
	char script[120], *argv[] = {"sh", "-c", script, NULL};
	pid_t child = -1;
	snprintf(script, sizeof(script),
		 "read line <&%d; printf 'GET /child HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' >&%d",
		 turn[0], fd);
	fcntl(turn[0], F_SETFD, 0);
	fcntl(fd, F_SETFD, 0);
	if (spawns) {
		posix_spawnp(&child, "sh", NULL, NULL, argv, environ);
	} else if ((child = vfork()) == 0) {
		execvp("sh", argv);
		_exit(9);
	}
	return child;
}

/* arg: what has it as well, "fork", "vfork" or "spawn". It was reset, and its owner goes on. */
PROGRAM(ask_where_the_owner_was_rescued)
{
	bool forks = !strcmp(program.arg, "fork");
	pid_t child = -1;
	int fd = dial();
	if (pipe2(turn, O_CLOEXEC))
		return;
	exchange(fd, "GET", "/1", NULL);
	child = forks ? child_that_asks_later(fd)
		      : program_that_asks_later(fd, !strcmp(program.arg, "spawn"));
	exchange(fd, "GET", "/2", NULL);
	close(turn[1]);
	waitpid(child, NULL, 0);
	exchange(fd, "GET", "/3", NULL);
}

/* Else it would write to a connection that it never had, and read its owner's answers. */
static void who_has_a_dead_connection_as_well_keeps_it_dead(void)
{
	static const char *const args[] = {"fork", "vfork", "spawn"};
	struct flow flow = {.program = "ask_where_the_owner_was_rescued", .faults = {"reset@1.2"}};
	for (int i = 0; i < 3; i++) {
		flow.arg = args[i];
		flow_redial(&flow);
		expect_printed(&flow, i ? "200 /1\n200 /2\n200 /3\n"
					: "200 /1\n200 /2\nEPIPE while sending /child\n200 /3\n");
		expect_seen(&flow, 0, "path=/child ", NULL);
	}
	flow_end(&flow);
}

const struct runner_test inherited_tests[] = {
    T(living_connection_is_not_taken_from_a_child),
    T(dead_connection_of_parent_and_child_is_replaced_for_the_parent),
    T(connection_handed_to_another_program_is_not_replaced),
    T(who_has_a_dead_connection_as_well_keeps_it_dead),
    T_END,
};
