/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "../../preload/os/mem.h"
#include "../../preload/os/sys.h"
#include "entrypoint.h"

#define DEFAULT_PATH "/usr/local/bin:/bin:/usr/bin" /* where PATH is not set, as the launcher */
#define SHELL	     "/bin/sh"

/*
 * As execvp(3): what is no program is given to the shell. Returns a negative errno. The kernel
 * lets arguments take a quarter of the stack, so that there is room for their addresses again.
 */
static long try_shell(const char *file, char *const *command, char *const *envp)
{
	size_t count = 0;
	while (command[count])
		count++;
	const char *argv[count + 2];
	argv[0] = SHELL;
	argv[1] = file;
	memcpy(argv + 2, command + 1, count * sizeof(*argv)); /* the NULL at its end too */
	return sys3(execve, SHELL, argv, envp);
}

static long try(const char *file, char *const *command, char *const *envp)
{
	long error = sys3(execve, file, command, envp);
	return error == -ENOEXEC ? try_shell(file, command, envp) : error;
}

/* Does the search go on behind such a folder? */
static bool is_elsewhere(long error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -EACCES || error == -ESTALE ||
	       error == -ENODEV || error == -ETIMEDOUT;
}

/* Of the path's next folder and name: a file. Returns what follows, NULL at the end. */
static const char *next_file(char *file, const char *path, const char *name)
{
	char dir[PATH_ROOM];
	size_t len = 0;
	while (path[len] && path[len] != ':')
		len++;
	size_t kept = len < PATH_ROOM ? len : 0;
	memcpy(dir, path, kept);
	dir[kept] = '\0';
	if (kept != len || !join(file, dir, len ? "/" : "", name))
		file[0] = '\0';
	return path[len] ? path + len + 1 : NULL;
}

static bool exists(const char *file)
{
	return sys3(faccessat, AT_FDCWD, file, F_OK) == 0;
}

static enum status refuse(const char *name, const char *file, long error)
{
	if (!*file) {
		complain(name, " is not found");
		return STATUS_NOT_FOUND;
	}
	if (error == -ENOENT)
		complain(file, " cannot be executed: its loader or interpreter is not there");
	else
		complain(file, " cannot be executed: ", error_text(error));
	return STATUS_NOT_EXECUTABLE;
}

static bool has_slash(const char *text)
{
	while (*text && *text != '/')
		text++;
	return *text;
}

enum status execute(char *const *command, char *const *envp)
{
	char file[PATH_ROOM] = "", refused[PATH_ROOM] = "";
	const char *path = variable(envp, "PATH"), *name = *command;
	long why = 0;
	if (has_slash(name)) {
		long error = try(name, command, envp);
		return refuse(name, error != -ENOENT || exists(name) ? name : "", error);
	}
	for (path = path ? path : DEFAULT_PATH; path && *name;) {
		path = next_file(file, path, name);
		long error = *file ? try(file, command, envp) : -ENOENT;
		if (!is_elsewhere(error))
			return refuse(name, file, error);
		/* What is there is told of rather than what is not. */
		if (*file && !*refused && (error == -EACCES || exists(file))) {
			memcpy(refused, file, PATH_ROOM);
			why = error;
		}
	}
	return refuse(name, refused, why);
}
