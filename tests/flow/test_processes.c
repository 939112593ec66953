/* SPDX-License-Identifier: MIT */
/* Children of every kind beside a connection that is rescued afterwards. */
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

extern char **environ;

static void told_status(const char *what, int status)
{
	say("%s %d", what, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void wait_for(const char *what, pid_t child)
{
	int status = 0;
	if (child < 0 || waitpid(child, &status, 0) != child)
		say("%s: no child", what);
	else
		told_status(what, status);
}

/* What a launcher does in a child that shares its parent's memory. */
static int close_everything_and_exit(void *fd)
{
	int null = open("/dev/null", O_RDWR);
	dup2(null, *(int *)fd);
	close(*(int *)fd);
	close_range(3, ~0u, 0);
	_exit(5);
}

static void run_vfork(int fd)
{
	pid_t child = vfork();
	if (child == 0)
		close_everything_and_exit(&fd);
	wait_for("vfork", child);
}

static void run_clone(int fd)
{
	enum { STACK = 65536 };
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t child =
	    clone(close_everything_and_exit, stack + STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, &fd);
	wait_for("clone", child);
	munmap(stack, STACK);
}

static void run_spawn(int fd)
{
	char *argv[] = {"sh", "-c", "exit 6", NULL};
	posix_spawn_file_actions_t actions;
	pid_t child = -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, 1, fd);
	posix_spawn_file_actions_addclose(&actions, fd);
	posix_spawnp(&child, "sh", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	wait_for("spawn", child);
}

static void run_popen(void)
{
	char line[32] = "";
	FILE *pipe = popen("echo from a pipe; exit 7", "r");
	if (pipe && fgets(line, sizeof(line), pipe))
		say("%.*s", (int)strcspn(line, "\n"), line);
	told_status("popen", pipe ? pclose(pipe) : -1);
}

/* The child has its parent's connection, which it closes, and one of its own. */
static void run_fork(int fd)
{
	pid_t child = fork();
	if (child == 0) {
		close(fd);
		int own = dial();
		exchange(own, "GET", "/child/1", NULL);
		exchange(own, "GET", "/child/2", NULL);
		hang_up(own);
		_exit(8);
	}
	wait_for("fork", child);
}

PROGRAM(get_after_children_of_every_kind)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	run_vfork(fd);
	run_clone(fd);
	run_spawn(fd);
	run_popen();
	told_status("system", system("exit 9"));
	run_fork(fd);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void connection_outlives_children_of_every_kind(void)
{
	struct flow flow = {.program = "get_after_children_of_every_kind", .faults = {"reset@2"}};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nvfork 5\nclone 5\nspawn 6\nfrom a pipe\npopen 7\nsystem 9\n"
			      "200 /child/1\n200 /child/2\nfork 8\n200 /2\n");
	expect_seen(&flow, 2, "path=/2 ", NULL);
	expect_seen(&flow, 2, "path=/child/2 ", NULL);
	expect_logged(&flow, 2, "result=recovered", NULL);
	flow_end(&flow);
}

const struct runner_test processes_tests[] = {T(connection_outlives_children_of_every_kind), T_END};
