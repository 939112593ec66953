/* SPDX-License-Identifier: MIT */
/*
 * The program's memory. What it hands to a call may be no memory at all, or lie over a file that
 * has become shorter: the kernel says EFAULT of it, where a load of ours would end the program. So
 * nothing of it is touched but what is known to be readable, what the kernel has just read or
 * written itself, and what is copied by a system call that says EFAULT (copy.h).
 *
 * Known is memory that goes away by nothing but a call that we see: the heap, stacks, what loaded
 * objects hold. Other anonymous memory the kernel is asked for, until it has been handed over some
 * times. Never known are a file's pages. What is unmapped past the hooks, by free or dlclose, and
 * used nevertheless, is the one case in which the program ends where bare it would be told EFAULT.
 */
#ifndef REDIAL_OS_MEMORY_H
#define REDIAL_OS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From a page to where the known memory that it lies in ends, or a place before that: at most
 * MEMORY_REACH beyond the page's start, so that an entry cannot be taken for that of another page
 * which falls on it. 0 for none.
 */
enum { MEMORY_PAGE_LOG2 = 12, MEMORY_SLOTS = 256 };
enum { MEMORY_REACH = (MEMORY_SLOTS - 1) << MEMORY_PAGE_LOG2 };
extern uintptr_t memory_until[MEMORY_SLOTS] __attribute__((visibility("hidden")));

/* Where the heap ends (glibc's __curbrk), and how far memory_until goes by that. */
extern const uintptr_t *memory_break __attribute__((visibility("hidden")));
extern uintptr_t memory_heap_top __attribute__((visibility("hidden")));

/*
 * The same as memory_is_known, off the usual path: asks what memory it is, if that is due. Every
 * part of it is async-signal-safe. System calls: those of region_find, and rt_sigprocmask.
 */
bool memory_ask(const void *at, size_t len);

/* May len bytes (not 0) at `at` be read by a load? */
static inline bool memory_is_known(const void *at, size_t len)
{
	uintptr_t from = (uintptr_t)at;
	size_t room = __atomic_load_n(&memory_until[from >> MEMORY_PAGE_LOG2 & (MEMORY_SLOTS - 1)],
				      __ATOMIC_RELAXED) -
		      from;
	if (__builtin_expect(room <= MEMORY_REACH && len <= room &&
				 *__atomic_load_n(&memory_break, __ATOMIC_RELAXED) >=
				     __atomic_load_n(&memory_heap_top, __ATOMIC_RELAXED),
			     1))
		return true;
	return memory_ask(at, len);
}

/*
 * One address that a hook has found to be known, for it to find that out again in two instructions;
 * MEMORY_NOWHERE once anything has gone.
 */
enum { MEMORY_NOWHERE = 1 };
extern uintptr_t memory_recent __attribute__((visibility("hidden")));

/* Goes up whenever anything has gone. */
extern uint32_t memory_generation __attribute__((visibility("hidden")));

/* Has anything been learnt, so that the hooks have to tell what goes? */
extern bool memory_watched __attribute__((visibility("hidden")));

/* Called after the kernel's turn: what was there may be gone, or be something else. */
void memory_gone(const void *at, size_t len);

/* Knows nothing any more: for a forked child, which may not have all that its parent has. */
void memory_forget(void);

#endif
