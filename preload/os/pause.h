/* SPDX-License-Identifier: MIT */
/*
 * Asking ever more seldom for memory that is refused: a limit that is reached once will mostly stay
 * so, and every try is a system call of a program that has nothing from it. Counted, not timed, as
 * looking at the clock may be a call as well. Two threads may lose a count of each other's.
 */
#ifndef REDIAL_OS_PAUSE_H
#define REDIAL_OS_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

enum { PAUSE_MAX = 1023 };

/* All zero at first. */
struct pause {
	uint32_t left; /* that go without a try before the next one */
	uint32_t span; /* so many were to, after the last failure */
};

/* Is it to be tried now? If so, pause_note is to be told how it went. */
static inline bool pause_is_over(struct pause *pause)
{
	uint32_t left = __atomic_load_n(&pause->left, __ATOMIC_RELAXED);
	if (left)
		__atomic_store_n(&pause->left, left - 1, __ATOMIC_RELAXED);
	return !left;
}

/* Was the last try in vain? */
static inline bool pause_was_refused(const struct pause *pause)
{
	return __atomic_load_n(&pause->span, __ATOMIC_RELAXED);
}

static inline void pause_note(struct pause *pause, bool given)
{
	uint32_t span = __atomic_load_n(&pause->span, __ATOMIC_RELAXED);
	span = given ? 0 : span < PAUSE_MAX ? span * 2 + 1 : span;
	__atomic_store_n(&pause->span, span, __ATOMIC_RELAXED);
	__atomic_store_n(&pause->left, span, __ATOMIC_RELAXED);
}

#endif
