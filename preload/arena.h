/* SPDX-License-Identifier: MIT */
/*
 * The library's own memory: one mapping, made when the program opens its first stream socket, with
 * the table of descriptors at its start and pools of fixed sizes behind it. malloc would not do:
 * hooked calls may come from a signal handler. A forked child finds the whole of it zeroed
 * (MADV_WIPEONFORK), and with that nothing tracked.
 */
#ifndef REDIAL_ARENA_H
#define REDIAL_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The sizes that pools come in; a request for anything between takes the next one up. The smallest
 * is for struct conn alone: a thread with an old pointer may look at a free one's lock, so that
 * memory must never have held anything else.
 */
enum { ARENA_SIZE_MAX = 1 << 20, ARENA_CLASSES = 7, ARENA_CONN = 480, ARENA_BYTES_MIN = 1024 };

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

/* At least size bytes, not zeroed, aligned to 32; NULL if size or the arena is exhausted. */
void *arena_alloc(size_t size);

/* Gives back what arena_alloc(size) returned; NULL is fine. Async-signal-safe, as is alloc. */
void arena_free(void *memory, size_t size);

/* How many bytes arena_alloc(size) really gives. */
size_t arena_usable(size_t size);

#endif
