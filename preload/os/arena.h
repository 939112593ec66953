/* SPDX-License-Identifier: MIT */
/*
 * The library's own memory: one mapping, made when the program opens its first stream socket, with
 * the table of descriptors at its start and pools of fixed sizes behind it. malloc would not do:
 * hooked calls may come from a signal handler. A forked child finds the whole of it zeroed
 * (MADV_WIPEONFORK), and with that nothing tracked.
 */
#ifndef REDIAL_OS_ARENA_H
#define REDIAL_OS_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The sizes that pools come in; a request for anything between takes the next one up. The smallest
 * is for struct conn alone: a thread with an old pointer may look at a free one's lock, so that
 * memory must never have held anything else.
 */
enum { ARENA_CONN = 480, ARENA_BYTES_MIN = 1024, ARENA_CLASSES = 7 }; /* the largest is 1 MiB */

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

/* A word for live.c that is 0 in each process at first. Only after arena_ready. */
uintptr_t *arena_word(void);

/* Which pool serves size bytes: 0 to ARENA_CLASSES - 1, or -1 if none does. */
static inline int arena_class(size_t size)
{
	if (size <= ARENA_CONN)
		return 0;
	int class = 1;
	for (size_t room = ARENA_BYTES_MIN; room < size; room *= 4)
		class ++;
	return class < ARENA_CLASSES ? class : -1;
}

/* How many bytes an object of a pool has. */
static inline size_t arena_usable(int class)
{
	return class ? (size_t)ARENA_BYTES_MIN << 2 * (class - 1) : ARENA_CONN;
}

/* An object of that pool, not zeroed, aligned to 32; NULL if class is -1 or no memory is left. */
void *arena_take(int class);

/* Gives back what arena_take(class) returned. Both are async-signal-safe. */
void arena_give(void *object, int class);

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
