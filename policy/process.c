/* SPDX-License-Identifier: MIT */
#include "process.h"

_Static_assert(sizeof(struct process) == 64, "two processes would share a cache line");

/* How many there are for one process each. */
enum { OWN = PROCESS_ENTRIES - 1 };

#define LOAD(from)	__atomic_load_n(from, __ATOMIC_RELAXED)
#define STORE(to, what) __atomic_store_n(to, what, __ATOMIC_RELAXED)

/* The count in front of the PID tells an owner's entry from one that was lost and taken again. */
static bool take(struct process *entry, uint64_t owner, const struct process_claim *claim)
{
	uint64_t taken = ((owner >> 32) + 1) << 32 | claim->pid;

	if (!__atomic_compare_exchange_n(&entry->owner, &owner, taken, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED))
		return false;
	STORE(&entry->since_ms, claim->now_ms);
	STORE(&entry->at, claim->at);
	for (int i = 0; i < PROCESS_GAUGES; i++)
		STORE(&entry->gauges[i], 0);
	for (int i = 0; i < PROCESS_EVENTS; i++)
		STORE(&entry->events[i], 0);
	return true;
}

static struct process *take_of_pid(struct process *entries, uint32_t pid,
				   const struct process_claim *claim)
{
	for (uint32_t i = 0; i < OWN; i++) {
		struct process *entry = &entries[(claim->pid + i) % OWN];
		uint64_t owner = LOAD(&entry->owner);

		if ((uint32_t)owner == pid && take(entry, owner, claim))
			return entry;
	}
	return 0;
}

static struct process *take_abandoned(struct process *entries, const struct process_claim *claim)
{
	for (uint32_t i = 0; i < PROCESS_LOOKS; i++) {
		struct process *entry = &entries[(claim->pid + i) % OWN];
		uint64_t owner = LOAD(&entry->owner);

		if (claim->is_gone((uint32_t)owner) && take(entry, owner, claim))
			return entry;
	}
	return 0;
}

struct process *process_claim(struct process *entries, const struct process_claim *claim)
{
	struct process *entry = take_of_pid(entries, claim->pid, claim);

	if (!entry)
		entry = take_of_pid(entries, 0, claim);
	if (!entry)
		entry = take_abandoned(entries, claim);
	return entry ? entry : &entries[OWN];
}
