/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "../os/arena.h"
#include "config.h"
#include "shared.h"
#include "switch.h"
#include "../os/sys.h"

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
	struct process *entry = process_claim(state->processes, &who);
	switch_place(state, entry);
	return entry;
}

/* Another thread takes the entry: waits for it. 0 if it is our own, interrupted by a signal. */
static uintptr_t await(const uintptr_t *word)
{
	enum { YIELDS = 200, NAPS = 5000 };
	static const struct timespec nap = {0, 200000};
	for (int tries = 0; tries < YIELDS + NAPS; tries++) {
		uintptr_t known = __atomic_load_n(word, __ATOMIC_ACQUIRE);
		if (!(known & 1))
			return known;
		if (known == (sys_self() | 1))
			break;
		if (tries < YIELDS)
			sys0(sched_yield);
		else
			sys2(nanosleep, &nap, 0);
	}
	return 0;
}

/*
 * This process's entry; NULL if there is none. It is noted in the arena, which a forked child finds
 * empty. While it is being taken, the word is the thread that does it, and odd.
 */
static struct process *entry(void)
{
	struct state *state = shared_state();
	uintptr_t *word = state && arena_ready() ? arena_word() : NULL;
	uintptr_t known = word ? __atomic_load_n(word, __ATOMIC_ACQUIRE) : 0;
	if (!word)
		return NULL;
	if (!known && __atomic_compare_exchange_n(word, &known, sys_self() | 1, false,
						  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		known = (uintptr_t)claim(state);
		__atomic_store_n(word, known, __ATOMIC_RELEASE);
	}
	return (struct process *)(known & 1 ? await(word) : known);
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

void live_leave(void)
{
	struct process *process = entry();
	uint64_t owner = process ? __atomic_load_n(&process->owner, __ATOMIC_RELAXED) : 0;
	/* Not the one that many share. */
	if ((uint32_t)owner != (uint32_t)sys0(getpid))
		return;
	for (int i = 0; i < PROCESS_GAUGES; i++)
		__atomic_store_n(&process->gauges[i], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&process->owner, owner >> 32 << 32, __ATOMIC_RELEASE);
}
