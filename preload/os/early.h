/* SPDX-License-Identifier: MIT */
/*
 * What the entries of X_EARLY (hooks/symbols.def) hold until real_resolve has run: the plain system
 * calls, as libc makes them. A look-up may need memory, and so call them itself.
 */
#ifndef REDIAL_OS_EARLY_H
#define REDIAL_OS_EARLY_H

#include <stddef.h>
#include <sys/types.h>

void *early_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset);
int early_munmap(void *at, size_t len);
void *early_mremap(void *at, size_t len, size_t new_len, int flags, void *to);
int early_mprotect(void *at, size_t len, int prot);
int early_pkey_mprotect(void *at, size_t len, int prot, int key);
int early_madvise(void *at, size_t len, int advice);

#endif
