/* SPDX-License-Identifier: MIT */
/*
 * The calls by which memory that was readable may not be so any more. Allocators make them before
 * there is anything, and while they hold locks of their own: nothing here looks a symbol up, takes
 * memory, or waits for long.
 */
#include <sys/mman.h>

#include "../os/memory.h"
#include "../os/real.h"

#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

static inline bool is_watched(void)
{
	return __builtin_expect(__atomic_load_n(&memory_watched, __ATOMIC_SEQ_CST), 0);
}

/* Also where it was only found to be free: what was there may have been unmapped past us. */
static inline void *mapped(void *at, size_t len)
{
	if (at != MAP_FAILED && is_watched())
		memory_gone(at, len);
	return at;
}

HOOK void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mapped(real.mmap(at, len, prot, flags, fd, offset), len);
}

HOOK void *mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return mmap(at, len, prot, flags, fd, offset);
}

HOOK int munmap(void *at, size_t len)
{
	int result = real.munmap(at, len);
	if (is_watched())
		memory_gone(at, len);
	return result;
}

/* Declared here, as sys/mman.h declares it with `...`. */
void *redial_mremap(void *at, size_t len, size_t new_len, int flags, void *to) __asm__("mremap");

HOOK void *redial_mremap(void *at, size_t len, size_t new_len, int flags, void *to)
{
	void *result = real.mremap(at, len, new_len, flags, to);
	if (is_watched())
		memory_gone(at, len);
	return mapped(result, new_len);
}

/* PROT_GROWSDOWN means more than it says: from where the mapping begins (mprotect(2)). */
static TRACKED void protected(void *at, size_t len, int prot)
{
	if (prot & PROT_GROWSDOWN)
		memory_gone(NULL, (size_t)at + len);
	else
		memory_gone(at, len);
}

HOOK int mprotect(void *at, size_t len, int prot)
{
	int result = real.mprotect(at, len, prot);
	if (!(prot & PROT_READ) && is_watched())
	protected(at, len, prot);
	return result;
}

HOOK int pkey_mprotect(void *at, size_t len, int prot, int key)
{
	int result = real.pkey_mprotect(at, len, prot, key);
	if ((!(prot & PROT_READ) || key > 0) && is_watched())
	protected(at, len, prot);
	return result;
}

HOOK int madvise(void *at, size_t len, int advice)
{
	int result = real.madvise(at, len, advice);
	if (__builtin_expect(advice >= MADV_HWPOISON && advice <= MADV_GUARD_INSTALL, 0) &&
	    is_watched())
		memory_gone(at, len);
	return result;
}
