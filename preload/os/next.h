/* SPDX-License-Identifier: MIT */
/*
 * The libraries that the program was started with and that lie behind this one, as far as libc.
 * They are seen once, at its start, and stay; from then on what they define is found without the
 * loader, whose look-up takes a lock and reads a page here and there for every name. What is
 * loaded later comes behind libc, and is never next (dlsym(3), RTLD_NEXT).
 */
#ifndef REDIAL_OS_NEXT_H
#define REDIAL_OS_NEXT_H

#include <stdbool.h>

/* Sees them. false if they are not to be seen: then the loader has to be asked. Not thread-safe. */
bool next_see(void);

/*
 * The function that the first of them has by this name, of its newest version. NULL if none has, or
 * only the loader can tell which one is meant. Async-signal-safe.
 */
void *next_find(const char *name);

/* The same of libc's own, whoever is before it. */
void *next_find_libcs(const char *name);

/* The same of what the kernel brings along (vdso(7)). */
void *next_find_kernels(const char *name);

#endif
