/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include "mem.h"
#include "probe.h"
#include "ranges.h"
#include "start.h"
#include "sys.h"

enum {
	PAGE = 1 << MEMORY_PAGE_LOG2,
	OFTEN = 8, /* so often loose memory is handed over until it is taken for lasting */
	SELDOM = 64,
	PROBES_MAX = 16, /* pages: of more a copy costs less */
};

/* Exported by glibc: where the heap ends. Less after free has given some of it back. */
extern uintptr_t __curbrk __attribute__((weak));

static const uintptr_t no_break = UINTPTR_MAX;

#define EMPTY(slot)    ((uintptr_t)(slot) << MEMORY_PAGE_LOG2)
#define EMPTY_4(slot)  EMPTY(slot), EMPTY((slot) + 1), EMPTY((slot) + 2), EMPTY((slot) + 3)
#define EMPTY_16(slot) EMPTY_4(slot), EMPTY_4((slot) + 4), EMPTY_4((slot) + 8), EMPTY_4((slot) + 12)
#define EMPTY_64(slot)                                                                             \
	EMPTY_16(slot), EMPTY_16((slot) + 16), EMPTY_16((slot) + 32), EMPTY_16((slot) + 48)

uintptr_t memory_until[MEMORY_SLOTS] = {EMPTY_64(0), EMPTY_64(64), EMPTY_64(128), EMPTY_64(192)};
READ_OFTEN const uintptr_t *memory_break = &no_break;
READ_OFTEN uintptr_t memory_heap_top;
uintptr_t memory_recent = MEMORY_NOWHERE;
uint32_t memory_generation;
bool memory_watched;

/* The slots that have ever been filled, a bit each. */
static uint64_t filled[MEMORY_SLOTS / 64];

/* What was learnt, by the lock. memory_until has what was asked for of it. */
static struct {
	uintptr_t lock;	 /* sys_self() of the thread inside, or 0 */
	uint32_t strays; /* asks for what is in no range, since the last that led to one */
	bool stale;	 /* something went while the lock could not be had: nothing counts */
	struct ranges ranges;
} book;

static void clear_slot(uintptr_t slot, uintptr_t start, uintptr_t end)
{
	uintptr_t until = __atomic_load_n(&memory_until[slot], __ATOMIC_RELAXED);
	if (until == EMPTY(slot))
		return;
	uintptr_t last = (until - 1) >> MEMORY_PAGE_LOG2;
	uintptr_t page = last - ((last - slot) & (MEMORY_SLOTS - 1));
	if (page << MEMORY_PAGE_LOG2 < end && until > start)
		__atomic_store_n(&memory_until[slot], EMPTY(slot), __ATOMIC_RELAXED);
}

static void clear_slots(uintptr_t start, uintptr_t end)
{
	for (unsigned word = 0; word < MEMORY_SLOTS / 64; word++) {
		uint64_t bits = __atomic_load_n(&filled[word], __ATOMIC_RELAXED);
		for (; bits; bits &= bits - 1)
			clear_slot(word * 64 + (unsigned)__builtin_ctzll(bits), start, end);
	}
}

static void clear_all(void)
{
	clear_slots(0, UINTPTR_MAX);
	memset(&book.ranges, 0, sizeof(book.ranges));
	__atomic_store_n(&memory_heap_top, 0, __ATOMIC_RELAXED);
}

/* Held for some hundred instructions. A handler that has interrupted the holder does not get in. */
static bool enter(int patience)
{
	enum { SPINS = 200 };
	uintptr_t self = sys_self();
	for (int tries = 0;; tries++) {
		uintptr_t owner = 0;
		if (__atomic_compare_exchange_n(&book.lock, &owner, self, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			break;
		if (owner == self || tries >= SPINS + patience)
			return false;
		if (tries >= SPINS)
			sys0(sched_yield);
		else
			__asm__ volatile("" : : : "memory");
	}
	if (__atomic_exchange_n(&book.stale, false, __ATOMIC_ACQ_REL))
		clear_all();
	return true;
}

/* Who could not get in has said so before it tried for the last time. */
static void leave(void)
{
	do
		__atomic_store_n(&book.lock, 0, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&book.stale, __ATOMIC_SEQ_CST) && enter(0));
}

/* The heap's last page may be used in part; the stack is there at least to where we are on it. */
static __attribute__((noinline)) struct ranges_now now(void)
{
	uintptr_t at = *memory_break, mask = PAGE - 1;
	return (struct ranges_now){
	    .heap_end = at > UINTPTR_MAX - PAGE ? UINTPTR_MAX : (at + mask) & ~mask,
	    .stack = (uintptr_t)__builtin_frame_address(0) & ~mask,
	};
}

/* The heap has become smaller: what was known of it goes by where it ends now. */
static void follow_break(void)
{
	if (*memory_break >= memory_heap_top)
		return;
	clear_slots(0, UINTPTR_MAX);
	__atomic_store_n(&memory_heap_top, 0, __ATOMIC_RELAXED);
}

static void fill_slot(const struct region *known, uintptr_t from)
{
	uintptr_t page = from >> MEMORY_PAGE_LOG2;
	uintptr_t start = page << MEMORY_PAGE_LOG2;
	uintptr_t until = known->end - start < MEMORY_REACH ? known->end : start + MEMORY_REACH;
	unsigned slot = page & (MEMORY_SLOTS - 1);
	bool of_heap = known->kind == REGION_HEAP || known->kind == REGION_PART;
	if (of_heap && until > memory_heap_top)
		__atomic_store_n(&memory_heap_top, until < *memory_break ? until : *memory_break,
				 __ATOMIC_RELAXED);
	__atomic_or_fetch(&filled[slot / 64], UINT64_C(1) << slot % 64, __ATOMIC_RELAXED);
	__atomic_store_n(&memory_until[slot], until, __ATOMIC_RELEASE);
}

/* Is it time to ask what memory this is? Ever more seldom, where that has not helped. */
static bool is_due(uint32_t asks)
{
	while (asks && asks % OFTEN == 0)
		asks /= OFTEN;
	return asks == 1;
}

/* A question, and what it takes to answer it. */
struct question {
	uintptr_t from, to;
	uint32_t asks; /* how often what is there was asked for and not known */
	bool begins_known;
	bool is_loose; /* all of what is not known: the kernel may be asked for it */
	struct ranges_now now;
};

enum answer { KNOWN, UNKNOWN, ASK };

/* The least kind that any of it is of, in one range or in some side by side. By the lock. */
static enum region_kind least_kind(const struct question *question, struct region region)
{
	enum region_kind least = region.kind;
	while (region.end < question->to) {
		if (!ranges_find(&book.ranges, &question->now, region.end, &region))
			return REGION_NONE;
		least = region.kind < least ? region.kind : least;
	}
	return least;
}

/* By the lock. */
static enum answer look(struct question *question)
{
	struct region region;
	follow_break();
	question->now = now();
	question->is_loose = false;
	struct range *range = ranges_find(&book.ranges, &question->now, question->from, &region);
	if (!range)
		return ++book.strays <= OFTEN || book.strays % SELDOM == 0 ? ASK : UNKNOWN;
	enum region_kind least = least_kind(question, region);
	if (least >= REGION_PLAIN) {
		fill_slot(&region, question->from);
		return KNOWN;
	}
	question->is_loose = least == REGION_LOOSE;
	question->begins_known = region_is_known(&region);
	question->asks = ++range->asks; /* it may go on further by now, or be something else */
	return is_due(question->asks) ? ASK : UNKNOWN;
}

/* A piece of the heap that has something else behind it does not grow. */
static void end_heap(struct region *region, const struct ranges_now *by_now)
{
	if (region->kind == REGION_HEAP && region->end < by_now->heap_end)
		region->kind = REGION_PART;
}

static void take_note(struct region_search *search, const struct question *question)
{
	if (&__curbrk && __curbrk)
		__atomic_store_n(&memory_break, &__curbrk, __ATOMIC_RELEASE);
	const struct ranges_now by_now = now();
	if (search->found.kind == REGION_LOOSE &&
	    (question->begins_known || question->asks >= OFTEN))
		search->found.kind = REGION_PLAIN;
	end_heap(&search->heap, &by_now);
	end_heap(&search->found, &by_now);
	ranges_add(&book.ranges, &by_now, &search->heap, 0);
	ranges_add(&book.ranges, &by_now, &search->stack, 0);
	ranges_add(&book.ranges, &by_now, &search->found, question->asks ? question->asks : 1);
	if (search->found.kind != REGION_NONE)
		book.strays = 0;
}

/* Asks what lies there. true: it is known now; *anew: something has gone meanwhile. */
static bool learn(struct question *question, bool *anew)
{
	struct region_search search;
	__atomic_store_n(&memory_watched, true, __ATOMIC_SEQ_CST);
	uint32_t generation = __atomic_load_n(&memory_generation, __ATOMIC_SEQ_CST);
	region_find(&search, question->from, (uintptr_t)__builtin_frame_address(0));
	if (!enter(0))
		return false;
	bool known = __atomic_load_n(&memory_generation, __ATOMIC_SEQ_CST) == generation;
	*anew = !known;
	if (known) {
		take_note(&search, question);
		known = look(question) == KNOWN;
	}
	leave();
	return known;
}

static bool learn_soon(struct question *question)
{
	enum { TRIES = 3 };
	bool anew = true;
	for (int i = 0; i < TRIES && anew; i++) {
		anew = false;
		if (learn(question, &anew))
			return true;
	}
	return false;
}

/* In the page that we are running on, as most variables of our callers are? */
static bool is_on_our_page(const struct question *question)
{
	uintptr_t page = (uintptr_t)__builtin_frame_address(0) >> MEMORY_PAGE_LOG2;
	return question->from >> MEMORY_PAGE_LOG2 == page &&
	       (question->to - 1) >> MEMORY_PAGE_LOG2 == page;
}

/* Loose memory goes by nothing but a call of the program's: what is there now stays for this one.
 */
static bool is_there(const struct question *question)
{
	uintptr_t page = question->from & ~(uintptr_t)(PAGE - 1);
	if (!question->is_loose || question->to - page > PROBES_MAX * PAGE)
		return false;
	for (; page < question->to; page += PAGE) {
		if (!probe_page(page))
			return false;
	}
	return true;
}

bool memory_ask(const void *at, size_t len)
{
	struct question question = {.from = (uintptr_t)at, .to = (uintptr_t)at + len};
	if (question.to <= question.from)
		return false;
	if (!enter(0))
		return is_on_our_page(&question);
	enum answer answer = look(&question);
	leave();
	return answer == KNOWN || (answer == ASK && learn_soon(&question)) ||
	       is_on_our_page(&question) || is_there(&question);
}

void memory_gone(const void *at, size_t len)
{
	enum { PATIENCE = 10000 };
	if (!__atomic_load_n(&memory_watched, __ATOMIC_SEQ_CST))
		return;
	uintptr_t start = (uintptr_t)at & ~(uintptr_t)(PAGE - 1);
	uintptr_t end = (uintptr_t)at + len;
	if (end < start || end > UINTPTR_MAX - PAGE)
		end = UINTPTR_MAX - PAGE;
	end = (end + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
	__atomic_add_fetch(&memory_generation, 1, __ATOMIC_SEQ_CST);
	clear_slots(start, end);
	__atomic_store_n(&memory_recent, MEMORY_NOWHERE, __ATOMIC_RELAXED);
	/* A fork may have left it locked for ever: then it is waited for once. */
	bool inside = enter(__atomic_load_n(&book.stale, __ATOMIC_RELAXED) ? 0 : PATIENCE);
	if (!inside) {
		__atomic_store_n(&book.stale, true, __ATOMIC_SEQ_CST);
		inside = enter(0);
	}
	clear_slots(start, end); /* what the holder before has put there meanwhile */
	if (!inside)
		return;
	const struct ranges_now by_now = now();
	ranges_cut(&book.ranges, &by_now, start, end);
	leave();
}

void memory_forget(void)
{
	__atomic_store_n(&book.lock, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&book.stale, false, __ATOMIC_RELAXED);
	__atomic_store_n(&memory_recent, MEMORY_NOWHERE, __ATOMIC_RELAXED);
	clear_all();
}
