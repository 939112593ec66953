/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <errno.h>
#include <sys/mman.h>

#include "memory.h"
#include "pause.h"
#include "start.h"
#include "sys.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

enum { UNIT = 32 }; /* what places are counted in */

/* Lengths of mappings, as powers of two. The first has room for ten connections. */
enum { SMALLEST_LOG2 = 14, USUAL_LOG2 = 16, LARGEST_LOG2 = 26 };

/* More than a GiB, if each is as long as it should be. */
enum { CHUNKS_MAX = 64 };

/* A place: the chunk's number and the unit in it; never 0, for there this begins. */
enum { CHUNK_UNITS_LOG2 = LARGEST_LOG2 - 5 };

/*
 * An object begins with a word of the arena's: its place while it is in use, that of the next one
 * while it is free. struct conn and struct conn_exchange have room for it, what holds bytes begins
 * behind it.
 */
enum { HEAD_LEN = UNIT };

enum { CONNS = ARENA_CLASSES, EXCHANGES, POOLS }; /* a pool for each class, and those two */

_Static_assert(UNIT == 1 << 5 && CHUNKS_MAX <= 1 << (31 - CHUNK_UNITS_LOG2), "a place has 32 bits");

/* The start of the first mapping; all zero in a process that has just got it. */
struct arena {
	uint32_t pid;	/* the process that claimed it; 0 in a fresh or wiped arena */
	uint64_t fresh; /* what was never handed out begins there: chunk << 32 | unit in its heap */
	uintptr_t word;
	char *spare[2]; /* an exchange, and ARENA_FEW's */
	/*
	 * Each pool's free objects: a stack whose head is tag << 32 | place. The tag, against ABA,
	 * counts what was taken: before that nothing that was on top can be there again.
	 */
	uint64_t free[POOLS];
	char root[ARENA_ROOT_LEN] __attribute__((aligned(UNIT)));
} __attribute__((aligned(UNIT)));

_Static_assert(sizeof(struct arena) + 10 * ARENA_CONN <= 1 << SMALLEST_LOG2, "room for ten");

/*
 * The mappings that objects are cut from: address | WIPED | log2 of the length, 0 if not made yet.
 * Made one after the other, and never changed. This is static memory, which a child inherits as it
 * is, while all else that says what is in them is in the first one: the two cannot disagree, and
 * a child loses no mapping.
 */
static uintptr_t chunks[CHUNKS_MAX];

static struct arena *arena; /* where the first of them is, after arena_ready */

READ_OFTEN char **arena_spare;

static struct arena *the_arena(void)
{
	return __atomic_load_n(&arena, __ATOMIC_RELAXED);
}

enum { LOG2_MASK = 0x3f, WIPED = 0x40, FLAGS_MASK = 0xfff };

/* Each pool's own: what is too long for a limit does not keep shorter mappings waiting. */
static struct pause pauses[POOLS];

static char *base_of(uintptr_t chunk)
{
	return (char *)(chunk & ~(uintptr_t)FLAGS_MASK);
}

/* How many bytes an object takes. */
static size_t length_of(int pool)
{
	return pool == CONNS	   ? ARENA_CONN
	       : pool == EXCHANGES ? ARENA_EXCHANGE
				   : HEAD_LEN + arena_usable(pool);
}

/* Where a chunk's heap begins, in units. */
static uint32_t heap_start(uint32_t number)
{
	return number ? 0 : sizeof(struct arena) / UNIT;
}

/*
 * A mapping that a child will find zeroed; 0 if there is no memory. Kernels before Linux 4.14 know
 * nothing of that (madvise(2)); there none is, and children rely on arena_is_ours. But never some.
 */
static uintptr_t map(unsigned log2)
{
	uintptr_t first = __atomic_load_n(&chunks[0], __ATOMIC_ACQUIRE);
	size_t len = (size_t)1 << log2;
	long at = sys6(mmap, 0, len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at < 0 && at > -4096)
		return 0;
	uintptr_t chunk = (uintptr_t)at | log2;
	if (first && !(first & WIPED))
		return chunk;
	long error = sys3(madvise, at, len, MADV_WIPEONFORK);
	if (error == 0)
		return chunk | WIPED;
	if (!first && error == -EINVAL)
		return chunk;
	sys2(munmap, at, len);
	return 0;
}

/* How long the chunk with this number should be: 16, 16 and 32 KiB, then four of each length. */
static unsigned wanted_log2(uint32_t number)
{
	if (number < 3)
		return SMALLEST_LOG2 + number / 2;
	unsigned wanted = USUAL_LOG2 + (number - 3) / 4;
	return wanted < LARGEST_LOG2 ? wanted : LARGEST_LOG2;
}

/* The least length of one that an object of this pool is to be cut from. */
static unsigned least_log2(int pool)
{
	unsigned least = SMALLEST_LOG2;
	while ((size_t)1 << least < length_of(pool))
		least++;
	return least;
}

/* Sees to it that there is a chunk with this number, if need be a shorter one than it should be. */
static bool make_chunk(uint32_t number, int pool)
{
	if (__atomic_load_n(&chunks[number], __ATOMIC_ACQUIRE))
		return true;
	if (!pause_is_over(&pauses[pool]))
		return false;
	unsigned least = least_log2(pool);
	unsigned log2 = wanted_log2(number);
	if (log2 < least || pause_was_refused(&pauses[pool]))
		log2 = least;
	uintptr_t chunk = map(log2);
	while (!chunk && log2 > least)
		chunk = map(--log2);
	pause_note(&pauses[pool], chunk);
	if (!chunk)
		return false;
	uintptr_t none = 0;
	/* Another thread, or a handler that interrupted this one, may have been first. */
	if (!__atomic_compare_exchange_n(&chunks[number], &none, chunk, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		sys2(munmap, base_of(chunk), (size_t)1 << (chunk & LOG2_MASK));
	return true;
}

bool arena_ready(void)
{
	if (!make_chunk(0, CONNS))
		return false;
	struct arena *ready =
	    (struct arena *)base_of(__atomic_load_n(&chunks[0], __ATOMIC_ACQUIRE));
	__atomic_store_n(&arena, ready, __ATOMIC_RELAXED);
	__atomic_store_n(&arena_spare, ready->spare, __ATOMIC_RELAXED);
	if (!__atomic_load_n(&ready->pid, __ATOMIC_RELAXED)) {
		memory_forget();
		__atomic_store_n(&ready->pid, (uint32_t)sys0(getpid), __ATOMIC_RELAXED);
	}
	return true;
}

bool arena_is_ours(void)
{
	const struct arena *known = the_arena();
	return known && __atomic_load_n(&known->pid, __ATOMIC_RELAXED) == (uint32_t)sys0(getpid);
}

void *arena_root(void)
{
	return the_arena()->root;
}

uintptr_t *arena_word(void)
{
	return &the_arena()->word;
}

static uint32_t *word_of(char *object)
{
	return (uint32_t *)(void *)object;
}

static inline __attribute__((always_inline)) void push(char *object, uint32_t place, int pool)
{
	uint64_t *top = &the_arena()->free[pool];
	uint64_t head = __atomic_load_n(top, __ATOMIC_ACQUIRE);
	uint64_t to;
	do {
		__atomic_store_n(word_of(object), (uint32_t)head, __ATOMIC_RELAXED);
		to = head >> 32 << 32 | place;
	} while (
	    !__atomic_compare_exchange_n(top, &head, to, true, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

static char *object_at(uint32_t place)
{
	uintptr_t chunk = __atomic_load_n(&chunks[place >> CHUNK_UNITS_LOG2], __ATOMIC_ACQUIRE);
	return base_of(chunk) + (size_t)(place & ((1u << CHUNK_UNITS_LOG2) - 1)) * UNIT;
}

/* As many of one size as there is room for. Returns the place behind them. */
static uint32_t give_pieces(uint32_t place, uint32_t end, int pool)
{
	uint32_t units = (uint32_t)length_of(pool) / UNIT;
	for (; end - place >= units; place += units)
		push(object_at(place), place, pool);
	return place;
}

/* What is left of a chunk when it has no room for something larger: none of it is lost. */
static void give_rest(uint32_t place, uint32_t units)
{
	uint32_t end = place + units;
	for (int class = ARENA_CLASSES - 1; class >= 0; class --)
		place = give_pieces(place, end, class);
	give_pieces(place, end, CONNS);
}

/* An object that was never handed out. Not inline: take seldom needs it. */
static __attribute__((noinline)) char *fresh_object(int pool)
{
	const uint32_t units = (uint32_t)length_of(pool) / UNIT;
	uint64_t at = __atomic_load_n(&the_arena()->fresh, __ATOMIC_ACQUIRE);
	for (;;) {
		uint32_t number = (uint32_t)(at >> 32);
		uint32_t used = (uint32_t)at + heap_start(number);
		uintptr_t chunk = __atomic_load_n(&chunks[number], __ATOMIC_ACQUIRE);
		uint32_t left = (1u << (chunk & LOG2_MASK)) / UNIT - used;
		uint32_t place = number << CHUNK_UNITS_LOG2 | used;
		bool fits = units <= left;
		if (!fits && (number + 1 == CHUNKS_MAX || !make_chunk(number + 1, pool)))
			return NULL;
		uint64_t to = fits ? at + units : (uint64_t)(number + 1) << 32;
		if (!__atomic_compare_exchange_n(&the_arena()->fresh, &at, to, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			continue;
		if (fits) {
			char *object = object_at(place);
			*word_of(object) = place;
			return object;
		}
		give_rest(place, left);
		at = to;
	}
}

/*
 * The place of the free object below this one. Another thread may have taken it by now: then what
 * is read here is anything, but the head's tag has moved on, and it is not used.
 */
__attribute__((no_sanitize("thread"))) static uint32_t below(const char *object)
{
	return *(const volatile uint32_t *)(const void *)object;
}

static inline __attribute__((always_inline)) char *take(int pool)
{
	uint64_t *top = &the_arena()->free[pool];
	uint64_t head = __atomic_load_n(top, __ATOMIC_ACQUIRE);
	while ((uint32_t)head) {
		char *object = object_at((uint32_t)head);
		uint64_t to = ((head >> 32) + 1) << 32 | below(object);
		if (!__atomic_compare_exchange_n(top, &head, to, true, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE))
			continue;
		__atomic_store_n(word_of(object), (uint32_t)head, __ATOMIC_RELAXED);
		return object;
	}
	return fresh_object(pool);
}

void *arena_take_conn(void)
{
	return take(CONNS);
}

void arena_give_conn(void *conn)
{
	push(conn, *word_of(conn), CONNS);
}

void *arena_take_other_exchange(void)
{
	return take(EXCHANGES);
}

void arena_give_other_exchange(void *exchange)
{
	push(exchange, *word_of(exchange), EXCHANGES);
}

void *arena_take(int class)
{
	char *object = class < 0 ? NULL : take(class);
	return object ? object + HEAD_LEN : NULL;
}

void arena_give(void *bytes, int class)
{
	char *object = (char *)bytes - HEAD_LEN;
	push(object, *word_of(object), class);
}
