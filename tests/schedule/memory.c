/* SPDX-License-Identifier: MIT */
/* In the place of preload/os/memory.c: the simulated programs' memory is all there, and stays. */
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "../../preload/os/memory.h"
#include "call.h"

/* Of the preload's variables, which each run starts anew. */
#define PRELOAD_DATA __attribute__((section("preload_data")))

PRELOAD_DATA uintptr_t preload_memory_until[MEMORY_SLOTS];
static const uintptr_t no_break = UINTPTR_MAX;
PRELOAD_DATA const uintptr_t *preload_memory_break = &no_break;
PRELOAD_DATA uintptr_t preload_memory_heap_top;
PRELOAD_DATA uintptr_t preload_memory_recent = MEMORY_NOWHERE;
PRELOAD_DATA uint32_t preload_memory_generation;
PRELOAD_DATA bool preload_memory_watched;

bool preload_memory_ask(const void *at, size_t len);
void preload_memory_gone(const void *at, size_t len);
void preload_memory_forget(void);

bool preload_memory_ask(const void *at, size_t len)
{
	return at && len;
}

void preload_memory_gone(const void *at, size_t len)
{
	(void)at;
	(void)len;
}

void preload_memory_forget(void)
{
}

long call_copy(long number, const struct iovec *own, const struct iovec *others, size_t count)
{
	char *at = own->iov_base;
	for (size_t i = 0; i < count; i++) {
		if (number == SYS_process_vm_readv)
			memcpy(at, others[i].iov_base, others[i].iov_len);
		else
			memcpy(others[i].iov_base, at, others[i].iov_len);
		at += others[i].iov_len;
	}
	return at - (char *)own->iov_base;
}
