/* SPDX-License-Identifier: MIT */
/*
 * A child that inherits. It is another process, of which nothing is seen here but what it has: the
 * things at the program's numbers at the moment of the fork, which it keeps for a while. What it does
 * first, to have sockets at its numbers, is for tests with real children.
 */
#include <string.h>

#include "draw.h"
#include "libc.h"
#include "program.h"
#include "trace.h"

/* Hooked or not, as the preload's list has it. */
pid_t preload_fork(void) __attribute__((weak));
pid_t sim_fork(void);

static struct object *inherited[FDS_MAX];

pid_t sim_fork(void)
{
	enum { CHILD = 5000 };
	thread_step();
	for (int fd = 0; fd < FDS_MAX; fd++) {
		inherited[fd] = object_at(fd);
		if (inherited[fd])
			object_hold(inherited[fd]);
	}
	trace("  fork");
	thread_step();
	return CHILD;
}

void program_fork(void)
{
	struct object *has[FDS_MAX];
	memset(inherited, 0, sizeof(inherited));
	call_begin("fork", NULL, -1, 0);
	call_end(preload_fork ? preload_fork() : sim_fork());
	for (int fd = 0; fd < FDS_MAX; fd++) {
		has[fd] = inherited[fd];
		inherited[fd] = NULL;
	}
	thread_wait(NULL, NULL, in_ms(DRAW_OF(0, 1, 100)), false);
	trace("(the child ends)");
	for (int fd = 0; fd < FDS_MAX; fd++) {
		if (has[fd])
			object_release(has[fd]);
	}
}
