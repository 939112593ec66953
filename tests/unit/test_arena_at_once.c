/* SPDX-License-Identifier: MIT */
/* The library's own memory, where several ask for it at once: handlers, threads, children. */
#include "unit.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "alone.h"

enum { KIB = 1, THREADS = 8, EACH = 3000 };

/* As a signal handler that interrupts the one who is mapping more. */
static void take_in_between(void)
{
	CU_ASSERT(arena_ready());
	alone_take(200, 200, CONN);
}

static void handler_that_interrupts_growth_has_memory_and_loses_none(void)
{
	for (int at_the_first = 0; at_the_first <= 1; at_the_first++) {
		alone_begin_with(400);
		if (!at_the_first)
			CU_ASSERT(arena_ready());
		alone.interrupt = take_in_between;
		CU_ASSERT(arena_ready());
		runner_expect_long("connections", 200, alone_take(0, 200, CONN));
		CU_ASSERT_PTR_NULL(alone.interrupt);
		expect_apart(400, ARENA_CONN);
		expect_mapped_at_most(alone.mapped);
	}
}

static char *a, *b;

static void take_both_and_give_one_back(void)
{
	CU_ASSERT_PTR_EQUAL(alone_take_one(CONN), a);
	CU_ASSERT_PTR_EQUAL(alone_take_one(CONN), b);
	alone_give(a, CONN);
}

/* What was looked at is at the top again, but what was below it then is in use now. */
static void what_is_on_top_again_is_not_taken_for_what_it_was(void)
{
	alone_begin();
	CU_ASSERT(arena_ready());
	a = alone_take_one(CONN);
	b = alone_take_one(CONN);
	alone_give(b, CONN);
	alone_give(a, CONN);
	alone.interrupt_exchange = take_both_and_give_one_back;
	CU_ASSERT_PTR_EQUAL(alone_take_one(CONN), a);
	CU_ASSERT_PTR_NULL(alone.interrupt_exchange);
	CU_ASSERT(alone_take_one(CONN) != b);
}

/* Objects in use, each full of its own number. */
enum { IN_USE = 128 };
static struct {
	char *bytes;
	int class;
} in_use[IN_USE];

static void use_another(int i)
{
	if (in_use[i].bytes) {
		bool kept = true;
		for (size_t j = ARENAS; j < alone_usable(in_use[i].class); j += 97)
			kept &= in_use[i].bytes[j] == (char)i;
		CU_ASSERT(kept);
		alone_give(in_use[i].bytes, in_use[i].class);
	}
	in_use[i].class = i % 5 == 0 ? i % 7 % 5 : CONN;
	in_use[i].bytes = alone_take_one(in_use[i].class);
	CU_ASSERT_PTR_NOT_NULL_FATAL(in_use[i].bytes);
	alone_fill(in_use[i].bytes, in_use[i].class, i);
}

static void use_odd_ones(void)
{
	CU_ASSERT(arena_ready());
	for (int i = 1; i < IN_USE; i += 2)
		use_another(i);
}

/* Whichever step of whatever is interrupted. */
static void handler_may_take_and_give_at_any_step(void)
{
	int at = 0;
	do {
		alone_begin();
		memset(in_use, 0, sizeof(in_use));
		alone.exchanges = at++;
		alone.interrupt_exchange = use_odd_ones;
		CU_ASSERT(arena_ready());
		for (int round = 0; round < 2; round++) {
			for (int i = 0; i < IN_USE; i += 2)
				use_another(i);
		}
		for (int i = 0; i < IN_USE; i++)
			use_another(i);
		runner_expect_long("mapped and known", alone.mapped, alone_known());
	} while (!alone.interrupt_exchange);
	CU_ASSERT(at > IN_USE);
}

static void *take_many(void *number)
{
	size_t first = (size_t)number * EACH;
	while (!arena_ready())
		;
	for (size_t i = first; i < first + EACH; i++)
		alone_take(i, 1, CONN);
	return NULL;
}

static void threads_that_grow_it_at_once_map_nothing_twice(void)
{
	for (int round = 0; round < 20; round++) {
		alone_begin_with(THREADS * EACH);
		alone_in_threads(THREADS, take_many);
		expect_apart(THREADS * EACH, ARENA_CONN);
		expect_mapped_at_most(THREADS * EACH * ARENA_CONN * 3 / 2);
	}
}

/* The first word of a connection is the arena's; the second says who has it. */
static long clashes;

static void *take_and_give(void *number)
{
	uint32_t self = (uint32_t)(uintptr_t)number + 1;
	for (int i = 0; i < 50000; i++) {
		int class = i % 3 ? CONN : KIB;
		uint32_t *object = (uint32_t *)(void *)alone_take_one(class);
		if (__atomic_exchange_n(&object[1], self, __ATOMIC_RELAXED) != 0)
			__atomic_add_fetch(&clashes, 1, __ATOMIC_RELAXED);
		if (i % 16 == 0)
			sched_yield();
		if (__atomic_exchange_n(&object[1], 0, __ATOMIC_RELAXED) != self)
			__atomic_add_fetch(&clashes, 1, __ATOMIC_RELAXED);
		alone_give((char *)object, class);
	}
	return NULL;
}

static void no_two_threads_have_the_same_object(void)
{
	alone_begin();
	clashes = 0;
	CU_ASSERT(arena_ready());
	alone_in_threads(THREADS, take_and_give);
	runner_expect_long("clashes", 0, clashes);
	expect_mapped_at_most(32 << 10); /* as at first: none was lost */
}

static void take_some(void)
{
	enum { SOME = 300 };
	CU_ASSERT(arena_ready());
	for (size_t i = 0; i < SOME; i++) {
		CU_ASSERT_FATAL(alone_take(i, 1, CONN) == 1);
		CU_ASSERT_FATAL(objects[i][40] == 0);
		objects[i][40] = 1;
	}
	expect_apart(SOME, ARENA_CONN);
}

static bool done;

static void *churn(void *number)
{
	char *held[200] = {NULL};
	for (size_t i = (size_t)number; !__atomic_load_n(&done, __ATOMIC_RELAXED); i += 7) {
		char **one = &held[i % 200];
		if (*one)
			alone_give(*one, KIB);
		if ((*one = alone_take_one(KIB)))
			alone_fill(*one, KIB, 9);
	}
	return NULL;
}

static void *fork_often(void *number)
{
	if (number)
		return churn(number);
	for (int i = 0; i < 100; i++)
		alone_in_child(take_some);
	__atomic_store_n(&done, true, __ATOMIC_RELAXED);
	return NULL;
}

static void child_of_threads_that_take_and_give_starts_afresh(void)
{
	alone_begin_with(1000);
	done = false;
	CU_ASSERT(arena_ready());
	alone_in_threads(4, fork_often);
}

void suite_arena_at_once(void)
{
	static const struct runner_test tests[] = {
	    TEST(handler_that_interrupts_growth_has_memory_and_loses_none),
	    TEST(what_is_on_top_again_is_not_taken_for_what_it_was),
	    TEST(handler_may_take_and_give_at_any_step),
	    TEST(threads_that_grow_it_at_once_map_nothing_twice),
	    TEST(no_two_threads_have_the_same_object),
	    TEST(child_of_threads_that_take_and_give_starts_afresh),
	    TEST_END};

	runner_suite("arena_at_once", tests);
}
