/* SPDX-License-Identifier: MIT */
/*
 * The calls that make a child which goes on as this program. What another program is started by is
 * in made.c; vfork, which no function of C may wrap, in vfork.c.
 */
#include <sched.h>

#include "../calls/child.h"
#include "../conn/table.h"
#include "../os/real.h"

static TRACKED pid_t fork_beside_connections(pid_t (*call)(void))
{
	struct heirs *heirs = call_before_fork();
	pid_t child = call();
	call_after_fork(heirs, child == 0);
	return child;
}

HOOK pid_t fork(void)
{
	return __builtin_expect(!table.near, 1) ? real.fork() : fork_beside_connections(real.fork);
}

pid_t _Fork(void);

HOOK pid_t _Fork(void)
{
	return __builtin_expect(!table.near, 1) ? real._Fork()
						: fork_beside_connections(real._Fork);
}

/* Only the child returns from it, unless there could be none. */
HOOK int daemon(int no_chdir, int no_close)
{
	struct heirs *heirs = table.near ? call_before_fork() : NULL;
	int result = real.daemon(no_chdir, no_close);
	call_after_fork(heirs, heirs && (!result || rescue_heirs_are_elsewhere(heirs)));
	return result;
}

int forkpty(int *master, char *name, const struct termios *terminal, const struct winsize *window);

HOOK int forkpty(int *master, char *name, const struct termios *terminal,
		 const struct winsize *window)
{
	struct heirs *heirs = table.near ? call_before_fork() : NULL;
	pid_t child = real.forkpty(master, name, terminal, window);
	call_after_fork(heirs, child == 0);
	return child;
}

/* What a child of clone has to do first: at the top of its stack. */
struct first {
	int (*start)(void *);
	void *arg;
	struct heirs *heirs;
	bool alone;
};

static int begin(void *at)
{
	struct first first = *(struct first *)at;
	rescue_heirs_settle(first.heirs, first.alone);
	rescue_heirs_free(first.heirs); /* the parent's as well, if it has the same memory */
	return first.start(first.arg);
}

static TRACKED int clone_beside_connections(struct first wanted, void *stack, int flags,
					    void *parent, void *tls, void *child)
{
	enum { ALIGNED = 16 };
	struct first *first = (struct first *)(((uintptr_t)stack - sizeof(*first)) & -ALIGNED);
	wanted.alone = !(flags & CLONE_VM);
	wanted.heirs = wanted.alone ? call_before_fork() : call_before_vfork();
	if (!wanted.heirs)
		return real.clone(wanted.start, stack, flags, wanted.arg, parent, tls, child);
	*first = wanted;
	int pid = real.clone(begin, first, flags, first, parent, tls, child);
	if (pid < 0 || wanted.alone)
		rescue_heirs_free(wanted.heirs);
	return pid;
}

/* Declared here, as sched.h declares it with `...`. */
int redial_clone(int (*start)(void *), void *stack, int flags, void *arg, void *parent, void *tls,
		 void *child) __asm__("clone");

/* One with CLONE_FILES has the very descriptors, and sees what its parent's threads see. */
HOOK int redial_clone(int (*start)(void *), void *stack, int flags, void *arg, void *parent,
		      void *tls, void *child)
{
	if (__builtin_expect(!table.near, 1) || flags & CLONE_FILES || !stack || !start)
		return real.clone(start, stack, flags, arg, parent, tls, child);
	return clone_beside_connections((struct first){.start = start, .arg = arg}, stack, flags,
					parent, tls, child);
}
