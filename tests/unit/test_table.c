/* SPDX-License-Identifier: MIT */
/* From a descriptor to its connection, in an arena of the test's own. */
#include "unit.h"

#include <limits.h>
#include <string.h>

#include "alone.h"

/* Any pointers do: the table never looks at a connection. */
static struct conn *made_up(int fd)
{
	return (struct conn *)((uintptr_t)fd * 64 + 64);
}

/* Not inline: the compiler sees constants beyond the array that they are not looked up in. */
static __attribute__((noinline)) struct conn *found(int fd)
{
	return table_find(fd);
}

static bool track(int fd)
{
	return table_ready(fd) && table_set(fd, made_up(fd));
}

static const int edges[] = {
    0,	   1,	  TABLE_NEAR - 1, TABLE_NEAR, TABLE_PAGE - 1, TABLE_PAGE,
    65535, 65536, 2 * TABLE_PAGE, 524288,     TABLE_MAX - 2,  TABLE_MAX - 1};
enum { EDGES = sizeof(edges) / sizeof(edges[0]) };

static void expect_at_edges(bool tracked)
{
	for (int i = 0; i < EDGES; i++)
		CU_ASSERT_PTR_EQUAL(found(edges[i]), tracked ? made_up(edges[i]) : NULL);
}

static void each_number_up_to_the_highest_has_a_slot_of_its_own(void)
{
	alone_begin();
	expect_at_edges(false);
	for (int i = 0; i < EDGES; i++)
		CU_ASSERT(track(edges[i]));
	expect_at_edges(true);
	runner_expect_long("top", TABLE_MAX, table.top);
	for (int i = 0; i < EDGES; i++) {
		CU_ASSERT_PTR_NULL(found(edges[i] ^ 2));
		if (i % 2) {
			CU_ASSERT(table_set(edges[i], NULL));
		} else {
			CU_ASSERT(table_clear(edges[i], made_up(edges[i])));
		}
		CU_ASSERT_FALSE(table_clear(edges[i], made_up(edges[i])));
	}
	expect_at_edges(false);
}

static void no_other_number_has_one(void)
{
	static const int others[] = {TABLE_MAX, TABLE_MAX + 1, INT_MAX, -1, -1024, INT_MIN};
	alone_begin();
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			CU_ASSERT_PTR_NULL(found(others[i]));
			CU_ASSERT_FALSE(table_ready(others[i]));
			CU_ASSERT_FALSE(table_set(others[i], made_up(1)));
			if (round)
				CU_ASSERT_FALSE(table_clear(others[i], made_up(others[i])));
		}
		runner_expect_long("mappings", round, alone.mappings);
		CU_ASSERT(track(round ? TABLE_MAX - 1 : 3));
	}
}

static void hundred_thousand_are_found_and_forgotten(void)
{
	enum { COUNT = 100000 };
	alone_begin();
	for (int fd = 0; fd < COUNT; fd++)
		CU_ASSERT_FATAL(track(fd));
	for (int fd = 0; fd < COUNT; fd++)
		CU_ASSERT_FATAL(found(fd) == made_up(fd));
	for (int fd = 0; fd < COUNT; fd += 2)
		CU_ASSERT_FATAL(table_set(fd, NULL));
	for (int fd = 0; fd < COUNT + TABLE_PAGE; fd++)
		CU_ASSERT_FATAL(found(fd) == (fd % 2 && fd < COUNT ? made_up(fd) : NULL));
	runner_expect_long("mapped and known", alone.mapped, alone_known());
	CU_ASSERT(alone.mapped < 2 << 20);
}

static void ten_high_numbers_cost_no_more_than_they_need(void)
{
	alone_begin();
	for (int fd = TABLE_MAX - 10; fd < TABLE_MAX; fd++)
		CU_ASSERT(track(fd));
	CU_ASSERT(alone.mapped <= 48 << 10);
	for (int i = 0; i < 10; i++)
		CU_ASSERT(track(TABLE_NEAR + i * 100000)); /* at worst each in a page of its own */
	CU_ASSERT(alone.mapped <= 512 << 10);
}

static void where_there_is_no_memory_nothing_is_tracked(void)
{
	alone_begin();
	alone.longest = 0;
	CU_ASSERT_FALSE(track(3));
	CU_ASSERT_PTR_NULL(found(3));
	alone.longest = SIZE_MAX;
	while (!track(3))
		;
	alone.longest = 0;
	while (arena_take_conn())
		;
	for (int i = 0; i < 50; i++)
		CU_ASSERT_FALSE(track(5000));
	CU_ASSERT_FALSE(table_has(5000));
	CU_ASSERT_FALSE(table_set(5000, made_up(1)));
	CU_ASSERT_FALSE(table_set(5000, NULL));
	CU_ASSERT_PTR_NULL(found(5000));
	CU_ASSERT_PTR_EQUAL(found(3), made_up(3));
	CU_ASSERT(track(TABLE_NEAR - 1));
	alone.longest = SIZE_MAX;
	while (!track(5000))
		;
	CU_ASSERT(table_has(5000));
	CU_ASSERT_PTR_EQUAL(found(5000), made_up(5000));
}

static void nothing_is_found_until_it_is_tracked_again(void)
{
	expect_at_edges(false);
	CU_ASSERT(track(TABLE_MAX - 1));
	CU_ASSERT_PTR_NULL(found(TABLE_NEAR));
	CU_ASSERT_PTR_NULL(found(3));
	CU_ASSERT(track(3));
	for (int i = 0; i < EDGES; i++)
		CU_ASSERT(track(edges[i]));
	expect_at_edges(true);
	CU_ASSERT(table_set(3, NULL));
}

static void children_track_nothing_and_leave_their_parents_be(void)
{
	alone_begin();
	for (int i = 0; i < EDGES; i++)
		CU_ASSERT(track(edges[i]));
	CU_ASSERT(track(3));
	long mapped = alone.mapped;
	alone_in_child(nothing_is_found_until_it_is_tracked_again);
	expect_at_edges(true);
	CU_ASSERT_PTR_EQUAL(found(3), made_up(3));
	runner_expect_long("mapped", mapped, alone.mapped);
}

static void track_beside(void)
{
	CU_ASSERT(track(100001));
}

static long free_pages(void)
{
	long mapped = alone.mapped, count = 0;
	for (alone.longest = 0; arena_take(arena_class(TABLE_PAGE * sizeof(struct conn *)));)
		count++;
	alone.longest = SIZE_MAX;
	runner_expect_long("mapped", mapped, alone.mapped);
	return count;
}

/* Whichever step is interrupted; and the page that came too late is not lost. */
static void handler_that_interrupts_a_new_page_gets_the_same(void)
{
	int at = 0;
	do {
		alone_begin();
		alone.exchanges = at++;
		alone.interrupt_exchange = track_beside;
		CU_ASSERT(track(3));
		CU_ASSERT(track(100000));
		if (!alone.interrupt_exchange)
			CU_ASSERT_PTR_EQUAL(found(100001), made_up(100001));
		CU_ASSERT_PTR_EQUAL(found(100000), made_up(100000));
		CU_ASSERT_PTR_EQUAL(found(3), made_up(3));
		runner_expect_long("mapped and known", alone.mapped, alone_known());
		/* The first mapping has no room for a page, the next two have for one each. */
		runner_expect_long("pages to be had", alone.mapped > 48 << 10, free_pages());
	} while (!alone.interrupt_exchange);
	CU_ASSERT(at > 4);
}

/* Not what memory that was used before had in it. */
static void new_page_is_empty(void)
{
	const size_t len = TABLE_PAGE * sizeof(struct conn *);
	alone_begin();
	CU_ASSERT(track(3));
	void *used = arena_alloc(len);
	memset(used, 7, len);
	arena_free(used, len);
	CU_ASSERT(track(TABLE_PAGE + 1));
	for (int fd = TABLE_NEAR; fd < 3 * TABLE_PAGE; fd++)
		CU_ASSERT_FATAL(found(fd) == (fd == TABLE_PAGE + 1 ? made_up(fd) : NULL));
}

enum { THREADS = 8, EACH = 20000 };

static long missed;

/* Neighbouring numbers are different threads': they want the same pages at the same time. */
static void *track_every_eighth(void *number)
{
	for (int fd = (int)(intptr_t)number; fd < THREADS * EACH; fd += THREADS) {
		if (!track(fd) || found(fd) != made_up(fd))
			__atomic_add_fetch(&missed, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static void threads_find_what_they_track_in_pages_that_they_make_at_once(void)
{
	for (int round = 0; round < 20; round++) {
		alone_begin();
		missed = 0;
		alone_in_threads(THREADS, track_every_eighth);
		runner_expect_long("missed", 0, missed);
		for (int fd = 0; fd < THREADS * EACH; fd++)
			CU_ASSERT_FATAL(found(fd) == made_up(fd));
		runner_expect_long("top", THREADS * EACH, table.top);
		runner_expect_long("mapped and known", alone.mapped, alone_known());
	}
}

void suite_table(void)
{
	static const struct runner_test tests[] = {
	    TEST(each_number_up_to_the_highest_has_a_slot_of_its_own),
	    TEST(no_other_number_has_one),
	    TEST(hundred_thousand_are_found_and_forgotten),
	    TEST(ten_high_numbers_cost_no_more_than_they_need),
	    TEST(where_there_is_no_memory_nothing_is_tracked),
	    TEST(children_track_nothing_and_leave_their_parents_be),
	    TEST(handler_that_interrupts_a_new_page_gets_the_same),
	    TEST(new_page_is_empty),
	    TEST(threads_find_what_they_track_in_pages_that_they_make_at_once),
	    TEST_END};

	runner_suite("table", tests);
}
