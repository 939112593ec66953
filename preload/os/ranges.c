/* SPDX-License-Identifier: MIT */
#include "ranges.h"

/* The gap that the kernel leaves below the main thread's stack is larger. */
enum { STACK_MAX = 64 << 20 };

static struct region extent(const struct region *region, const struct ranges_now *now)
{
	struct region by_now = *region;
	if (region->kind == REGION_HEAP && now->heap_end != UINTPTR_MAX)
		by_now.end = now->heap_end;
	if (region->kind == REGION_PART && region->end > now->heap_end)
		by_now.end = now->heap_end;
	if (region->kind == REGION_STACK && now->stack < region->start &&
	    region->end - now->stack < STACK_MAX)
		by_now.start = now->stack;
	return by_now;
}

struct range *ranges_find(struct ranges *ranges, const struct ranges_now *now, uintptr_t at,
			  struct region *found)
{
	struct range *range = NULL;
	for (uint32_t i = 0; i < ranges->top; i++) {
		struct region region = extent(&ranges->at[i].region, now);
		if (region.kind == REGION_NONE || at < region.start || at >= region.end)
			continue;
		range = &ranges->at[i];
		*found = region;
		if (region_is_known(found))
			break;
	}
	return range;
}

static void put(struct ranges *ranges, const struct region *region, uint32_t asks)
{
	uint32_t place = 0;
	while (place < ranges->top && ranges->at[place].region.kind != REGION_NONE)
		place++;
	if (place == RANGES_MAX)
		place = ranges->next++ % RANGES_MAX;
	else if (place == ranges->top)
		ranges->top++;
	ranges->at[place] = (struct range){*region, asks};
}

static void cut(struct ranges *ranges, const struct ranges_now *now, uintptr_t start, uintptr_t end,
		enum region_kind up_to)
{
	for (uint32_t i = 0; i < ranges->top; i++) {
		struct region *region = &ranges->at[i].region;
		const struct region was = extent(region, now);
		if (was.kind == REGION_NONE || was.kind > up_to || was.start >= end ||
		    was.end <= start)
			continue;
		struct region below = {was.start, start, was.kind};
		struct region above = {end, was.end, was.kind};
		if (was.kind == REGION_HEAP)
			below.kind = REGION_PART;
		if (was.kind == REGION_STACK)
			above.kind = REGION_PLAIN;
		region->kind = REGION_NONE;
		if (below.start < below.end)
			put(ranges, &below, 0);
		if (above.start < above.end)
			put(ranges, &above, 0);
	}
}

void ranges_cut(struct ranges *ranges, const struct ranges_now *now, uintptr_t start, uintptr_t end)
{
	cut(ranges, now, start, end, REGION_STACK);
}

void ranges_add(struct ranges *ranges, const struct ranges_now *now, const struct region *region,
		uint32_t asks)
{
	if (region->kind == REGION_NONE)
		return;
	/* Of loose memory a part may be known. */
	cut(ranges, now, region->start, region->end,
	    region->kind == REGION_LOOSE ? REGION_LOOSE : REGION_STACK);
	put(ranges, region, asks);
}
