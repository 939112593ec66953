/* SPDX-License-Identifier: MIT */
#include "early.h"

#include "sys.h"

/* A result may be an address. */
static long told(long result)
{
	enum { ERRORS = 4095 };
	if (result >= 0 || result < -ERRORS)
		return result;
	set_errno((int)-result);
	return -1;
}

void *early_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)told(sys6(mmap, at, len, prot, flags, fd, offset));
}

int early_munmap(void *at, size_t len)
{
	return (int)told(sys2(munmap, at, len));
}

void *early_mremap(void *at, size_t len, size_t new_len, int flags, void *to)
{
	return (void *)told(sys6(mremap, at, len, new_len, flags, to, 0));
}

int early_mprotect(void *at, size_t len, int prot)
{
	return (int)told(sys3(mprotect, at, len, prot));
}

int early_pkey_mprotect(void *at, size_t len, int prot, int key)
{
	return (int)told(sys4(pkey_mprotect, at, len, prot, key));
}

int early_madvise(void *at, size_t len, int advice)
{
	return (int)told(sys3(madvise, at, len, advice));
}
