/* SPDX-License-Identifier: MIT */
#include "draw.h"

#include <string.h>

static struct tape noted;
static struct tape given;
static bool from_tape;
static size_t drawn;
static uint64_t state;

/* splitmix64 */
static uint64_t next_random(void)
{
	uint64_t x = state += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

void draw_from_seed(uint64_t seed)
{
	state = seed;
	state = next_random();
	from_tape = false;
	drawn = 0;
}

void draw_from_tape(const struct tape *tape)
{
	given.len = tape->len;
	memcpy(given.drawn, tape->drawn, tape->len * sizeof(tape->drawn[0]));
	from_tape = true;
	drawn = 0;
}

bool draw_tape(struct tape *tape)
{
	if (drawn > TAPE_MAX)
		return false;
	tape->len = drawn;
	memcpy(tape->drawn, noted.drawn, drawn * sizeof(tape->drawn[0]));
	return true;
}

uint32_t draw(uint32_t below)
{
	uint32_t value;
	if (below < 2)
		return 0;
	if (!from_tape)
		value = (uint32_t)(next_random() >> 32) % below;
	else
		value = drawn < given.len ? given.drawn[drawn] % below : 0;
	if (drawn < TAPE_MAX)
		noted.drawn[drawn] = (uint16_t)value;
	drawn++;
	return value;
}

bool draw_chance(uint32_t in_1000)
{
	/* The plainest, 0, is to mean no. */
	return in_1000 && draw(1000) >= 1000 - in_1000;
}
