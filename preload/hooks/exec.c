/* SPDX-License-Identifier: MIT */
/* The calls of the exec family that name each argument (exec(3)): made of those that take a list.
 */
#include <stdarg.h>

#include "../os/real.h"

/* How many arguments follow, the NULL at their end among them. */
static size_t count(va_list *args)
{
	size_t len = 1;
	while (va_arg(*args, char *))
		len++;
	return len;
}

static void collect(char **argv, const char *first, size_t len, va_list *args)
{
	*argv++ = (char *)first;
	for (size_t i = 0; i < len; i++)
		argv[i] = va_arg(*args, char *);
}

/* Leaves a list of the arguments in argv, on the stack as libc has it. */
#define COLLECT(argv, first)                                                                       \
	va_list args;                                                                              \
	va_start(args, first);                                                                     \
	size_t len = first ? count(&args) : 0;                                                     \
	va_end(args);                                                                              \
	char *argv[1 + len];                                                                       \
	va_start(args, first);                                                                     \
	collect(argv, first, len, &args)

/* Declared here, as unistd.h says that arg is never NULL, which programs know nothing of. */
int redial_execl(const char *path, const char *arg, ...) __asm__("execl");
int redial_execlp(const char *file, const char *arg, ...) __asm__("execlp");
int redial_execle(const char *path, const char *arg, ...) __asm__("execle");

HOOK int redial_execl(const char *path, const char *arg, ...)
{
	COLLECT(argv, arg);
	va_end(args);
	return execv(path, argv);
}

HOOK int redial_execlp(const char *file, const char *arg, ...)
{
	COLLECT(argv, arg);
	va_end(args);
	return execvp(file, argv);
}

/* The environment comes after the NULL. */
HOOK int redial_execle(const char *path, const char *arg, ...)
{
	COLLECT(argv, arg);
	char **envp = va_arg(args, char **);
	va_end(args);
	return execve(path, argv, envp);
}
