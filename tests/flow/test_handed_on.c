/* SPDX-License-Identifier: MIT */
/*
 * A program sends a request and leaves the reading of the answer to another process, by each way
 * that a descriptor gets there. A policy under which a placeholder lies at the number as long as
 * no answer has come must not come between.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

#define WATCHED                                                                                    \
	"retry = { on = [\"stale\", \"reset\", \"eof\", \"response-timeout\"]; "                   \
	"response_timeout_ms = 400; };"

extern char **environ;

static char script[64];

static void say_status(pid_t child)
{
	int status = -1;
	waitpid(child, &status, 0);
	say("child %d", WEXITSTATUS(status));
}

/* Prints what one read gives: all of an answer without a body. */
static void be_reader(int fd)
{
	dup2(fd, STDIN_FILENO);
	execlp("dd", "dd", "bs=4096", "count=1", "status=none", (char *)NULL);
	_exit(99);
}

static void by_fork(int fd)
{
	pid_t child = fork();
	if (child == 0)
		be_reader(fd);
	say_status(child);
}

static void by_vfork(int fd)
{
	pid_t child = vfork();
	if (child == 0)
		be_reader(fd);
	say_status(child);
}

static void by_actions(int fd)
{
	char *argv[] = {"dd", "bs=4096", "count=1", "status=none", NULL};
	posix_spawn_file_actions_t actions;
	pid_t child = -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	posix_spawnp(&child, "dd", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	say_status(child);
}

static void by_number(int fd)
{
	char *argv[] = {"sh", "-c", script, NULL};
	pid_t child = -1;
	fcntl(fd, F_SETFD, 0);
	posix_spawnp(&child, "sh", NULL, NULL, argv, environ);
	say_status(child);
}

static void by_system(int fd)
{
	fcntl(fd, F_SETFD, 0);
	say("child %d", system(script));
}

static void by_popen(int fd)
{
	char line[64] = "";
	fcntl(fd, F_SETFD, 0);
	FILE *pipe = popen(script, "r");
	if (pipe && fgets(line, sizeof(line), pipe))
		say("%.*s", (int)strcspn(line, "\r\n"), line);
	say("child %d", pipe ? pclose(pipe) : -1);
}

static void by_exec(int fd)
{
	be_reader(fd);
}

static void by_message(int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS}};
	char byte = 'x';
	struct iovec piece = {&byte, 1};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int pair[2];
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
	sendmsg(pair[0], &message, 0);
	pid_t child = fork();
	if (child == 0) {
		recvmsg(pair[1], &message, 0);
		memcpy(&fd, CMSG_DATA(&control.header), sizeof(fd));
		be_reader(fd);
	}
	say_status(child);
}

static const struct way_there {
	const char *name;
	void (*go)(int fd);
} ways[] = {
    {"fork", by_fork},	   {"vfork", by_vfork}, {"file actions", by_actions}, {"spawn", by_number},
    {"system", by_system}, {"popen", by_popen}, {"a message", by_message},    {"exec", by_exec},
};

PROGRAM(leave_the_answer_to_another)
{
	const struct way_there *there = ways;
	while (strcmp(there->name, program.arg))
		there++;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/nobody", NULL);
	snprintf(script, sizeof(script), "dd bs=4096 count=1 status=none <&%d", fd);
	there->go(fd);
	/* Nor is one that may have to be read elsewhere repeated. */
	usleep(500000);
	ask(fd, "GET", "/3", NULL);
	answer(fd);
}

static void other_process_reads_the_answer(void)
{
	struct flow flow = {.program = "leave_the_answer_to_another",
			    .faults = {"delay=100@1.2", "reset@1.3"},
			    .policy = WATCHED};
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		flow.arg = ways[i].name;
		flow_both_alike(&flow);
		if (!strstr(flow.result.out, "200 /1\nHTTP/1.1 204"))
			CU_FAIL("the answer was not read");
		expect_seen(&flow, 1, "path=/nobody ", NULL);
		if (!expect_seen(&flow, ways[i].go != by_exec, "path=/3 ", NULL))
			printf("\n    by %s: %s", ways[i].name, flow.result.out);
	}
	flow_end(&flow);
}

/* A child made past every hook is not given what nobody can see it given: but nothing of ours. */
PROGRAM(exec_in_a_child_made_by_system_call)
{
	int fd = dial();
	snprintf(script, sizeof(script), "readlink /proc/self/fd/%d || echo closed", fd);
	fcntl(fd, F_SETFD, 0);
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (child == 0) {
		char *argv[] = {"sh", "-c", script, NULL};
		syscall(SYS_execve, "/bin/sh", argv, environ);
	}
	say_status((pid_t)child);
	answer(fd);
}

static void program_started_past_the_hooks_meets_no_placeholder(void)
{
	struct flow flow = {.program = "exec_in_a_child_made_by_system_call",
			    .faults = {"delay=200@1.2"},
			    .policy = WATCHED};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nclosed\nchild 0\n200 /2\n");
	flow_end(&flow);
}

const struct runner_test handed_on_tests[] = {
    T(other_process_reads_the_answer),
    T(program_started_past_the_hooks_meets_no_placeholder),
    T_END,
};
