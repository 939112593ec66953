/* SPDX-License-Identifier: MIT */
/* Files: looked up as execvp(3) and the kernel do, mapped, and what their mounts allow. */
#ifndef REDIAL_FIND_H
#define REDIAL_FIND_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum find { FIND_FOUND, FIND_MISSING, FIND_REFUSED };

/*
 * Leaves in `path` where the program `name` is: in PATH unless it holds a slash. FIND_REFUSED:
 * `path` is there, but may not be executed.
 */
enum find find_program(const char *name, char path[PATH_MAX]);

/*
 * If the file begins with #!, leaves in `name` what its first line asks for; of env(1), what env
 * is told to look up. false if it is no such script, or names nothing.
 */
bool find_interpreter(const void *data, size_t size, char name[PATH_MAX]);

/* A file's bytes, to be read only. */
struct mapped {
	const void *data;
	size_t size;
};

/* false, with errno set, if it cannot be read or is no regular file. An empty one has size 0. */
bool find_map(const char *path, struct mapped *mapped);
void find_unmap(struct mapped *mapped);

/* Is the file on a mount from which nothing may be executed, or whose set-user-ID bits are void? */
bool find_is_noexec(const char *path);
bool find_is_nosuid(const char *path);

/* Cuts the path down to its folder, without the slash; "." if it has none. */
void find_folder(char *path);

/* The last part of a path. */
const char *find_name(const char *path);

#endif
