/* SPDX-License-Identifier: MIT */
#include "switch.h"

#include <sys/mman.h>

#include "config.h"
#include "shared.h"
#include "../os/mem.h"
#include "../os/start.h"
#include "../os/sys.h"

/* One that is in force, or was. Never let go: there are few, and who uses one is not counted. */
struct known {
	struct known *next;
	const struct policy *on;
	uint64_t sum;
	struct policy off; /* of which only what is before the rules is there */
	struct compiled file;
};

static const uint32_t none, unknown = UINT32_MAX; /* no generation is that high */

READ_OFTEN const uint32_t *switch_word = &none;
READ_OFTEN uint32_t switch_seen;

static struct known *newest, *current, *first;
static unsigned count;
static bool behind;
static uint32_t
    taker; /* the process of which a thread is in switch_take; a child has another PID */
static struct switchboard_part *own;
static uint32_t own_pid; /* whose `own` is: a forked child has none yet */

void switch_expect(void)
{
	switch_word = &unknown;
}

uint64_t switch_wait_ms(uint64_t wait_ms)
{
	return switch_word == &none || wait_ms < SWITCH_LOOK_MS ? wait_ms : SWITCH_LOOK_MS;
}

static struct known *make(void)
{
	if (count >= SWITCH_POLICIES_MAX)
		return NULL;
	long at = sys6(mmap, 0, sizeof(struct known), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return at < 0 && at > -4096 ? NULL : (struct known *)at;
}

static struct known *keep(struct known *fresh, const struct policy *on, uint64_t sum)
{
	fresh->on = on;
	fresh->sum = sum;
	switchboard_off_policy(&fresh->off, on);
	fresh->next = newest;
	newest = fresh;
	count++;
	return fresh;
}

/* The one that the process started with. */
static struct known *keep_first(void)
{
	struct known *fresh = make();
	return fresh ? keep(fresh, config.policy, compiled_sum(config.policy)) : NULL;
}

static struct known *find(uint64_t sum)
{
	struct known *at = newest;
	while (at && at->sum != sum)
		at = at->next;
	return at;
}

/* What is settled at the start of a process: which libraries are followed, and where lines go. */
static void stay_with_start(struct policy *policy)
{
	policy->tls = first->on->tls;
	policy->uses =
	    (policy->uses & ~(uint32_t)POLICY_USES_TLS) | (first->on->uses & POLICY_USES_TLS);
	policy->log = first->on->log;
}

/* NULL if it cannot be had. The memory is others' as well: it is judged once it is our own. */
static struct known *bring(const struct switchboard *board)
{
	struct known *known = find(board->policy.checksum);
	if (known)
		return known;
	struct known *fresh = make();
	if (!fresh)
		return NULL;
	const char *why;
	memcpy(&fresh->file, &board->policy, sizeof(fresh->file));
	size_t len =
	    fresh->file.size < sizeof(fresh->file) ? fresh->file.size : sizeof(fresh->file);
	if (!compiled_open(&fresh->file, len, &why)) {
		sys2(munmap, fresh, sizeof(*fresh));
		return NULL;
	}
	stay_with_start(&fresh->file.policy);
	return keep(fresh, &fresh->file.policy, fresh->file.checksum);
}

/* In the process's entry, for readers. */
static void tell(void)
{
	struct switchboard_part *part = own;
	if (!part || own_pid != (uint32_t)sys0(getpid))
		return;
	bool off = !config.policy->enabled;
	uint32_t state = (off ? STATE_OFF : 0) | (behind ? STATE_BEHIND : 0);
	__atomic_store_n(&part->sum, current ? current->sum : compiled_sum(config.policy),
			 __ATOMIC_RELAXED);
	__atomic_store_n(&part->state, state, __ATOMIC_RELAXED);
	__atomic_store_n(&part->seen, switch_seen, __ATOMIC_RELEASE);
}

static unsigned place_of(const struct state *state)
{
	return own && own_pid == (uint32_t)sys0(getpid) ? (unsigned)(own - state->board.parts)
							: PROCESS_ENTRIES;
}

/* Goes by what the board says. */
static bool obey(const struct state *state)
{
	const struct switchboard *board = &state->board;
	if (!first)
		first = current = keep_first();
	if (!first) /* no memory: as it was, until something changes again */
		return false;
	if (__atomic_load_n(&board->reloads, __ATOMIC_ACQUIRE)) {
		struct known *brought = bring(board);
		behind = !brought;
		current = brought ? brought : current;
	}
	bool off = switchboard_is_off(board, place_of(state)) || !current->on->enabled;
	const struct policy *policy = off ? &current->off : current->on;
	if (policy == config.policy)
		return false;
	config.tracks = current->on->uses;
	__atomic_store_n(&config.policy, policy, __ATOMIC_RELEASE);
	return true;
}

bool switch_take(void)
{
	uint32_t before = __atomic_load_n(&taker, __ATOMIC_RELAXED);
	uint32_t self = (uint32_t)sys0(getpid);
	if (before == self || !__atomic_compare_exchange_n(&taker, &before, self, false,
							   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	const struct state *state = shared_launch();
	switch_word = state ? &state->board.generation : &none;
	/* First: what changes from here on is taken the next time. */
	uint32_t generation = __atomic_load_n(switch_word, __ATOMIC_ACQUIRE);
	bool other = generation && obey(state);
	__atomic_store_n(&switch_seen, generation, __ATOMIC_RELAXED);
	tell();
	__atomic_store_n(&taker, 0, __ATOMIC_RELEASE);
	return other;
}

void switch_place(struct state *state, const struct process *entry)
{
	unsigned place = (unsigned)(entry - state->processes);
	own_pid = 0;
	if (state != shared_launch() || place >= PROCESS_ENTRIES - 1)
		return;
	uint32_t pid = (uint32_t)sys0(getpid);
	switchboard_take(&state->board, place, pid);
	own = &state->board.parts[place];
	own_pid = pid;
	tell();
	/* The program that the process was before its exec may have been asked something. */
	if (__atomic_load_n(&own->turn, __ATOMIC_RELAXED) != TURN_AS_ALL)
		switch_word = &unknown;
}
