/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "call.h"
#include "judge.h"
#include "kernel.h"
#include "preload.h"
#include "thread.h"

enum { HEAP_LEN = 8 << 20, MAPPINGS_MAX = 64 };

struct world world;

static char heap[HEAP_LEN] __attribute__((aligned(64)));
static size_t heap_used;

static struct mapping {
	long at, len;
} mappings[MAPPINGS_MAX];
static int mapping_count;

/* What draws from an address is to draw the same each time. */
#define MAPPINGS_AT 0x200000000000L
static long next_mapping = MAPPINGS_AT;

static char *at_start; /* the preload's variables that are not zero then */

void *world_alloc(size_t size)
{
	size = (size + 15) & ~(size_t)15;
	if (size > HEAP_LEN - heap_used)
		judge_fail("simulator", "no more memory for a run");
	heap_used += size;
	return heap + heap_used - size;
}

void bytes_add(struct bytes *to, const void *from, uint32_t len)
{
	if (to->len + len > to->room) {
		uint32_t room = 2 * (to->len + len) + 64;
		char *at = world_alloc(room);
		if (to->len)
			memcpy(at, to->at, to->len);
		to->at = at;
		to->room = room;
	}
	if (len)
		memcpy(to->at + to->len, from, len);
	to->len += len;
}

void call_note_memory(long number, long at, long len, long result)
{
	if (number == SYS_mmap) {
		if (mapping_count == MAPPINGS_MAX)
			judge_fail("simulator", "more mappings than can be noted");
		mappings[mapping_count++] = (struct mapping){result, len};
	}
	if (number != SYS_munmap)
		return;
	for (int i = 0; i < mapping_count; i++) {
		if (mappings[i].at == at)
			mappings[i] = mappings[--mapping_count];
	}
}

long call_next_memory(long len)
{
	long at = next_mapping;
	next_mapping += (len + 0xffff) & ~0xffffL;
	return at;
}

void call_reset(void)
{
	next_mapping = MAPPINGS_AT;
	for (int i = 0; i < mapping_count; i++)
		munmap((void *)mappings[i].at, (size_t)mappings[i].len);
	mapping_count = 0;
}

void world_reset(void)
{
	size_t len = (size_t)(__stop_preload_data - __start_preload_data);
	bool tracing = world.tracing, bare = world.bare;
	if (!at_start) {
		at_start = malloc(len);
		memcpy(at_start, __start_preload_data, len);
	}
	memcpy(__start_preload_data, at_start, len);
	memset(__start_preload_zero, 0, (size_t)(__stop_preload_zero - __start_preload_zero));
	call_reset();
	memset(heap, 0, heap_used);
	heap_used = 0;
	memset(&world, 0, sizeof(world));
	world.tracing = tracing;
	world.bare = bare;
	thread_reset();
	kernel_reset();
}
