/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <sys/mman.h>

#include "mem.h"
#include "sys.h"
#include "../conn/table.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum { HEAD_LEN = 4096 }; /* room for struct arena, whole pages of slots behind it */
enum { UNIT = 32 };	  /* what offsets count in: 32 bits of them reach far past any arena */

struct arena {
	uint32_t pid;  /* the process that claimed it; 0 in a fresh or wiped arena */
	uint32_t used; /* units handed to the pools so far, from the heap's start */
	uintptr_t word;
	/* Each pool's free objects: a stack whose head is tag << 32 | unit, the tag against ABA. */
	uint64_t free[ARENA_CLASSES];
};

/* From what one wants to what a process under a tight RLIMIT_AS can still have. */
static const struct {
	uint32_t slots;
	uint32_t heap;
} layouts[] = {{1 << 20, 64 << 20}, {1 << 16, 16 << 20}, {1 << 12, 2 << 20}};

static struct arena *arena;
static char *heap;
static uint32_t heap_units;

static bool arena_map(void)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		size_t slots_len = (size_t)layouts[i].slots * sizeof(struct conn *);
		size_t len = HEAD_LEN + slots_len + layouts[i].heap;
		long at = sys6(mmap, 0, len, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		if (at < 0 && at > -4096)
			continue;
		/* Before Linux 4.14 this fails, and children rely on arena_is_ours instead. */
		sys3(madvise, at, len, MADV_WIPEONFORK);
		struct arena *none = NULL;
		char *base = (char *)at;
		if (!__atomic_compare_exchange_n(&arena, &none, (struct arena *)base, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			sys2(munmap, at, len); /* another thread was first */
			return true;
		}
		heap_units = layouts[i].heap / UNIT;
		__atomic_store_n(&heap, base + HEAD_LEN + slots_len, __ATOMIC_RELEASE);
		table_place((struct conn **)(base + HEAD_LEN), layouts[i].slots);
		return true;
	}
	return false;
}

bool arena_ready(void)
{
	if (!__atomic_load_n(&arena, __ATOMIC_ACQUIRE) && !arena_map())
		return false;
	if (!__atomic_load_n(&heap, __ATOMIC_ACQUIRE))
		return false; /* being made by another thread: miss this one connection */
	if (!__atomic_load_n(&arena->pid, __ATOMIC_RELAXED))
		__atomic_store_n(&arena->pid, (uint32_t)sys0(getpid), __ATOMIC_RELAXED);
	return true;
}

bool arena_is_ours(void)
{
	return arena && arena->pid == (uint32_t)sys0(getpid);
}

uintptr_t *arena_word(void)
{
	return &arena->word;
}

static void *fresh_object(uint32_t units)
{
	uint32_t used = __atomic_load_n(&arena->used, __ATOMIC_RELAXED);
	do {
		if (used + units > heap_units)
			return NULL;
	} while (!__atomic_compare_exchange_n(&arena->used, &used, used + units, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return heap + (size_t)used * UNIT;
}

/*
 * The free object below this one. Another thread may have taken the object by now and be writing
 * to it: then what is read here is anything, but the head's tag has moved on, and it is not used.
 */
__attribute__((no_sanitize("thread"))) static uint32_t below(const char *object)
{
	return *(const volatile uint32_t *)(const void *)object;
}

void *arena_take(int class)
{
	if (class < 0)
		return NULL;
	uint64_t *top = &arena->free[class];
	uint64_t head = __atomic_load_n(top, __ATOMIC_ACQUIRE);
	while ((uint32_t)head) {
		char *object = heap + ((size_t)(uint32_t)head - 1) * UNIT;
		uint64_t to = ((head >> 32) + 1) << 32 | below(object);
		if (__atomic_compare_exchange_n(top, &head, to, true, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE))
			return object;
	}
	return fresh_object((uint32_t)arena_usable(class) / UNIT);
}

void arena_give(void *object, int class)
{
	uint64_t *top = &arena->free[class];
	uint32_t unit = (uint32_t)((size_t)((char *)object - heap) / UNIT) + 1;
	uint64_t head = __atomic_load_n(top, __ATOMIC_ACQUIRE);
	uint64_t to;
	do {
		__atomic_store_n((uint32_t *)object, (uint32_t)head, __ATOMIC_RELAXED);
		to = ((head >> 32) + 1) << 32 | unit;
	} while (
	    !__atomic_compare_exchange_n(top, &head, to, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}
