/* SPDX-License-Identifier: MIT */
/*
 * Prints all that a program inherits, for two ways of starting it to be compared. Then it ends with
 * the status that TELL_STATUS names, by the signal TELL_SIGNAL, or, if TELL_WAIT is set, says
 * "ready", waits for SIGTERM and ends with status 42.
 */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

static void tell_descriptors(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		char link[64], to[4096];
		ssize_t len;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		len = readlink(link, to, sizeof to);
		printf("fd %d flags %d %x %.*s\n", fd, fcntl(fd, F_GETFD), fcntl(fd, F_GETFL),
		       len < 0 ? 0 : (int)len, to);
	}
}

static void tell_signals(void)
{
	sigset_t blocked, pending;
	struct itimerval timer;
	stack_t stack;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sigpending(&pending);
	for (int i = 1; i <= SIGRTMAX; i++) {
		struct sigaction action;

		if (sigaction(i, NULL, &action) == 0)
			printf("signal %d %s%s%s flags %x\n", i,
			       action.sa_handler == SIG_IGN ? "ignored" : "default",
			       sigismember(&blocked, i) ? " blocked" : "",
			       sigismember(&pending, i) ? " pending" : "", action.sa_flags);
	}
	sigaltstack(NULL, &stack);
	getitimer(ITIMER_VIRTUAL, &timer);
	printf("sigaltstack %d timer %d\n", stack.ss_flags, timer.it_value.tv_sec > 0);
}

static void tell_process(void)
{
	char name[16] = "", cwd[4096] = "", *wanted = getenv("TELL_PID");
	int on_death = -1;
	mode_t mask = umask(0);
	struct rlimit limit;

	umask(mask);
	prctl(PR_GET_NAME, name);
	prctl(PR_GET_PDEATHSIG, &on_death);
	printf("pid %s, group %d, session %d\n",
	       wanted && atoi(wanted) == getpid() ? "as it was" : "another", (int)getpgrp(),
	       (int)getsid(0));
	printf("user %d %d group %d %d\n", (int)getuid(), (int)geteuid(), (int)getgid(),
	       (int)getegid());
	printf("name %s cwd %s umask %o nice %d death %d dumpable %d privileges %d\n", name,
	       getcwd(cwd, sizeof cwd), mask, getpriority(PRIO_PROCESS, 0), on_death,
	       prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	for (int i = 0; i < RLIM_NLIMITS; i++)
		if (getrlimit(i, &limit) == 0)
			printf("limit %d %llu %llu\n", i, (unsigned long long)limit.rlim_cur,
			       (unsigned long long)limit.rlim_max);
}

static void end(int signal)
{
	(void)signal;
	_exit(42);
}

int main(int argc, char **argv)
{
	char *value;

	for (int i = 0; i < argc; i++)
		printf("argument %d <%s>\n", i, argv[i]);
	for (char **entry = environ; *entry; entry++)
		printf("environment <%s>\n", *entry);
	tell_process();
	tell_signals();
	tell_descriptors();
	fflush(stdout);
	if ((value = getenv("TELL_SIGNAL")))
		raise(atoi(value));
	if (getenv("TELL_WAIT")) {
		signal(SIGTERM, end);
		puts("ready");
		fflush(stdout);
		for (;;)
			pause();
	}
	return (value = getenv("TELL_STATUS")) ? atoi(value) : 0;
}
