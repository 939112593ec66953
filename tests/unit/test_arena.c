/* SPDX-License-Identifier: MIT */
/* The library's own memory: what it maps, and to whom it gives what. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alone.h"

enum { KIB = 1, LARGEST = ARENA_CLASSES - 1, FIRST = 16 << 10 /* the first mapping's length */ };

/* In turn. */
static int class_of(size_t i)
{
	static const int classes[] = {CONN, KIB, EXCHANGE};
	return classes[i % 3];
}

static void ten_connections_and_what_they_ask_fit_into_little(void)
{
	alone_begin_with(20);
	CU_ASSERT(arena_ready());
	CU_ASSERT(arena_ready());
	CU_ASSERT(arena_is_ours());
	runner_expect_long("connections", 10, alone_take(0, 10, CONN));
	expect_apart(10, ARENA_CONN);
	runner_expect_long("mappings", 1, alone.mappings);
	expect_mapped_at_most(16 << 10);
	runner_expect_long("requests", 10, alone_take(10, 10, KIB));
	expect_mapped_at_most(32 << 10);
}

static void memory_grows_with_the_connections_and_not_far_ahead(void)
{
	static const size_t counts[] = {50, 1000, 20000, 100000, 1048575};
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		alone_begin_with(counts[i]);
		CU_ASSERT(arena_ready());
		runner_expect_long("connections", (long)counts[i], alone_take(0, counts[i], CONN));
		expect_apart(counts[i], ARENA_CONN);
		expect_mapped_at_most((long)(counts[i] * ARENA_CONN * 3 / 2 + (96 << 10)));
		CU_ASSERT(alone.mappings <= 60);
	}
}

static int size_of(size_t i)
{
	return (int)(i * 5 % (ARENA_CLASSES + 2)) - 2;
}

static void every_size_is_served_and_none_runs_into_another(void)
{
	enum { COUNT = 700 };
	alone_begin_with(COUNT);
	CU_ASSERT(arena_ready());
	for (size_t i = 0; i < COUNT; i++) {
		int class = size_of(i);
		runner_expect_long("taken", 1, alone_take(i, 1, class));
		for (size_t j = ARENAS; j < alone_usable(class); j += 31)
			CU_ASSERT_FATAL(objects[i][j] == 0);
		alone_fill(objects[i], class, (int)i);
	}
	for (size_t i = 0; i < COUNT; i++) {
		for (size_t j = ARENAS; j < alone_usable(size_of(i)); j += 31)
			CU_ASSERT_FATAL(objects[i][j] == (char)i);
	}
	CU_ASSERT_PTR_NULL(arena_alloc(((size_t)1 << 20) + 1));
	expect_mapped_at_most(alone.mapped);
}

static void room_that_was_too_small_for_one_serves_others(void)
{
	char *first, *large, *small;
	alone_begin();
	CU_ASSERT(arena_ready());
	first = alone_take_one(CONN);
	large = alone_take_one(LARGEST);
	small = alone_take_one(arena_class(4 << 10));
	CU_ASSERT_PTR_NOT_NULL(large);
	CU_ASSERT(small > first && small < first + (16 << 10));
	runner_expect_long("mappings", 2, alone.mappings);
}

static void what_was_given_back_serves_before_more_is_mapped(void)
{
	enum { COUNT = 5000 };
	alone_begin_with(COUNT);
	CU_ASSERT(arena_ready());
	for (int class = EXCHANGE; class <= KIB; class ++) {
		alone_take(0, COUNT, class);
		long mappings = alone.mappings;
		for (int round = 0; round < 5; round++) {
			for (size_t i = 0; i < COUNT; i++)
				alone_give(objects[i], class);
			runner_expect_long("taken", COUNT, alone_take(0, COUNT, class));
			expect_apart(COUNT, alone_usable(class));
		}
		runner_expect_long("mappings", mappings, alone.mappings);
	}
}

static void memory_that_is_refused_is_asked_for_ever_more_seldom(void)
{
	int tries = 0;
	alone_begin_with(1000);
	alone.longest = 0;
	for (int i = 0; i < 100000; i++)
		CU_ASSERT_FALSE(arena_ready());
	if (alone.mappings > 110 || alone.mappings < 90)
		runner_expect_long("mappings tried in vain, about", 100, alone.mappings);
	CU_ASSERT_FALSE(arena_is_ours());
	alone.longest = SIZE_MAX;
	while (!arena_ready() && tries < 2000)
		tries++;
	CU_ASSERT(tries < 1024);
	CU_ASSERT(arena_is_ours());
}

static void refused_growth_costs_only_those_that_need_it(void)
{
	alone_begin_with(1000);
	CU_ASSERT(arena_ready());
	alone.longest = 0;
	long taken = alone_take(0, 1000, CONN);
	CU_ASSERT(taken >= 10 && taken < FIRST / ARENA_CONN);
	CU_ASSERT(alone.mappings < 12);
	alone_give(objects[7], CONN);
	long tried = alone.mappings;
	CU_ASSERT_PTR_EQUAL(alone_take_one(CONN), objects[7]);
	runner_expect_long("tried", tried, alone.mappings);
	/* What is too long for a limit does not keep shorter ones waiting. */
	alone.longest = 64 << 10;
	alone.mappings = 0;
	for (int i = 0; i < 100; i++)
		CU_ASSERT_PTR_NULL(alone_take_one(LARGEST));
	CU_ASSERT(alone.mappings < 10);
	alone.mappings = 0;
	CU_ASSERT_PTR_NOT_NULL(alone_take_one(KIB));
	runner_expect_long("mappings", 1, alone.mappings);
}

static void shorter_mappings_serve_where_long_ones_are_refused(void)
{
	alone_begin_with(5000);
	CU_ASSERT(arena_ready());
	alone.longest = 128 << 10;
	runner_expect_long("connections", 5000, alone_take(0, 5000, CONN));
	expect_apart(5000, ARENA_CONN);
	expect_mapped_at_most(5000 * ARENA_CONN * 3 / 2);
}

/* In a child: nothing is left, and what its parent has mapped serves again from the start. */
static void take_all_again(void)
{
	long mappings = alone.mappings;
	CU_ASSERT_FALSE(arena_is_ours());
	CU_ASSERT(arena_ready());
	CU_ASSERT(arena_is_ours());
	runner_expect_long("word", 0, (long)*arena_word());
	for (size_t i = 0; i < ARENA_ROOT_LEN; i++)
		CU_ASSERT_FATAL(((char *)arena_root())[i] == 0);
	for (size_t i = 0; i < 4000; i++) {
		CU_ASSERT_FATAL(alone_take(i, 1, class_of(i)) == 1);
		for (size_t j = ARENAS; j < alone_usable(class_of(i)); j++)
			CU_ASSERT_FATAL(objects[i][j] == 0);
		alone_fill(objects[i], class_of(i), 3);
	}
	runner_expect_long("mappings", mappings, alone.mappings);
}

static void child_takes_all_again_and_grandchild(void)
{
	take_all_again();
	*arena_word() = 1;
	alone_in_child(take_all_again);
}

static void children_find_it_all_zero_and_lose_none_of_it(void)
{
	alone_begin_with(4000);
	CU_ASSERT(arena_ready());
	*arena_word() = 99;
	memset(arena_root(), 7, ARENA_ROOT_LEN);
	for (size_t i = 0; i < 4000; i++) {
		alone_take(i, 1, class_of(i));
		alone_fill(objects[i], class_of(i), 5);
	}
	for (size_t i = 0; i < 100; i++)
		alone_give(objects[i], class_of(i));
	alone_in_child(child_takes_all_again_and_grandchild);
	runner_expect_long("the parent's word", 99, (long)*arena_word());
	for (size_t i = 100; i < 4000; i++)
		CU_ASSERT_FATAL(objects[i][100] == 5);
}

static void is_not_ours(void)
{
	CU_ASSERT_FALSE(arena_is_ours());
}

/* Kernels before Linux 4.14. */
static void where_nothing_is_zeroed_for_children_no_part_of_it_is(void)
{
	alone_begin_with(2000);
	alone.advice_error = EINVAL;
	CU_ASSERT(arena_ready());
	alone.advice_error = 0;
	runner_expect_long("connections", 2000, alone_take(0, 2000, CONN));
	CU_ASSERT(alone.mappings > 2);
	runner_expect_long("asked for zeroing", 1, alone.advices);
	alone_in_child(is_not_ours);
}

static void part_that_would_not_be_zeroed_for_children_is_not_used(void)
{
	alone_begin_with(1000);
	alone.advice_error = ENOMEM;
	CU_ASSERT_FALSE(arena_ready());
	runner_expect_long("mapped", 0, alone.mapped);
	alone.advice_error = 0;
	while (!arena_ready())
		;
	alone.advice_error = EINVAL;
	long taken = alone_take(0, 1000, CONN);
	CU_ASSERT(taken >= 10 && taken < FIRST / ARENA_CONN);
	expect_mapped_at_most(16 << 10);
}

void suite_arena(void)
{
	static const struct runner_test tests[] = {
	    TEST(ten_connections_and_what_they_ask_fit_into_little),
	    TEST(memory_grows_with_the_connections_and_not_far_ahead),
	    TEST(every_size_is_served_and_none_runs_into_another),
	    TEST(room_that_was_too_small_for_one_serves_others),
	    TEST(what_was_given_back_serves_before_more_is_mapped),
	    TEST(memory_that_is_refused_is_asked_for_ever_more_seldom),
	    TEST(refused_growth_costs_only_those_that_need_it),
	    TEST(shorter_mappings_serve_where_long_ones_are_refused),
	    TEST(children_find_it_all_zero_and_lose_none_of_it),
	    TEST(where_nothing_is_zeroed_for_children_no_part_of_it_is),
	    TEST(part_that_would_not_be_zeroed_for_children_is_not_used),
	    TEST_END};

	runner_suite("arena", tests);
}
