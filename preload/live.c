/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "arena.h"
#include "config.h"
#include "shared.h"
#include "sys.h"

static bool is_gone(uint32_t pid)
{
	return !pid || pid > INT_MAX || sys2(kill, pid, 0) == -ESRCH;
}

static struct process *claim(struct state *state)
{
	struct timespec now = {0, 0};
	sys2(clock_gettime, CLOCK_BOOTTIME, &now);
	const struct process_claim who = {
	    .pid = (uint32_t)sys0(getpid),
	    .now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000,
	    .at = (uint64_t)(uintptr_t)state,
	    .is_gone = is_gone,
	};
	state_settle(state, config.policy);
	return process_claim(state->processes, &who);
}

/*
 * This process's entry; NULL if there is none. It is noted in the arena, which a forked child finds
 * empty. While it is being taken, the word is odd.
 */
static struct process *entry(void)
{
	enum { TAKING = 1, YIELDS = 200 };
	struct state *state = shared_state();
	uintptr_t *word = state && arena_ready() ? arena_word() : NULL;
	uintptr_t known = 0;
	if (!word)
		return NULL;
	if (__builtin_expect(!__atomic_load_n(word, __ATOMIC_ACQUIRE), 0) &&
	    __atomic_compare_exchange_n(word, &known, TAKING, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE)) {
		known = (uintptr_t)claim(state);
		__atomic_store_n(word, known, __ATOMIC_RELEASE);
	}
	/* A signal handler may have interrupted the very thread that does it. */
	for (int i = 0; (known = __atomic_load_n(word, __ATOMIC_ACQUIRE)) == TAKING; i++) {
		if (i == YIELDS)
			return NULL;
		sys0(sched_yield);
	}
	return (struct process *)known;
}

bool live_more(enum process_gauge gauge)
{
	struct process *process = entry();
	if (process)
		process_add(process, gauge, 1);
	return process;
}

void live_less(enum process_gauge gauge)
{
	struct process *process = entry();
	if (process)
		process_add(process, gauge, -1);
}

void live_count(enum process_event event)
{
	struct state *state = shared_state();
	struct process *process = entry();
	if (state)
		state_count(state, event);
	if (process)
		process_count(process, event);
}
