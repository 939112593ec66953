/* SPDX-License-Identifier: MIT */
/*
 * Quantiles of any number of values in fixed memory: a histogram that is exact below 128 and has 64
 * steps for each power of two above, so that an answer is off by less than one in a hundred.
 */
#ifndef REDIAL_REPORT_QUANTILE_H
#define REDIAL_REPORT_QUANTILE_H

#include <stdint.h>

enum {
	QUANTILE_EXACT = 128, /* 1 << 7 */
	QUANTILE_STEPS = 64,  /* for each of 2^7, 2^8 ... 2^31 */
	QUANTILE_BUCKETS = QUANTILE_EXACT + 25 * QUANTILE_STEPS,
};

struct quantile {
	uint64_t count;
	uint64_t sum;
	uint64_t max;
	uint32_t bucket[QUANTILE_BUCKETS];
};

/* Values above 2^32 - 1 count as that. */
void quantile_add(struct quantile *quantile, uint64_t value);

/*
 * The smallest value that at least per_mille thousandths of all are not above (500: the median); 0
 * if there are none. Never more than the largest.
 */
uint64_t quantile_of(const struct quantile *quantile, unsigned per_mille);

#endif
