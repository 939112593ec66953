/* SPDX-License-Identifier: MIT */
/* Memory that the tests' forked children share with them. */
#ifndef REDIAL_TEST_SHARING_H
#define REDIAL_TEST_SHARING_H

#include "state.h"

/* A new state, made at now_ms; ends the test program if there is no memory. sharing_end drops it. */
struct state *sharing_new(uint64_t now_ms);
void sharing_end(struct state *state);

/* One zeroed page, for the children to tell how far they are. sharing_drop drops it. */
void *sharing_page(void);
void sharing_drop(volatile void *page);

/*
 * Runs `run` in so many processes at once, which all begin at the same moment, and returns the sum
 * of what they returned.
 */
long sharing_race(int processes, long (*run)(struct state *state), struct state *state);

#endif
