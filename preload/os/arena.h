/* SPDX-License-Identifier: MIT */
/*
 * The library's own memory: a few mappings, made when they are needed, each larger than those
 * before it, and pools of fixed sizes in them. malloc would not do: hooked calls may come from a
 * signal handler. Nothing is reserved ahead: a program may have all its memory locked (mlockall(2))
 * or counted (RLIMIT_AS, vm.overcommit_memory). A forked child finds the same mappings, zeroed
 * (MADV_WIPEONFORK), and with that nothing tracked: it hands them out anew from the first on.
 *
 * What was handed out once is never unmapped; given back, it serves again as what it was.
 */
#ifndef REDIAL_OS_ARENA_H
#define REDIAL_OS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What struct conn may take; its first four bytes are the arena's. The pool is for it alone: a
 * thread with an old pointer may look at a free one's lock, so that memory must never have held
 * anything else.
 */
enum { ARENA_CONN = 192 };

/* The same of struct conn_exchange. */
enum { ARENA_EXCHANGE = 1280 };

/* The sizes of what holds bytes; a request for anything between takes the next one up. */
enum { ARENA_BYTES_MIN = 256, ARENA_CLASSES = 7 }; /* the largest is 1 MiB */

enum { ARENA_ROOT_LEN = 8 * 1024 };

/*
 * Makes the arena if there is none, and claims it for this process. false if no memory can be had:
 * then nothing is tracked.
 */
bool arena_ready(void);

/*
 * Is this process the one that claimed the arena? false in a vfork child, which shares its
 * parent's memory and must not touch what is in it. One system call (getpid).
 */
bool arena_is_ours(void);

/*
 * ARENA_ROOT_LEN bytes for the table of descriptors, aligned to 32: zero in each process at first,
 * and in a child where they were in its parent. Only after arena_ready.
 */
void *arena_root(void);

/* A word for live.c that is 0 in each process at first. Only after arena_ready. */
uintptr_t *arena_word(void);

/*
 * Memory for a struct conn, not zeroed, aligned to 32; NULL if none can be had. Two system calls
 * (mmap, madvise) if a mapping has to be made; after one that failed only seldom another is tried.
 * Only after arena_ready.
 */
void *arena_take_conn(void);

/* Gives it back. Like all of these async-signal-safe, and without a lock. */
void arena_give_conn(void *conn);

/*
 * Memory for a struct conn_exchange in the same way; what was never handed out is all zero, what
 * was given back is as it was then, but for its first four bytes. One is kept at hand for the next
 * to take it: it is needed most often, between a request and its answer.
 */
extern char **arena_spare __attribute__((visibility("hidden")));

void *arena_take_other_exchange(void);
void arena_give_other_exchange(void *exchange);

static inline void *arena_take_exchange(void)
{
	char **place = __atomic_load_n(&arena_spare, __ATOMIC_RELAXED);
	char *spare = __atomic_exchange_n(place, NULL, __ATOMIC_ACQUIRE);
	return __builtin_expect(spare != NULL, 1) ? spare : arena_take_other_exchange();
}

static inline __attribute__((always_inline)) void arena_give_exchange(void *exchange)
{
	char **place = __atomic_load_n(&arena_spare, __ATOMIC_RELAXED);
	char *before = __atomic_exchange_n(place, (char *)exchange, __ATOMIC_ACQ_REL);
	if (__builtin_expect(before != NULL, 0))
		arena_give_other_exchange(before);
}

/* Which class serves size bytes: 0 to ARENA_CLASSES - 1, or -1 if none does. */
static inline int arena_class(size_t size)
{
	int class = 0;
	for (size_t room = ARENA_BYTES_MIN; room < size; room *= 4)
		class ++;
	return class < ARENA_CLASSES ? class : -1;
}

/* How many bytes an object of a class has. */
static inline size_t arena_usable(int class)
{
	return (size_t)ARENA_BYTES_MIN << 2 * class;
}

/* Bytes of that class, as arena_take_conn takes; NULL if it is -1 as well. */
void *arena_take(int class);
void arena_give(void *bytes, int class);

/* Of ARENA_FEW, the class of most requests that do not go into an exchange, one is at hand too. */
enum { ARENA_FEW = 2 }; /* 4 KiB */

static inline void *arena_take_few(void)
{
	char **place = __atomic_load_n(&arena_spare, __ATOMIC_RELAXED) + 1;
	char *spare = __atomic_exchange_n(place, NULL, __ATOMIC_ACQUIRE);
	return __builtin_expect(spare != NULL, 1) ? spare : arena_take(ARENA_FEW);
}

static inline void arena_give_few(void *bytes)
{
	char **place = __atomic_load_n(&arena_spare, __ATOMIC_RELAXED) + 1;
	char *before = __atomic_exchange_n(place, (char *)bytes, __ATOMIC_ACQ_REL);
	if (__builtin_expect(before != NULL, 0))
		arena_give(before, ARENA_FEW);
}

/* The same by size: at least that many bytes. NULL is fine for arena_free. */
static inline void *arena_alloc(size_t size)
{
	return arena_take(arena_class(size));
}

static inline void arena_free(void *memory, size_t size)
{
	if (memory)
		arena_give(memory, arena_class(size));
}

#endif
