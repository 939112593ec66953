/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct row *find_row(struct sums *sums, const struct made *made)
{
	for (size_t i = 0; i < sums->row_count; i++) {
		struct row *row = &sums->rows[i];
		if (row->fault == made->fault && !strcmp(row->method, made->method) &&
		    !strcmp(row->host, made->host))
			return row;
	}
	struct row *row = &sums->rows[sums->row_count];
	bool room = sums->row_count < ROWS_MAX;
	if (room || !row->made) {
		row->fault = made->fault;
		snprintf(row->method, sizeof(row->method), "%s", room ? made->method : "");
		snprintf(row->host, sizeof(row->host), "%s", room ? made->host : "(others)");
	}
	sums->row_count += room;
	return row;
}

/* By number of faults of the row: a reason, then the next. */
static void tell_why(struct row *row, const struct made_list *list)
{
	size_t len = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct made *first = &list->all[i];
		size_t count = 0;
		bool told = false;

		for (size_t j = 0; j < list->count; j++) {
			const struct made *other = &list->all[j];
			bool same = other->fault == row->fault && other->fate != FATE_SAVED &&
				    !strcmp(other->method, row->method) &&
				    !strcmp(other->host, row->host) &&
				    !strcmp(other->reason, first->reason);
			count += same;
			told = told || (same && j < i);
			if (told)
				break;
		}
		bool ours = first->fault == row->fault && first->fate != FATE_SAVED &&
			    !strcmp(first->method, row->method) && !strcmp(first->host, row->host);
		if (!ours || told || len + 1 >= sizeof(row->why))
			continue;
		len += (size_t)snprintf(row->why + len, sizeof(row->why) - len, "%s%s %zu",
					len ? ", " : "", first->reason, count);
	}
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool rows_sum(struct sums *sums, const struct made_list *list)
{
	uint64_t *added = malloc((list->count + 1) * sizeof(*added));

	memset(sums, 0, sizeof(*sums));
	if (!added)
		return false;
	for (size_t i = 0; i < list->count; i++) {
		const struct made *made = &list->all[i];
		struct row *row = find_row(sums, made);
		bool saved = made->fate == FATE_SAVED;

		if (saved)
			added[sums->saved] = made->added_ms;
		row->made++;
		row->saved += saved;
		row->given += !saved;
		sums->made++;
		sums->saved += saved;
		sums->given += !saved;
		sums->due += !saved && made->due;
	}
	sums->row_count += sums->rows[ROWS_MAX].made > 0;
	for (size_t i = 0; i < sums->row_count; i++)
		tell_why(&sums->rows[i], list);
	qsort(added, sums->saved, sizeof(*added), by_size);
	if (sums->saved) {
		sums->added_median_ms = added[(sums->saved - 1) / 2];
		sums->added_max_ms = added[sums->saved - 1];
	}
	free(added);
	return true;
}
