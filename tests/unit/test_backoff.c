/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>

#include "backoff.h"

static const struct policy_backoff standard = {25, 1000, 2000, JITTER_FULL};

static void expect_range(const struct policy_backoff *backoff, uint32_t redial, long low, long high)
{
	uint32_t min_ms, max_ms;
	char what[64];

	backoff_range(backoff, redial, &min_ms, &max_ms);
	snprintf(what, sizeof(what), "shortest before redial %u", redial);
	runner_expect_long(what, low, min_ms);
	snprintf(what, sizeof(what), "longest before redial %u", redial);
	runner_expect_long(what, high, max_ms);
}

static void the_first_redial_is_immediate(void)
{
	struct policy_backoff backoff = {5000, 60000, 10000, JITTER_NONE};

	expect_range(&standard, 1, 0, 0);
	expect_range(&backoff, 1, 0, 0);
	expect_range(&backoff, 0, 0, 0);
	runner_expect_long("delay", 0, backoff_delay_ms(&backoff, 1, UINT32_MAX));
}

static void later_ones_grow_up_to_the_cap(void)
{
	static const long longest[] = {25, 50, 100, 200, 400, 800, 1000, 1000};

	for (unsigned i = 0; i < sizeof(longest) / sizeof(longest[0]); i++)
		expect_range(&standard, i + 2, 0, longest[i]);
	expect_range(&standard, UINT32_MAX, 0, 1000);
}

static void the_jitter_gives_the_range(void)
{
	struct policy_backoff backoff = standard;

	backoff.jitter = JITTER_EQUAL;
	expect_range(&backoff, 2, 12, 25);
	expect_range(&backoff, 3, 25, 50);
	backoff.jitter = JITTER_NONE;
	expect_range(&backoff, 3, 50, 50);
}

static void odd_settings_stay_within_their_bounds(void)
{
	struct policy_backoff constant = {30, 1000, 1000, JITTER_NONE};
	struct policy_backoff slow = {1, 1000, 1500, JITTER_NONE};
	struct policy_backoff none = {0, 1000, 2000, JITTER_NONE};
	struct policy_backoff capped = {500, 100, 2000, JITTER_NONE};
	struct policy_backoff huge = {60000, 60000, 10000, JITTER_NONE};

	expect_range(&constant, 9, 30, 30);
	expect_range(&constant, UINT32_MAX, 30, 30);
	expect_range(&slow, 3, 1, 1); /* 1.5 */
	expect_range(&slow, 4, 2, 2); /* 2.25 */
	expect_range(&slow, 5, 3, 3); /* 3.375 */
	expect_range(&none, 10, 0, 0);
	expect_range(&capped, 2, 100, 100);
	expect_range(&huge, 10, 60000, 60000);
}

static void the_delay_is_spread_evenly_over_the_range(void)
{
	struct policy_backoff backoff = {9, 9, 1000, JITTER_FULL};
	unsigned seen[10] = {0};

	for (unsigned i = 0; i < 1000; i++) {
		uint32_t delay = backoff_delay_ms(&backoff, 2, i * (UINT32_MAX / 1000));

		if (delay < 10)
			seen[delay]++;
	}
	for (unsigned i = 0; i < 10; i++)
		runner_expect_long("of 1000 in each tenth", 1, seen[i] >= 99 && seen[i] <= 101);
	runner_expect_long("least", 0, backoff_delay_ms(&backoff, 2, 0));
	runner_expect_long("most", 9, backoff_delay_ms(&backoff, 2, UINT32_MAX));
	backoff.jitter = JITTER_EQUAL;
	runner_expect_long("least, equal", 4, backoff_delay_ms(&backoff, 2, 0));
	runner_expect_long("most, equal", 9, backoff_delay_ms(&backoff, 2, UINT32_MAX));
}

void suite_backoff(void)
{
	static const struct runner_test tests[] = {TEST(the_first_redial_is_immediate),
						   TEST(later_ones_grow_up_to_the_cap),
						   TEST(the_jitter_gives_the_range),
						   TEST(odd_settings_stay_within_their_bounds),
						   TEST(the_delay_is_spread_evenly_over_the_range),
						   TEST_END};

	runner_suite("backoff", tests);
}
