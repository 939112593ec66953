/* SPDX-License-Identifier: MIT */
#ifndef SCHEDULE_SHRINK_H
#define SCHEDULE_SHRINK_H

#include "draw.h"

/*
 * Cuts and zeroes what a faulty run has drawn for as long as the fault stays of its kind. run makes
 * a run from the lots that are set, and returns whether it has that fault. Returns how many runs it
 * has taken.
 */
int shrink(struct tape *tape, bool run(void));

#endif
