/* SPDX-License-Identifier: MIT */
/*
 * Children and programs that are started in the middle of a rescue: they find the program's sockets
 * at their numbers, and nothing of ours (preload/hooks/words.def, fork and exec).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include "flow.h"

#define PAUSE "retry = { backoff = { base_ms = 500; max_ms = 500; jitter = \"none\"; }; };"

extern char **environ;

/* What a child tells by its exit status. */
enum { HAS_SOCKET = 1, READS_END = 2, HAS_NO_MORE = 4, ALL = 7 };

static int before; /* descriptors */

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);
	return syscall(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0;
}

/* In a child that shares memory nothing but system calls is right. */
static int look(void *at)
{
	int fd = *(int *)at;
	char byte;
	return (is_socket(fd) ? HAS_SOCKET : 0) |
	       (syscall(SYS_recvfrom, fd, &byte, 1, MSG_DONTWAIT, NULL, NULL) == 0 ? READS_END : 0);
}

static int look_around(void *at)
{
	return look(at) | (descriptors() <= before ? HAS_NO_MORE : 0);
}

static int status_of(pid_t child)
{
	int status = 0;
	if (child < 0 || waitpid(child, &status, __WALL) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int by_fork(int fd, pid_t call(void))
{
	pid_t child = call();
	if (child == 0)
		_exit(look_around(&fd));
	return status_of(child);
}

static int by_vfork(int fd)
{
	pid_t child = vfork();
	if (child == 0)
		_exit(look(&fd));
	return status_of(child);
}

static int by_clone(int fd, int flags)
{
	enum { STACK = 1 << 18 };
	char *stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int (*start)(void *) = flags & CLONE_VM ? look : look_around;
	int status = status_of(clone(start, stack + STACK, flags | SIGCHLD, &fd));
	munmap(stack, STACK);
	return status;
}

static int by_forkpty(int fd)
{
	int master = -1;
	pid_t child = forkpty(&master, NULL, NULL, NULL);
	if (child == 0) /* the terminal is at the standard ones, which are counted already */
		_exit(look_around(&fd));
	int status = status_of(child);
	close(master);
	return status;
}

#define CHILDREN(X)                                                                                \
	X(fork, fork, by_fork(fd, fork), ALL)                                                      \
	X(fork, _Fork, by_fork(fd, _Fork), ALL)                                                    \
	X(fork, vfork, by_vfork(fd), HAS_SOCKET | READS_END)                                       \
	X(fork, clone, by_clone(fd, 0), ALL)                                                       \
	X(fork, clone, by_clone(fd, CLONE_VM | CLONE_VFORK), HAS_SOCKET | READS_END)               \
	X(fork, clone, by_clone(fd, CLONE_VM), HAS_SOCKET | READS_END)                             \
	X(fork, forkpty, by_forkpty(fd), ALL)

static const struct {
	const char *name;
	int status;
} children[] = {
#define X(word, name, status, expected) {#name, expected},
    CHILDREN(X)
#undef X
};

PROGRAM(child_in_a_rescue)
{
	int row = atoi(program.arg), at = 0;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	before = descriptors();
	if (!begin_rescue(fd))
		return;
#define X(word, name, status, expected)                                                            \
	if (at++ == row)                                                                           \
		say("child %d", status);
	CHILDREN(X)
#undef X
	answer(fd);
	say("%d more", descriptors() - before);
}

static void child_finds_the_sockets_and_its_parents_rescue_goes_on(void)
{
	static const enum way ways[] = {WAY_POLL, WAY_LEVEL, WAY_EDGE};
	char row[16], printed[100];
	struct flow flow = {
	    .program = "child_in_a_rescue", .arg = row, .faults = {"shed=1@1.2"}, .policy = PAUSE};
	for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++) {
		snprintf(row, sizeof(row), "%zu", i);
		snprintf(printed, sizeof(printed), "200 /1\nchild %d\n200 /2\n0 more\n",
			 children[i].status);
		flow.way = ways[i % 3];
		flow_redial(&flow);
		if (!expect_printed(&flow, printed))
			printf("\n    by %s", children[i].name);
		expect_seen(&flow, 2, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

/* Its parent does not live on, so somebody else has to wait until it has said all. */
PROGRAM(daemon_in_a_rescue)
{
	int ends[2];
	char byte;
	if (pipe(ends) || fork()) {
		close(ends[1]);
		say("over %zd", read(ends[0], &byte, 1));
		return;
	}
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	before = descriptors();
	if (begin_rescue(fd) && daemon(1, 1) == 0)
		say("child %d", look_around(&fd));
}

static void daemon_finds_the_sockets(void)
{
	struct flow flow = {.program = "daemon_in_a_rescue",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nchild 7\nover 0\n");
	flow_end(&flow);
}

/* Tells what is at the number: "socket:", or nothing. */
static char script[100];
static char *const argv_of_shell[] = {"sh", "-c", script, NULL};

static int by_spawn(int call(pid_t *, const char *, const posix_spawn_file_actions_t *,
			     const posix_spawnattr_t *, char *const[], char *const[]))
{
	pid_t child = -1;
	int error = call(&child, "/bin/sh", NULL, NULL, argv_of_shell, environ);
	return error ? error : status_of(child);
}

/* What glibc has from 2.39 on; before that redial's says so, and the other one stands in here. */
static int by_pidfd_spawn(const char *name)
{
	typedef int spawn(int *, const char *, const posix_spawn_file_actions_t *,
			  const posix_spawnattr_t *, char *const[], char *const[]);
	spawn *call = (spawn *)dlsym(RTLD_DEFAULT, name);
	int child = -1, status = 0;
	siginfo_t info;
	int error = call ? call(&child, "/bin/sh", NULL, NULL, argv_of_shell, environ) : ENOSYS;
	if (error == ENOSYS)
		return by_spawn(posix_spawn);
	if (!error && waitid(3 /* P_PIDFD */, (id_t)child, &info, WEXITED) == 0)
		status = info.si_status;
	close(child);
	return error ? error : status;
}

static int by_popen(void)
{
	char line[64] = "";
	FILE *pipe = popen(script, "r");
	if (pipe && fgets(line, sizeof(line), pipe))
		say("%.*s", (int)strcspn(line, "\n"), line);
	return pipe ? pclose(pipe) : -1;
}

static int by_wordexp(void)
{
	char words[120];
	wordexp_t result;
	snprintf(words, sizeof(words), "$(%s)", script);
	int error = wordexp(words, &result, 0);
	if (!error && result.we_wordc)
		say("%s", result.we_wordv[0]);
	return error;
}

static int by_fexecve(bool at)
{
	int shell = open("/bin/sh", O_RDONLY | O_CLOEXEC);
	return at ? execveat(shell, "", argv_of_shell, environ, AT_EMPTY_PATH)
		  : fexecve(shell, argv_of_shell, environ);
}

/* The first ones do not return. */
enum { NO_RETURN = 9 };
#define PROGRAMS(X)                                                                                \
	X(exec, execve, execve("/bin/sh", argv_of_shell, environ))                                 \
	X(exec, execv, execv("/bin/sh", argv_of_shell))                                            \
	X(exec, execvp, execvp("sh", argv_of_shell))                                               \
	X(exec, execvpe, execvpe("sh", argv_of_shell, environ))                                    \
	X(exec, fexecve, by_fexecve(false))                                                        \
	X(exec, execveat, by_fexecve(true))                                                        \
	X(exec, execl, execl("/bin/sh", "sh", "-c", script, (char *)NULL))                         \
	X(exec, execle, execle("/bin/sh", "sh", "-c", script, (char *)NULL, environ))              \
	X(exec, execlp, execlp("sh", "sh", "-c", script, (char *)NULL))                            \
	X(exec, posix_spawn, by_spawn(posix_spawn))                                                \
	X(exec, posix_spawnp, by_spawn(posix_spawnp))                                              \
	X(exec, pidfd_spawn, by_pidfd_spawn("pidfd_spawn"))                                        \
	X(exec, pidfd_spawnp, by_pidfd_spawn("pidfd_spawnp"))                                      \
	X(exec, system, system(script))                                                            \
	X(exec, popen, by_popen())                                                                 \
	X(exec, wordexp, by_wordexp())

static const char *const programs[] = {
#define X(word, name, result) #name,
    PROGRAMS(X)
#undef X
};

/* arg: the row; with a second word the socket is one that other programs are to have. */
PROGRAM(other_program_in_a_rescue)
{
	char *rest;
	int row = (int)strtol(program.arg, &rest, 10), at = 0;
	int fd = dial();
	snprintf(script, sizeof(script),
		 "readlink /proc/self/fd/%d | cut -c1-7 | grep . || echo closed", fd);
	exchange(fd, "GET", "/1", NULL);
	if (!begin_rescue(fd))
		return;
	if (*rest)
		fcntl(fd, F_SETFD, 0);
#define X(word, name, result)                                                                      \
	if (at++ == row)                                                                           \
		say("%d", result);
	PROGRAMS(X)
#undef X
	answer(fd);
}

static void program_finds_only_what_it_was_to_have(void)
{
	char row[16], printed[100];
	struct flow flow = {.program = "other_program_in_a_rescue",
			    .way = WAY_POLL,
			    .arg = row,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE};
	for (int i = 0; i < (int)(2 * sizeof(programs) / sizeof(programs[0])); i++) {
		bool inherits = i % 2;
		snprintf(row, sizeof(row), "%d%s", i / 2, inherits ? " inherited" : "");
		snprintf(printed, sizeof(printed), "200 /1\n%s\n%s%s",
			 inherits ? "socket:" : "closed", i / 2 < NO_RETURN ? "" : "0\n",
			 i / 2 < NO_RETURN ? ""
			 : inherits	   ? "ECONNRESET\n"
					   : "200 /2\n");
		flow_redial(&flow);
		if (!expect_printed(&flow, printed))
			printf("\n    by %s", programs[i / 2]);
		expect_logged(&flow, inherits, "result=exhausted", "reason=shared");
	}
	flow_end(&flow);
}

const struct runner_test children_tests[] = {
    T(child_finds_the_sockets_and_its_parents_rescue_goes_on),
    T(daemon_finds_the_sockets),
    T(program_finds_only_what_it_was_to_have),
    T_END,
};
