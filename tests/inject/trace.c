/* SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mark.h"
#include "tracee.h"

struct tracer {
	pid_t pid;
	const struct plan *plan;
	struct run *run;
	bool counting;
	int round;
	int nth[SYSCALLS]; /* of this round */
	uint64_t area, area_end;
	struct range library; /* libredial.so's code */
	enum { LEAVE, REPLACE, RESTORE } at_exit;
	struct shortened shortened;
};

static void be_traced(char *const argv[], char *const envp[], int out, unsigned seconds)
{
	int nothing = open("/dev/null", O_RDWR);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(nothing, 0);
	dup2(out, 1);
	dup2(nothing, 2);
	close(nothing);
	alarm(seconds);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	execve(argv[0], argv, envp);
	_exit(127);
}

/*
 * Does any of its arguments point into the client's memory? And one that is about an epoll set of
 * the program's may be for it as well: redial hands on what it asked for, with an event of its own.
 */
static bool is_own(const struct tracer *tracer, const struct __ptrace_syscall_info *info)
{
	for (int i = 0; i < 5; i++)
		if (info->entry.args[i] >= tracer->area && info->entry.args[i] < tracer->area_end)
			return true;
	return info->entry.nr == SYS_epoll_ctl || info->entry.nr == SYS_socket ||
	       info->entry.nr == SYS_epoll_create1;
}

static bool is_inner(struct tracer *tracer, uint64_t ip)
{
	if (!tracer->library.end)
		tracer->library = tracee_library(tracer->pid);
	return ip > tracer->library.start && ip <= tracer->library.end;
}

/* A mark: counting begins, or ends. */
static void pass_mark(struct tracer *tracer, const struct __ptrace_syscall_info *info)
{
	tracer->counting = !tracer->counting;
	tracer->area = info->entry.args[1];
	tracer->area_end = tracer->area + info->entry.args[2];
	if (tracer->counting) {
		tracer->round++;
		memset(tracer->nth, 0, sizeof(tracer->nth));
	}
}

/*
 * Of a registration that the kernel says is not there nothing can be known: its program would
 * wait for ever. And of one that is there it has but one thing to say to who would add it.
 */
static bool is_a_lie(const struct tracer *tracer, const struct __ptrace_syscall_info *info)
{
	int error = tracer->plan->error, set = (int)info->entry.args[0];
	uint64_t op = info->entry.args[1];
	if (info->entry.nr != SYS_epoll_ctl)
		return false;
	return op == EPOLL_CTL_ADD
		   ? tracee_has(tracer->pid, set, (int)info->entry.args[2])
		   : op == EPOLL_CTL_DEL && (error == EBADF || error == ENOENT || error == EINVAL);
}

static void fail(struct tracer *tracer, const struct __ptrace_syscall_info *info, bool own)
{
	const struct plan *plan = tracer->plan;
	if (is_a_lie(tracer, info))
		return;
	if (plan->error == SHORTER) {
		if (!tracee_shorten(tracer->pid, info, &tracer->shortened))
			return;
		tracer->at_exit = RESTORE;
	} else {
		/* A descriptor is gone whatever close says (close(2)). */
		if (info->entry.nr != SYS_close)
			tracee_skip(tracer->pid);
		tracer->at_exit = REPLACE;
	}
	tracer->run->injected++;
	tracer->run->own_failed |= own;
}

static void enter(struct tracer *tracer, const struct __ptrace_syscall_info *info)
{
	const struct plan *plan = tracer->plan;
	struct run *run = tracer->run;
	long number = (long)info->entry.nr;
	if (run->tells && tracer->counting)
		printf("%ld(%ld, %ld, %ld)", number, (long)info->entry.args[0],
		       (long)info->entry.args[1], (long)info->entry.args[2]);
	bool own = is_own(tracer, info);

	if (number == SYS_getpgid && info->entry.args[0] == MARK) {
		pass_mark(tracer, info);
		return;
	}
	if (!tracer->counting || number < 0 || number >= SYSCALLS)
		return;
	bool inner = is_inner(tracer, info->instruction_pointer);
	int nth = ++tracer->nth[number];
	if (tracer->round == 1 && run->count < CALLS_MAX)
		run->calls[run->count++] = (struct call){number, nth, own, inner};
	if (number != plan->number || nth < plan->nth || (nth > plan->nth && !plan->ever))
		return;
	if (inner || !plan->inner)
		fail(tracer, info, own);
}

static void leave(struct tracer *tracer)
{
	if (tracer->at_exit == REPLACE)
		tracee_result(tracer->pid, -tracer->plan->error);
	if (tracer->at_exit == RESTORE)
		tracee_restore(tracer->pid, &tracer->shortened);
	tracer->at_exit = LEAVE;
}

/* A stop of the client's; the signal that it is to have. */
static int look(struct tracer *tracer, int status)
{
	struct __ptrace_syscall_info info = {0};
	int signal = WSTOPSIG(status);

	if (signal == SIGSTOP || signal == SIGTRAP)
		return 0;
	if (signal != (SIGTRAP | 0x80))
		return signal;
	ptrace(PTRACE_GET_SYSCALL_INFO, tracer->pid, sizeof(info), &info);
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter(tracer, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT) {
		if (tracer->run->tells && tracer->counting)
			printf(" = %ld%s\n", (long)info.exit.rval,
			       tracer->at_exit ? " changed" : "");
		leave(tracer);
	}
	return 0;
}

/* Between the marks, and from a stop before them on, it stops at its calls. */
static void follow(struct tracer *tracer)
{
	int status, signal = 0;
	bool stops = false;

	waitpid(tracer->pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, tracer->pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (;;) {
		ptrace(stops ? PTRACE_SYSCALL : PTRACE_CONT, tracer->pid, NULL, signal);
		if (waitpid(tracer->pid, &status, 0) != tracer->pid)
			break;
		if (!WIFSTOPPED(status)) {
			tracer->run->status = status;
			break;
		}
		bool was = tracer->counting;
		signal = look(tracer, status);
		stops = tracer->counting || WSTOPSIG(status) == SIGSTOP || (stops && !was);
	}
	tracer->run->killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
}

bool trace_run(char *const argv[], char *const envp[], const struct plan *plan, struct run *run)
{
	static struct tracer tracer;
	int ends[2];
	size_t len = 0;
	ssize_t n;

	bool tells = run->tells;
	int rounds = run->rounds;
	memset(run, 0, sizeof(*run));
	run->tells = tells;
	run->rounds = rounds;
	memset(&tracer, 0, sizeof(tracer));
	tracer.plan = plan, tracer.run = run;
	/* What it says fits into the pipe: nobody reads while it runs. */
	if (pipe2(ends, O_CLOEXEC))
		return false;
	tracer.pid = fork();
	if (tracer.pid == 0)
		be_traced(argv, envp, ends[1], RUN_S * (run->rounds > 8 ? 5 : 1));
	close(ends[1]);
	if (tracer.pid > 0)
		follow(&tracer);
	while (len < SAID_MAX - 1 && (n = read(ends[0], run->said + len, SAID_MAX - 1 - len)) > 0)
		len += (size_t)n;
	close(ends[0]);
	return tracer.pid > 0;
}
