/* SPDX-License-Identifier: MIT */
/*
 * What the operator asks of this process while it runs (policy/switchboard.h): config.policy is
 * then another one. A policy that was ever in force stays where it is, so whoever has begun
 * something by it finishes by it; settings and the policy whose names they tell of go together.
 */
#ifndef REDIAL_PROCESS_SWITCH_H
#define REDIAL_PROCESS_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

#include "../../policy/state.h"

/* How many policies one process goes by, one after the other; the one that it began with counts. */
enum { SWITCH_POLICIES_MAX = 64 };

/* The launch's generation, and the one that this process goes by. */
extern const uint32_t *switch_word __attribute__((visibility("hidden")));
extern uint32_t switch_seen __attribute__((visibility("hidden")));

static inline bool switch_has_changed(void)
{
	return __atomic_load_n(switch_word, __ATOMIC_RELAXED) != switch_seen;
}

/*
 * Who waits for long before it begins something looks so often whether it is still to begin, if the
 * operator can reach this process at all: `redial off` is to take effect within a second.
 */
enum { SWITCH_LOOK_MS = 400 };
uint64_t switch_wait_ms(uint64_t wait_ms);

/* The process may be of a launch: the first look is to find out. For the constructor. */
void switch_expect(void);

/*
 * Takes over what is asked. true if config.policy is another one now. Async-signal-safe; makes
 * system calls (getpid, and mmap for a policy). If another thread is at it, that one does it.
 */
bool switch_take(void);

/* The process has taken this entry of the state, which tells from now on what it goes by. */
void switch_place(struct state *state, const struct process *entry);

#endif
