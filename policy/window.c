/* SPDX-License-Identifier: MIT */
#include "window.h"

#include <stdbool.h>

enum { SLOT_MS_MAX = WINDOW_MS_MAX / WINDOW_SLOTS };

/* A count stays below this, so that no addition of another process's carries into the epoch. */
#define COUNT_MAX (UINT32_C(1) << 30)

/* By how much the total that a slow process brings may lie behind; further behind is rubbish. */
#define TOTAL_BEHIND_MAX (UINT64_C(1) << 24)

#define LOAD(from)	__atomic_load_n(from, __ATOMIC_RELAXED)
#define STORE(to, what) __atomic_store_n(to, what, __ATOMIC_RELAXED)

static bool swap(uint64_t *word, uint64_t *expected, uint64_t wanted)
{
	return __atomic_compare_exchange_n(word, expected, wanted, false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}

static bool is_slot_ms(uint32_t slot_ms)
{
	return slot_ms && slot_ms <= SLOT_MS_MAX;
}

static uint32_t wanted_slot_ms(uint32_t window_ms)
{
	uint32_t wanted = window_ms / WINDOW_SLOTS;

	if (wanted > SLOT_MS_MAX)
		return SLOT_MS_MAX;
	return wanted ? wanted : 1;
}

static uint32_t known_slot_ms(const struct window *window, uint32_t window_ms)
{
	uint32_t known = LOAD(&window->slot_ms);

	return is_slot_ms(known) ? known : wanted_slot_ms(window_ms);
}

static uint32_t settled_slot_ms(struct window *window, uint32_t window_ms)
{
	uint32_t known = LOAD(&window->slot_ms);
	uint32_t wanted = wanted_slot_ms(window_ms);

	if (is_slot_ms(known))
		return known;
	if (__atomic_compare_exchange_n(&window->slot_ms, &known, wanted, false, __ATOMIC_RELAXED,
					__ATOMIC_RELAXED) ||
	    !is_slot_ms(known))
		return wanted;
	return known;
}

/* By how many slots the word is older than the epoch; below 0 if it is newer. */
static int32_t age(uint64_t word, uint32_t epoch)
{
	return (int32_t)(epoch - (uint32_t)(word >> 32));
}

/*
 * A word of an older epoch gives way. One that is newer by a window, so that it has the same place,
 * is of a process whose clock was read later: it takes what we have to add.
 */
static void put(struct window *window, enum window_series series, uint64_t slot, uint64_t count)
{
	uint64_t *word = &window->slots[series][slot % WINDOW_SLOTS];
	uint32_t epoch = (uint32_t)slot;
	uint64_t old = LOAD(word);

	if (!count)
		return;
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	for (int tries = 0; tries < 4; tries++) {
		if (age(old, epoch) <= 0 && age(old, epoch) >= -WINDOW_SLOTS) {
			if ((uint32_t)old < COUNT_MAX)
				__atomic_fetch_add(word, count, __ATOMIC_RELAXED);
			return;
		}
		if (swap(word, &old, (uint64_t)epoch << 32 | count))
			return;
	}
}

/* `count` requests between since_ms and now_ms: to each slot what falls into its time. */
static void spread(struct window *window, uint32_t slot_ms, uint64_t count, uint64_t since_ms,
		   uint64_t now_ms)
{
	uint64_t elapsed = now_ms > since_ms ? now_ms - since_ms : 0;
	uint64_t newest = now_ms / slot_ms;
	uint64_t given = 0;

	if (count > UINT32_MAX)
		count = UINT32_MAX;
	for (uint64_t back = 0; back < WINDOW_SLOTS && back <= newest; back++) {
		uint64_t until_start = now_ms - (newest - back) * slot_ms;
		/* No overflow: until_start is at most a window here. */
		uint64_t due = until_start < elapsed ? count * until_start / elapsed : count;

		put(window, WINDOW_REQUESTS, newest - back, due - given);
		given = due;
	}
}

uint32_t window_length(const struct window *window, uint32_t window_ms)
{
	return known_slot_ms(window, window_ms) * WINDOW_SLOTS;
}

void window_look(struct window *window, uint32_t window_ms, uint64_t total, uint64_t now_ms)
{
	uint64_t seen = LOAD(&window->seen_total);
	uint64_t since_ms = LOAD(&window->seen_ms);
	uint64_t behind = seen - total;

	/* Who added up later has looked already. */
	if (seen > total && behind < TOTAL_BEHIND_MAX)
		return;
	if (!swap(&window->seen_total, &seen, total))
		return;
	STORE(&window->seen_ms, now_ms);
	if (total > seen)
		spread(window, settled_slot_ms(window, window_ms), total - seen, since_ms, now_ms);
}

void window_add_event(struct window *window, uint32_t window_ms, uint64_t now_ms)
{
	put(window, WINDOW_EVENTS, now_ms / settled_slot_ms(window, window_ms), 1);
}

uint64_t window_sum(const struct window *window, enum window_series series, uint32_t window_ms,
		    uint64_t now_ms)
{
	uint32_t epoch = (uint32_t)(now_ms / known_slot_ms(window, window_ms));
	uint64_t sum = 0;

	for (int i = 0; i < WINDOW_SLOTS; i++) {
		uint64_t word = LOAD(&window->slots[series][i]);

		if (age(word, epoch) < WINDOW_SLOTS && age(word, epoch) > -WINDOW_SLOTS)
			sum += (uint32_t)word;
	}
	return sum;
}

void window_clear(struct window *window, uint64_t total, uint64_t now_ms)
{
	for (int series = 0; series < WINDOW_SERIES; series++)
		for (int i = 0; i < WINDOW_SLOTS; i++)
			STORE(&window->slots[series][i], 0);
	STORE(&window->seen_total, total);
	STORE(&window->seen_ms, now_ms);
}

void window_copy(struct window *to, const struct window *from)
{
	to->seen_total = LOAD(&from->seen_total);
	to->seen_ms = LOAD(&from->seen_ms);
	to->slot_ms = LOAD(&from->slot_ms);
	to->unused = 0;
	for (int series = 0; series < WINDOW_SERIES; series++)
		for (int i = 0; i < WINDOW_SLOTS; i++)
			to->slots[series][i] = LOAD(&from->slots[series][i]);
}
