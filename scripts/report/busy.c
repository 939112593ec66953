/* SPDX-License-Identifier: MIT */
#include "busy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FNV-1a */
static uint32_t hash(const char *text)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; text[i] && i < BUSY_ID_MAX - 1; i++)
		sum = (sum ^ (unsigned char)text[i]) * 16777619u;
	return sum;
}

static void place(struct busy *busy, uint32_t at, uint32_t number)
{
	busy->heap[at] = number;
	busy->ids[number].place = at;
}

static uint64_t count_at(const struct busy *busy, uint32_t at)
{
	return busy->ids[busy->heap[at]].count;
}

/* A count has grown: it sinks. */
static void sink(struct busy *busy, uint32_t at)
{
	uint32_t number = busy->heap[at];

	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < busy->used && count_at(busy, child + 1) < count_at(busy, child))
			child++;
		if (child >= busy->used || count_at(busy, child) >= busy->ids[number].count)
			break;
		place(busy, at, busy->heap[child]);
		at = child;
	}
	place(busy, at, number);
}

/* A new one at the end, with a count of 0, rises. */
static void rise(struct busy *busy, uint32_t at)
{
	uint32_t number = busy->heap[at];

	while (at && count_at(busy, (at - 1) / 2) > busy->ids[number].count) {
		place(busy, at, busy->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	place(busy, at, number);
}

static void unchain(struct busy *busy, uint32_t number)
{
	uint32_t *link = &busy->first[busy->ids[number].bucket];

	while (*link != number + 1)
		link = &busy->ids[*link - 1].next;
	*link = busy->ids[number].next;
}

static void chain(struct busy *busy, uint32_t number, uint32_t bucket, const char *id)
{
	struct busy_id *entry = &busy->ids[number];

	snprintf(entry->id, sizeof(entry->id), "%s", id);
	entry->trace[0] = '\0';
	entry->bucket = bucket;
	entry->next = busy->first[bucket];
	busy->first[bucket] = number + 1;
}

/* Its number in ids, in whosever place. */
static uint32_t enter(struct busy *busy, uint32_t bucket, const char *id)
{
	uint32_t number;

	if (busy->used < BUSY_MAX) {
		number = busy->used++;
		place(busy, number, number);
		rise(busy, number);
	} else {
		number = busy->heap[0];
		busy->exact = false;
		busy->ids[number].over = busy->ids[number].count;
		unchain(busy, number);
	}
	chain(busy, number, bucket, id);
	return number;
}

void busy_begin(struct busy *busy)
{
	busy->exact = true;
}

void busy_add(struct busy *busy, const char *id, const char *traceparent)
{
	uint32_t bucket = hash(id) % BUSY_BUCKETS, link = busy->first[bucket], number;

	while (link && strncmp(busy->ids[link - 1].id, id, BUSY_ID_MAX - 1) != 0)
		link = busy->ids[link - 1].next;
	number = link ? link - 1 : enter(busy, bucket, id);
	busy->ids[number].count++;
	sink(busy, busy->ids[number].place);
	if (strlen(traceparent) >= 35 && traceparent[2] == '-' && traceparent[35] == '-')
		snprintf(busy->ids[number].trace, BUSY_TRACE_MAX, "%.32s", traceparent + 3);
}

static int busier(const void *a, const void *b)
{
	const struct busy_id *x = *(const struct busy_id *const *)a;
	const struct busy_id *y = *(const struct busy_id *const *)b;
	uint64_t sure_x = x->count - x->over, sure_y = y->count - y->over;

	if (sure_x != sure_y)
		return sure_x < sure_y ? 1 : -1;
	return strcmp(x->id, y->id);
}

size_t busy_top(const struct busy *busy, const struct busy_id **top, size_t max)
{
	const struct busy_id *all[BUSY_MAX];
	size_t count = busy->used < max ? busy->used : max;

	for (uint32_t i = 0; i < busy->used; i++)
		all[i] = &busy->ids[i];
	qsort(all, busy->used, sizeof(all[0]), busier);
	memcpy(top, all, count * sizeof(all[0]));
	return count;
}
