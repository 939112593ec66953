/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include "budget.h"
#include "sharing.h"

static const struct policy_budget standard = {1, 200, 10, 10000};
static const struct policy_budget by_ratio = {1, 200, 0, 10000};
static const struct policy_budget by_floor = {1, 0, 10, 10000};

/* So many answers, on two peers. */
static void answer(struct state *state, int count)
{
	for (int i = 0; i < count; i++)
		state_answered(state_peer(state, 1 + i % 2));
}

/* How often it says yes before it says no. */
static long take_all(struct state *state, const struct policy_budget *settings, uint64_t now_ms)
{
	long taken = 0;

	while (taken < 1000000 && budget_take(state, settings, now_ms))
		taken++;
	return taken;
}

static void expect_takes(const char *what, long expected, struct state *state,
			 const struct policy_budget *settings, uint64_t now_ms)
{
	runner_expect_long(what, expected, budget_left(state, settings, now_ms));
	runner_expect_long(what, expected, take_all(state, settings, now_ms));
	runner_expect_long(what, 0, budget_left(state, settings, now_ms));
}

static void there_is_a_floor_and_a_ratio_above_it(void)
{
	struct state *state = sharing_new(100000);

	expect_takes("nothing asked yet", 100, state, &standard, 100000);
	answer(state, 1000);
	expect_takes("a fifth of 1000", 200, state, &standard, 100500);
	expect_takes("nothing new", 0, state, &standard, 100600);
	sharing_end(state);
}

static void failures_are_requests_too(void)
{
	struct state *state = sharing_new(100000);

	answer(state, 5);
	state_peer(state, 1)->failed = 5;
	expect_takes("a fifth of ten", 2, state, &by_ratio, 100001);
	sharing_end(state);
}

/* Else resends would make room for more of them, while everything fails. */
static void request_that_is_sent_again_is_one(void)
{
	struct state *state = sharing_new(100000);

	answer(state, 5);
	state_peer(state, 1)->failed = 10;
	for (int i = 0; i < 5; i++)
		state_repeated(state);
	expect_takes("a fifth of ten", 2, state, &by_ratio, 100001);
	for (int i = 0; i < 15; i++)
		state_repeated(state);
	runner_expect_long("more than there are", 0, (long)state_requests(state));
	sharing_end(state);
}

static void less_than_one_resend_rounds_up(void)
{
	struct state *state = sharing_new(100000);

	expect_takes("none of none", 0, state, &by_ratio, 100001);
	answer(state, 1);
	expect_takes("fewer than 0.2", 1, state, &by_ratio, 100001);
	sharing_end(state);
}

static void resends_leave_the_window_after_its_time(void)
{
	struct state *state = sharing_new(0);

	expect_takes("first", 100, state, &by_floor, 100000);
	expect_takes("in the window's last slot", 0, state, &by_floor, 109999);
	expect_takes("a window later", 100, state, &by_floor, 110000);
	for (int i = 0; i < 10; i++)
		CU_ASSERT(budget_take(state, &by_floor, 120000 + 1000 * i));
	runner_expect_long("ten in ten slots", 90, budget_left(state, &by_floor, 129999));
	runner_expect_long("the first slides out", 91, budget_left(state, &by_floor, 130000));
	runner_expect_long("so do others", 95, budget_left(state, &by_floor, 134500));
	sharing_end(state);
}

static void requests_leave_the_window_after_its_time(void)
{
	struct state *state = sharing_new(100000);

	answer(state, 1000);
	CU_ASSERT(budget_take(state, &by_ratio, 101000)); /* a look */
	runner_expect_long("in the window", 199, budget_left(state, &by_ratio, 109000));
	runner_expect_long("past it", 0, budget_left(state, &by_ratio, 111000));
	sharing_end(state);
}

static void requests_of_a_long_time_are_scaled_to_the_window(void)
{
	struct state *state = sharing_new(0);

	answer(state, 100000);
	/* A hundred a second, of which nine and a half seconds' are in the slots. */
	expect_takes("since the beginning", 190, state, &by_ratio, 1000500);
	answer(state, 3600);
	expect_takes("one a second", 2, state, &by_ratio, 4600499);
	sharing_end(state);
}

static void a_window_in_another_process_keeps_its_length(void)
{
	struct policy_budget longer = by_floor;
	struct state *state = sharing_new(0);

	longer.window_ms = 100000;
	expect_takes("of the first", 100, state, &by_floor, 100000);
	expect_takes("the first one's, too", 0, state, &longer, 109000);
	expect_takes("the first one's, too", 100, state, &longer, 110000);
	sharing_end(state);
}

static void asking_what_is_left_changes_nothing(void)
{
	struct state *state = sharing_new(0);
	struct state before;

	answer(state, 100);
	before = *state;
	runner_expect_long("left", 100, budget_left(state, &standard, 10000000));
	runner_expect_long("changed", 0, memcmp(&before, state, sizeof(before)));
	sharing_end(state);
}

static void full_slot_does_not_spill_into_its_epoch(void)
{
	struct state *state = sharing_new(0);
	uint64_t full = UINT64_C(100) << 32 | UINT32_MAX;

	state->budget.slots[WINDOW_EVENTS][0] = full;
	window_add_event(&state->budget, 10000, 100000);
	CU_ASSERT_EQUAL(state->budget.slots[WINDOW_EVENTS][0], full);
	sharing_end(state);
}

static void disabled_budget_is_endless(void)
{
	struct policy_budget off = {0, 0, 0, 10000};
	struct state *state = sharing_new(0);

	for (int i = 0; i < 1000; i++)
		CU_ASSERT(budget_take(state, &off, 5));
	runner_expect_long("left", UINT32_MAX, budget_left(state, &off, 5));
	runner_expect_long("not counted", 100, budget_left(state, &standard, 5));
	sharing_end(state);
}

static void odd_settings_and_clocks_are_survived(void)
{
	static const uint64_t times[] = {0, 1, 5, UINT64_MAX, UINT64_MAX / 2, 0, 3};
	struct policy_budget odd[] = {{1, 0, 0, 0}, {1, 1, 1, 1}, {1, UINT32_MAX, 1, UINT32_MAX}};

	for (int i = 0; i < 3; i++) {
		struct state *state = sharing_new(0);

		for (int j = 0; j < 7; j++) {
			answer(state, 10);
			budget_take(state, &odd[i], times[j]);
			budget_left(state, &odd[i], times[j]);
		}
		sharing_end(state);
	}
}

static void clock_of_a_slow_process_takes_nothing_back(void)
{
	struct state *state = sharing_new(0);

	runner_expect_long("later", 100, take_all(state, &by_floor, 100500));
	runner_expect_long("earlier", 0, take_all(state, &by_floor, 99900));
	runner_expect_long("later still", 0, take_all(state, &by_floor, 100600));
	/* A whole window earlier, in the same slot's place. */
	runner_expect_long("much earlier", 1, budget_take(state, &by_floor, 90400));
	runner_expect_long("as before", 0, budget_left(state, &by_floor, 100700));
	sharing_end(state);
}

static long look(struct state *state)
{
	window_look(&state->budget, 10000, state_requests(state), state->head.root_start);
	return 0;
}

static void of_racing_processes_one_counts_the_requests(void)
{
	struct state *state = sharing_new(0);

	for (int round = 1; round <= 200; round++) {
		uint64_t now_ms = round * 20000;

		answer(state, 1000);
		state->budget.seen_ms = now_ms - 100;
		state->head.root_start = now_ms;
		sharing_race(4, look, state);
		if (window_sum(&state->budget, WINDOW_REQUESTS, 10000, now_ms) != 1000)
			CU_FAIL("counted more than once, or never");
	}
	sharing_end(state);
}

static long take_at_one_moment(struct state *state)
{
	return take_all(state, &by_floor, state->head.root_start);
}

static void racing_processes_overshoot_by_one_each_at_most(void)
{
	struct state *state = sharing_new(0);

	for (int round = 1; round <= 20; round++) {
		long taken;

		state->head.root_start = round * 20000; /* tells them the time */
		taken = sharing_race(8, take_at_one_moment, state);
		if (taken < 100 || taken > 107)
			runner_expect_long("taken by eight", 100, taken);
	}
	sharing_end(state);
}

/* One clock for all of them: each step of anyone's takes it on by 2.5 ms. */
static long take_as_time_goes(struct state *state)
{
	long taken = 0;

	for (int i = 0; i < 10000; i++) {
		uint64_t step = __atomic_fetch_add(&state->head.root_start, 1, __ATOMIC_RELAXED);

		state_answered(state_peer(state, 1));
		taken += budget_take(state, &standard, 100000 + step * 5 / 2);
	}
	return taken;
}

/* A hundred seconds at 400 requests a second: 900 resends in ten of them, and no more in nine. */
static void racing_processes_share_a_sliding_window(void)
{
	struct state *state = sharing_new(100000);
	long taken = sharing_race(4, take_as_time_goes, state);

	runner_expect_long("requests", 40000, (long)state_requests(state));
	if (taken < 8000 || taken > 10000)
		runner_expect_long("taken by four", 9000, taken);
	sharing_end(state);
}

void suite_budget(void)
{
	static const struct runner_test tests[] = {
	    TEST(there_is_a_floor_and_a_ratio_above_it),
	    TEST(failures_are_requests_too),
	    TEST(request_that_is_sent_again_is_one),
	    TEST(less_than_one_resend_rounds_up),
	    TEST(resends_leave_the_window_after_its_time),
	    TEST(requests_leave_the_window_after_its_time),
	    TEST(requests_of_a_long_time_are_scaled_to_the_window),
	    TEST(a_window_in_another_process_keeps_its_length),
	    TEST(asking_what_is_left_changes_nothing),
	    TEST(full_slot_does_not_spill_into_its_epoch),
	    TEST(disabled_budget_is_endless),
	    TEST(odd_settings_and_clocks_are_survived),
	    TEST(clock_of_a_slow_process_takes_nothing_back),
	    TEST(of_racing_processes_one_counts_the_requests),
	    TEST(racing_processes_overshoot_by_one_each_at_most),
	    TEST(racing_processes_share_a_sliding_window),
	    TEST_END};

	runner_suite("budget", tests);
}
