/* SPDX-License-Identifier: MIT */
/*
 * forks N: N children of each kind that do nothing, made by a program with a connection that is
 * tracked, or will be.
 */
#include <sys/wait.h>

#include "bench.h"

static void await(pid_t child)
{
	int status;
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		die("child");
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1;

	if (socket(AF_INET, SOCK_STREAM, 0) < 0)
		die("socket");
	for (long i = 0; i < n; i++) {
		pid_t child = fork();
		if (child == 0)
			_exit(0);
		await(child);
		child = vfork();
		if (child == 0)
			_exit(0);
		await(child);
	}
	return 0;
}
