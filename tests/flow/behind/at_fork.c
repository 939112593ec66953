/* SPDX-License-Identifier: MIT */
/* A preload behind libredial.so: what the program wants done is done just before it forks. */
#include <dlfcn.h>
#include <unistd.h>

typedef void function(void);

static function *wanted;

/* For the program, which finds it by its name. */
void do_at_fork(function *what);

void do_at_fork(function *what)
{
	wanted = what;
}

pid_t fork(void)
{
	typedef pid_t fork_function(void);
	fork_function *next = (fork_function *)dlsym(RTLD_NEXT, "fork");

	if (wanted)
		wanted();
	return next();
}
