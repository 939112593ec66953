/* SPDX-License-Identifier: MIT */
#include "addons.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "find.h"

enum { FILES_MAX = 300000, FOLDERS_OPEN = 20 };

/* nftw(3) has nothing to hand on. */
static struct {
	struct libraries *list;
	const struct elf_file *program;
	unsigned files;
} walk;

bool addons_are_for(const char *program)
{
	return strcmp(program, "node") == 0 || strcmp(program, "nodejs") == 0 ||
	       strcmp(program, "bun") == 0 || strcmp(program, "deno") == 0;
}

bool addons_is(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && strcmp(end, ".node") == 0;
}

static bool is_for_program(const char *path)
{
	struct mapped mapped;
	struct elf_file file;
	bool is;

	if (!find_map(path, &mapped))
		return false;
	is = elf_open(&file, mapped.data, mapped.size) && elf_same_machine(&file, walk.program);
	find_unmap(&mapped);
	return is;
}

static int visit(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_F && addons_is(path) && is_for_program(path))
		libraries_add(walk.list, find_name(path), path);
	return ++walk.files > FILES_MAX;
}

void addons_find(struct libraries *list, const struct elf_file *program, const char *script)
{
	static const char modules[] = "/node_modules";
	char folder[PATH_MAX], path[PATH_MAX + sizeof(modules)];
	struct stat st;

	if (!realpath(script, folder))
		return;
	do {
		find_folder(folder);
		snprintf(path, sizeof(path), "%s%s", strcmp(folder, "/") ? folder : "", modules);
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
			walk.list = list;
			walk.program = program;
			walk.files = 0;
			nftw(path, visit, FOLDERS_OPEN, FTW_PHYS);
			return;
		}
	} while (strcmp(folder, "/") != 0 && strcmp(folder, ".") != 0);
}
