/* SPDX-License-Identifier: MIT */
/* A first process as tini is one, to be linked statically: starts its arguments and waits. */
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	int status = 0;
	pid_t child = argc > 1 ? fork() : -1;

	if (child == 0) {
		execve(argv[1], argv + 1, environ);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
