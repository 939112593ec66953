/* SPDX-License-Identifier: MIT */
/* How often a log is tried that takes long. */
#include "unit.h"

#include "../../preload/log/patience.h"

enum { PID = 4711, YEAR_MS = 365u * 24 * 3600 * 1000 };

/* Each test begins a year later: whatever went before is made up for. */
static void begin(void)
{
	clock_ms += YEAR_MS;
}

/* Tries once, at the PID that is told; the try takes so long. Returns whether there was one. */
static int try(uint64_t pid, uint64_t takes_ms)
{
	struct patience turn = patience_begin(pid);

	clock_ms += turn.has ? takes_ms : 0;
	patience_end(&turn);
	return turn.has;
}

static int tries(int count, uint64_t takes_ms, uint64_t pause_ms)
{
	int had = 0;

	for (int i = 0; i < count; i++) {
		had += try(PID, takes_ms);
		clock_ms += pause_ms;
	}
	return had;
}

static void quick_lines_are_always_tried(void)
{
	begin();
	runner_expect_long("1 ms each", 10000, tries(10000, 1, 0));
	runner_expect_long("19 ms each", 10000, tries(10000, 19, 0));
}

/* And a hundredth of that second besides. */
static void lines_may_take_a_second_at_once(void)
{
	begin();
	runner_expect_long("100 ms each", 11, tries(1000, 100, 0));
	begin();
	runner_expect_long("20 ms each", 51, tries(1000, 20, 0));
	begin();
	runner_expect_long("one of a second", 1, tries(1000, 1000, 0));
}

static void at_most_a_hundredth_of_the_time_is_spent(void)
{
	enum { HOUR_MS = 3600000 };
	static const uint64_t takes_ms[] = {30, 100, 500, 1000, 3000};

	for (size_t i = 0; i < sizeof(takes_ms) / sizeof(takes_ms[0]); i++) {
		begin();
		uint64_t end_ms = clock_ms + 10 * (uint64_t)HOUR_MS, spent_ms = 0;

		while (clock_ms < end_ms) {
			if (try(PID, takes_ms[i]))
				spent_ms += takes_ms[i];
			clock_ms += 100;
		}
		CU_ASSERT(spent_ms <= 10 * HOUR_MS / 100 + 1000 + takes_ms[i]);
		CU_ASSERT(spent_ms >= 10 * HOUR_MS / 100 - takes_ms[i] * 20);
	}
}

static void the_rest_is_ten_minutes_at_most(void)
{
	begin();
	runner_expect_long("one of an hour", 1, try(PID, 3600000));
	clock_ms += 599000;
	runner_expect_long("before", 0, try(PID, 0));
	clock_ms += 2000;
	runner_expect_long("after", 1, try(PID, 0));
}

static void while_one_thread_is_held_up_no_other_tries(void)
{
	begin();
	struct patience first = patience_begin(PID);

	clock_ms += 900;
	runner_expect_long("it may only be slow", 1, try(PID, 0));
	clock_ms += 200;
	runner_expect_long("it is held up", 0, try(PID, 0));
	runner_expect_long("not another process", 1, try(PID + 1, 0));
	clock_ms += 1000;
	patience_end(&first);
	runner_expect_long("it has debts", 0, try(PID, 0));
	clock_ms += 400000;
	runner_expect_long("they are paid", 1, try(PID, 0));
}

/* It was cancelled, or a handler has jumped out of it. */
static void a_thread_that_never_comes_back_is_forgotten(void)
{
	begin();
	patience_begin(PID);
	clock_ms += 599000;
	runner_expect_long("it may come yet", 0, try(PID, 0));
	clock_ms += 2000;
	runner_expect_long("it is gone", 1, try(PID, 0));
	runner_expect_long("and others go on", 5, tries(5, 0, 2000));
}

void suite_patience(void)
{
	static const struct runner_test tests[] = {
	    TEST(quick_lines_are_always_tried),
	    TEST(lines_may_take_a_second_at_once),
	    TEST(at_most_a_hundredth_of_the_time_is_spent),
	    TEST(the_rest_is_ten_minutes_at_most),
	    TEST(while_one_thread_is_held_up_no_other_tries),
	    TEST(a_thread_that_never_comes_back_is_forgotten),
	    TEST_END};

	runner_suite("patience", tests);
}
