/* SPDX-License-Identifier: MIT */
#include "backoff.h"

/* In thousandths of a millisecond, or a small base would never grow by a small multiplier. */
static uint32_t grown(const struct policy_backoff *backoff, uint32_t steps)
{
	uint64_t limit = (uint64_t)backoff->max_ms * 1000;
	uint64_t delay = (uint64_t)backoff->base_ms * 1000;

	while (steps-- && delay && delay < limit && backoff->multiplier_milli > 1000)
		delay = delay * backoff->multiplier_milli / 1000;
	return (uint32_t)((delay < limit ? delay : limit) / 1000);
}

void backoff_range(const struct policy_backoff *backoff, uint32_t redial, uint32_t *min_ms,
		   uint32_t *max_ms)
{
	uint32_t delay = redial > 1 ? grown(backoff, redial - 2) : 0;

	*max_ms = delay;
	switch (backoff->jitter) {
	case JITTER_NONE:
		*min_ms = delay;
		break;
	case JITTER_EQUAL:
		*min_ms = delay / 2;
		break;
	default:
		*min_ms = 0;
	}
}

uint32_t backoff_delay_ms(const struct policy_backoff *backoff, uint32_t redial, uint32_t random)
{
	uint32_t min_ms, max_ms;

	backoff_range(backoff, redial, &min_ms, &max_ms);
	return min_ms + (uint32_t)((((uint64_t)max_ms - min_ms + 1) * random) >> 32);
}
