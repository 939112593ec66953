/* SPDX-License-Identifier: MIT */
#include "jitter.h"

/* xorshift (Marsaglia 2003). */
uint32_t jitter_bits(uint64_t salt)
{
	static uint64_t state;
	uint64_t x = __atomic_load_n(&state, __ATOMIC_RELAXED) ^ salt;
	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	__atomic_store_n(&state, x, __ATOMIC_RELAXED);
	return (uint32_t)(x >> 32);
}
