/* SPDX-License-Identifier: MIT */
/* The command that is rehearsed, as a job of its own on the terminal. */
#ifndef REDIAL_REHEARSE_CHILD_H
#define REDIAL_REHEARSE_CHILD_H

#include <stdbool.h>

struct child_end {
	int status;   /* as of waitpid */
	bool by_time; /* it was ended because its seconds were over */
	bool by_us;   /* or because we were told to end */
};

/*
 * Runs the program of argv[0] (a path, or looked up in PATH) and waits for its end. It has its own
 * process group, in the foreground if we are: Ctrl-C ends it, and not us. After so many seconds
 * (0: never), or when we are told to end, the group is sent SIGINT, and later SIGTERM and SIGKILL.
 * Returns 0 or a negative errno.
 */
int child_run(char **argv, double seconds, struct child_end *end);

#endif
