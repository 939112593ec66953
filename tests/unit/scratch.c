/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_dir(void)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *scratch_dir(void)
{
	if (!dir[0]) {
		strcpy(dir, "/tmp/redial-unit.XXXXXX");
		if (!mkdtemp(dir)) {
			perror(dir);
			exit(2);
		}
		atexit(remove_dir);
	}
	return dir;
}

const char *scratch_path(const char *name)
{
	static char paths[32][512];
	static unsigned turn;
	char *path = paths[turn++ % 32];

	snprintf(path, sizeof(paths[0]), "%s/%s", scratch_dir(), name);
	return path;
}

const char *scratch_file(const char *name, const void *data, size_t len)
{
	const char *path = scratch_path(name);
	FILE *file = fopen(path, "w");

	if (!file || fwrite(data, 1, len, file) != len || fclose(file)) {
		perror(path);
		exit(2);
	}
	chmod(path, 0644);
	return path;
}

const char *scratch_text(const char *name, const char *text)
{
	return scratch_file(name, text, strlen(text));
}

int expect_contains(const char *what, const char *part, const char *text)
{
	int found = text && strstr(text, part);

	if (!found)
		printf("\n    %s: expected \"%s\" in it, got \"%s\"", what, part,
		       text ? text : "(null)");
	CU_ASSERT(found);
	return found;
}
