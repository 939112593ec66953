/* SPDX-License-Identifier: MIT */
/* The faults of a rehearsal summed up. */
#ifndef REDIAL_REHEARSE_ROWS_H
#define REDIAL_REHEARSE_ROWS_H

#include "outcome.h"

enum { ROWS_MAX = 64, ROW_WHY_MAX = 96 };

/* Of one kind, method and host. */
struct row {
	int fault;
	char method[16], host[128];
	size_t made, saved, given;
	char why[ROW_WHY_MAX]; /* "method 3, budget 1" */
};

struct sums {
	struct row rows[ROWS_MAX + 1]; /* the last one: all others, once there are so many */
	size_t row_count;
	size_t made, saved, given, due; /* due: of given, those that should not have been lost */
	uint64_t added_median_ms, added_max_ms;
};

/* false: no memory. */
bool rows_sum(struct sums *sums, const struct made_list *list);

#endif
