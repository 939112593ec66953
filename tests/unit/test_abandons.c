/* SPDX-License-Identifier: MIT */
/* When a process whose rescues the program leaves has none any more. */
#include "unit.h"

#include "../../preload/process/abandons.h"

static uint64_t now_ms = 1000000;

static void leave(int count)
{
	for (int i = 0; i < count; i++)
		abandons_note(now_ms);
}

static void begin(void)
{
	now_ms += UINT64_C(10) * ABANDONS_PAUSE_MS;
	abandons_end();
}

static void some_that_are_left_mean_nothing(void)
{
	begin();
	leave(ABANDONS_IN_A_ROW - 1);
	runner_expect_long("allowed", 1, abandons_allow(now_ms));
}

static void five_in_a_row_are_enough(void)
{
	begin();
	leave(ABANDONS_IN_A_ROW);
	runner_expect_long("allowed", 0, abandons_allow(now_ms));
	runner_expect_long("news", 1, abandons_are_news());
	runner_expect_long("news again", 0, abandons_are_news());
}

static void an_answer_between_them_counts_anew(void)
{
	begin();
	leave(ABANDONS_IN_A_ROW - 1);
	abandons_end();
	leave(ABANDONS_IN_A_ROW - 1);
	runner_expect_long("allowed", 1, abandons_allow(now_ms));
}

static void one_a_minute_may_try(void)
{
	begin();
	leave(ABANDONS_IN_A_ROW);
	runner_expect_long("too soon", 0, abandons_allow(now_ms + ABANDONS_PAUSE_MS - 1));
	now_ms += ABANDONS_PAUSE_MS;
	runner_expect_long("one", 1, abandons_allow(now_ms));
	runner_expect_long("a second", 0, abandons_allow(now_ms));
	leave(1);
	runner_expect_long("left too", 0, abandons_allow(now_ms + ABANDONS_PAUSE_MS - 1));
	now_ms += ABANDONS_PAUSE_MS;
	runner_expect_long("the next", 1, abandons_allow(now_ms));
	abandons_end();
	runner_expect_long("answered", 1, abandons_allow(now_ms));
}

void suite_abandons(void)
{
	static const struct runner_test tests[] = {
	    TEST(some_that_are_left_mean_nothing), TEST(five_in_a_row_are_enough),
	    TEST(an_answer_between_them_counts_anew), TEST(one_a_minute_may_try), TEST_END};
	runner_suite("abandons", tests);
}
