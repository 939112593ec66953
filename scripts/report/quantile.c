/* SPDX-License-Identifier: MIT */
#include "quantile.h"

static unsigned bucket_of(uint64_t value)
{
	unsigned octave;

	if (value < QUANTILE_EXACT)
		return (unsigned)value;
	octave = 63 - (unsigned)__builtin_clzll(value); /* 7 to 31 */
	return QUANTILE_EXACT + (octave - 7) * QUANTILE_STEPS +
	       (unsigned)((value >> (octave - 6)) - QUANTILE_STEPS);
}

/* The middle of what goes into it. */
static uint64_t value_of(unsigned bucket)
{
	unsigned step, shift;

	if (bucket < QUANTILE_EXACT)
		return bucket;
	step = (bucket - QUANTILE_EXACT) % QUANTILE_STEPS;
	shift = (bucket - QUANTILE_EXACT) / QUANTILE_STEPS + 1;
	return ((uint64_t)(QUANTILE_STEPS + step) << shift) + (UINT64_C(1) << shift) / 2;
}

void quantile_add(struct quantile *quantile, uint64_t value)
{
	uint32_t *bucket;

	if (value > UINT32_MAX)
		value = UINT32_MAX;
	bucket = &quantile->bucket[bucket_of(value)];
	*bucket += *bucket < UINT32_MAX;
	quantile->count++;
	quantile->sum += value;
	if (value > quantile->max)
		quantile->max = value;
}

uint64_t quantile_of(const struct quantile *quantile, unsigned per_mille)
{
	uint64_t wanted = quantile->count / 1000 * per_mille, seen = 0;

	wanted += (quantile->count % 1000 * per_mille + 999) / 1000;
	for (unsigned i = 0; i < QUANTILE_BUCKETS && wanted; i++) {
		seen += quantile->bucket[i];
		if (seen >= wanted) {
			uint64_t value = value_of(i);

			return value < quantile->max ? value : quantile->max;
		}
	}
	return quantile->count ? quantile->max : 0;
}
