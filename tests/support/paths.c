/* SPDX-License-Identifier: MIT */
/* Where things are: what was built, and what a process has open. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

/* The folder that holds tests/THIS-PROGRAM: build/, wherever the program was started from. */
static const char *build_dir(void)
{
	static char dir[4000];
	ssize_t n;

	if (*dir)
		return dir;
	n = readlink("/proc/self/exe", dir, sizeof dir - 1);
	if (n < 0)
		abort();
	dir[n] = '\0';
	for (int up = 0; up < 2; up++) {
		char *slash = strrchr(dir, '/');

		if (slash)
			*slash = '\0';
	}
	return dir;
}

const char *tree_path(const char *name)
{
	static char path[4200];
	char top[4000];

	snprintf(top, sizeof top, "%s", build_dir());
	for (char *slash; (slash = strrchr(top, '/'));) {
		*slash = '\0';
		snprintf(path, sizeof path, "%s/%s", top, name);
		if (!access(path, F_OK))
			return path;
	}
	return name;
}

const char *build_path(const char *name)
{
	static struct kept {
		struct kept *next;
		char path[];
	} * all;
	size_t size = strlen(build_dir()) + strlen(name) + 2;
	struct kept *kept;

	for (kept = all; kept; kept = kept->next) {
		if (!strcmp(kept->path + strlen(build_dir()) + 1, name))
			return kept->path;
	}
	kept = malloc(sizeof *kept + size);
	if (!kept)
		abort();
	snprintf(kept->path, size, "%s/%s", build_dir(), name);
	kept->next = all;
	all = kept;
	return kept->path;
}

int open_descriptors(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return pid == getpid() ? n - 1 : n; /* not the one that we look through */
}
