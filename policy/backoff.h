/* SPDX-License-Identifier: MIT */
/* How long to wait before a redial. */
#ifndef REDIAL_BACKOFF_H
#define REDIAL_BACKOFF_H

#include <stdint.h>

#include "policy.h"

/*
 * The range of the wait, in milliseconds, before the redial number `redial` of one request, 1
 * being the first. The first is immediate (0 to 0): its connection was found dead, which says
 * nothing of the server's load. Later ones grow exponentially up to max_ms; the jitter gives the
 * range: full 0..d, equal d/2..d, none d..d.
 */
void backoff_range(const struct policy_backoff *backoff, uint32_t redial, uint32_t *min_ms,
		   uint32_t *max_ms);

/* The wait itself: a point of that range chosen by `random`, any 32 bits, evenly. */
uint32_t backoff_delay_ms(const struct policy_backoff *backoff, uint32_t redial, uint32_t random);

#endif
