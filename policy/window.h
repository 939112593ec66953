/* SPDX-License-Identifier: MIT */
/*
 * A sliding window in ten slots that processes share without a lock: how many requests, and how
 * many events of another kind, there were in the last so many milliseconds. The clock is passed in.
 *
 * Requests are counted elsewhere, by a total that grows, and steps back by a few at most; the window learns of them when
 * somebody looks. Those since the last look are taken to have been spread evenly over that time, so
 * that of a look after a long while only the window's share counts.
 *
 * Each slot is one word, epoch and count: a process that is killed at any point leaves every word
 * right. Whatever the memory holds, all functions return, and what is wrong is out after a window.
 */
#ifndef REDIAL_WINDOW_H
#define REDIAL_WINDOW_H

#include <stdint.h>

enum { WINDOW_SLOTS = 10, WINDOW_MS_MAX = 600000 };

enum window_series { WINDOW_REQUESTS, WINDOW_EVENTS, WINDOW_SERIES };

struct window {
	uint64_t seen_total; /* the requests' total at the last look */
	uint64_t seen_ms;    /* when that was */
	/* Of one slot: whoever is first settles it, as processes may come with different policies. */
	uint32_t slot_ms;
	uint32_t unused;
	uint64_t slots[WINDOW_SERIES][WINDOW_SLOTS]; /* epoch << 32 | count */
};

/*
 * Everywhere below, window_ms is the length that the caller's policy asks for, 1 to WINDOW_MS_MAX
 * (others are taken to the nearer end), now_ms is of a clock that only goes forward.
 */

/* The length that the window has, in milliseconds: window_ms if nobody settled another one. */
uint32_t window_length(const struct window *window, uint32_t window_ms);

/* Takes in the requests since the last look; of processes that look at once, one counts them. */
void window_look(struct window *window, uint32_t window_ms, uint64_t total, uint64_t now_ms);

/* Counts one event now. */
void window_add_event(struct window *window, uint32_t window_ms, uint64_t now_ms);

/* How many there are in the window. */
uint64_t window_sum(const struct window *window, enum window_series series, uint32_t window_ms,
		    uint64_t now_ms);

/* Forgets all that is in it; requests count from `total` on. */
void window_clear(struct window *window, uint64_t total, uint64_t now_ms);

/* A copy to calculate with, where the window itself is to stay as it is. */
void window_copy(struct window *to, const struct window *from);

#endif
