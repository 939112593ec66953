/* SPDX-License-Identifier: MIT */
/* The libraries that a program names, and those name, and so on: where ld.so(8) would find them. */
#ifndef REDIAL_LIBRARIES_H
#define REDIAL_LIBRARIES_H

#include "elf_file.h"

enum { LIBRARIES_MAX = 512 };

struct libraries {
	unsigned count;
	struct {
		char *name; /* as it is asked for */
		char *path; /* where it is; NULL: it was not found */
	} each[LIBRARIES_MAX];
};

/*
 * Follows DT_NEEDED of the program at `path` through all that can be found: by DT_RPATH,
 * LD_LIBRARY_PATH, DT_RUNPATH, the loader's cache and the usual folders. Those beyond
 * LIBRARIES_MAX are left out.
 */
void libraries_find(struct libraries *list, const struct elf_file *program, const char *path);

/* Adds, for a program that opens libraries while it runs, those that lie in its own folder. */
void libraries_beside(struct libraries *list, const struct elf_file *program, const char *path);

/* The same of the files that /proc/PID/maps names as mapped. Returns 0 or an errno. */
int libraries_of_process(struct libraries *list, int pid);

/* Adds one; `path` may be NULL. */
void libraries_add(struct libraries *list, const char *name, const char *path);

/* The path that the loader's cache (`data`, ldconfig(8)) has `number`-th for a name, or NULL. */
const char *libraries_cached(const void *data, size_t size, const char *name, unsigned number);

#endif
