/* SPDX-License-Identifier: MIT */
/*
 * What a run draws by lot. All of it comes from one seed, and is noted on a tape: a run is made
 * again from its seed, or from a tape that the search for a shorter run has cut and zeroed.
 */
#ifndef SCHEDULE_DRAW_H
#define SCHEDULE_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAPE_MAX = 32768 };

struct tape {
	uint16_t drawn[TAPE_MAX];
	size_t len;
};

/* Starts a run's lots: from the seed, or from the tape, past whose end only zeros come. */
void draw_from_seed(uint64_t seed);
void draw_from_tape(const struct tape *tape);

/* What has been drawn since; false if it was too much to note. */
bool draw_tape(struct tape *tape);

/* One of 0 to below - 1, of at most 65536. 0 is to be the plainest there is. */
uint32_t draw(uint32_t below);

/* True so often in a thousand. */
bool draw_chance(uint32_t in_1000);

/* One of a list of numbers, the plainest first. */
#define DRAW_OF(...)                                                                               \
	({                                                                                         \
		static const uint32_t list[] = {__VA_ARGS__};                                      \
		list[draw(sizeof(list) / sizeof(list[0]))];                                        \
	})

#endif
