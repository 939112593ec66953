/* SPDX-License-Identifier: MIT */
/* Heads as clients and servers write them, and as somebody would who wants two to differ. */
#ifndef REDIAL_FUZZ_HEADS_H
#define REDIAL_FUZZ_HEADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The next number below that, moving seed on. */
static inline uint32_t draw(uint64_t *seed, uint32_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % below;
}

enum { FUZZ_HEADS_MAX = 2048 };

/* One, now and then with a body; returns its length, less than FUZZ_HEADS_MAX. Moves seed on. */
size_t fuzz_heads_make(char *out, bool response, uint64_t *seed);

#endif
