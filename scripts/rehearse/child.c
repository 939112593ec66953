/* SPDX-License-Identifier: MIT */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Between SIGINT and SIGTERM, and between that and SIGKILL. */
enum { PATIENCE_MS = 5000 };

struct job {
	pid_t group;
	int terminal;	     /* on which it is in the foreground; -1: none */
	int64_t deadline_ms; /* of the next signal; -1: none */
	unsigned told;	     /* signals that it was sent to end */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Blocked, so that each is waited for in one place; SIGTTOU because we hand the terminal on. */
static sigset_t own_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTTOU);
	return set;
}

/* An ignored signal is not waited for. The child has them as they were. */
static const int endings[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDINGS = sizeof(endings) / sizeof(endings[0]) };

static void heed(struct sigaction before[ENDINGS])
{
	struct sigaction usual = {.sa_handler = SIG_DFL};

	for (int i = 0; i < ENDINGS; i++)
		sigaction(endings[i], &usual, &before[i]);
}

static void unheed(const struct sigaction before[ENDINGS])
{
	for (int i = 0; i < ENDINGS; i++)
		sigaction(endings[i], &before[i], NULL);
}

static void give_terminal(const struct job *job, pid_t group)
{
	if (job->terminal >= 0)
		tcsetpgrp(job->terminal, group);
}

static void tell(struct job *job)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGKILL};

	if (job->told < sizeof(signals) / sizeof(signals[0]))
		kill(-job->group, signals[job->told++]);
	kill(-job->group, SIGCONT);
	job->deadline_ms = now_ms() + PATIENCE_MS;
}

/* Ctrl-Z stopped it: we stop as well, and go on with it. */
static void stop_too(const struct job *job)
{
	give_terminal(job, getpgrp());
	kill(0, SIGSTOP);
	give_terminal(job, job->group);
	kill(-job->group, SIGCONT);
}

static void wait_for_signal(const struct job *job, const sigset_t *set, siginfo_t *about)
{
	int64_t left = job->deadline_ms < 0 ? 3600000 : job->deadline_ms - now_ms();

	if (left < 0)
		left = 0;
	memset(about, 0, sizeof(*about));
	sigtimedwait(set, about, &(struct timespec){left / 1000, left % 1000 * 1000000});
}

static void wait_for_end(struct job *job, pid_t pid, const sigset_t *set, struct child_end *end)
{
	siginfo_t about;

	for (;;) {
		pid_t got = waitpid(pid, &end->status, WNOHANG | WUNTRACED);

		if (got == pid && !WIFSTOPPED(end->status))
			return;
		if (got == pid)
			stop_too(job);
		wait_for_signal(job, set, &about);
		bool asked = about.si_signo == SIGINT || about.si_signo == SIGTERM ||
			     about.si_signo == SIGHUP;
		bool over = job->deadline_ms >= 0 && now_ms() >= job->deadline_ms;
		if (!asked && !over)
			continue;
		end->by_us = end->by_us || asked;
		end->by_time = end->by_time || (over && !job->told);
		tell(job);
	}
}

static void be_child(char **argv, int terminal, const sigset_t *before,
		     const struct sigaction actions[ENDINGS])
{
	unheed(actions);
	setpgid(0, 0);
	if (terminal >= 0)
		tcsetpgrp(terminal, getpid());
	sigprocmask(SIG_SETMASK, before, NULL);
	execvp(argv[0], argv);
	fprintf(stderr, "redial rehearse: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

int child_run(char **argv, double seconds, struct child_end *end)
{
	sigset_t set = own_signals(), before;
	struct sigaction actions[ENDINGS];
	struct job job = {.terminal = -1, .deadline_ms = -1};

	memset(end, 0, sizeof(*end));
	if (isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp())
		job.terminal = STDIN_FILENO;
	sigprocmask(SIG_BLOCK, &set, &before);
	heed(actions);
	fflush(NULL);
	pid_t pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		be_child(argv, job.terminal, &before, actions);
	setpgid(pid, pid);
	job.group = pid;
	if (seconds > 0)
		job.deadline_ms = now_ms() + (int64_t)(seconds * 1000);
	give_terminal(&job, pid);
	wait_for_end(&job, pid, &set, end);
	give_terminal(&job, getpgrp());
	/* Those that it has left behind, if we were to end it. */
	if (job.told)
		kill(-pid, SIGTERM);
	unheed(actions);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return 0;
}
