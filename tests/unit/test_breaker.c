/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "breaker.h"
#include "sharing.h"

static const struct policy_breaker standard = {1, 500, 20, 10000, 5000, 0};

static struct state *state;
static struct state_peer *peer;

static void begin(void)
{
	state = sharing_new(100000);
	peer = state_peer(state, 7);
}

static void answer(int count)
{
	while (count--)
		state_answered(peer);
}

/* So many failures; how often that opened it. */
static int fail(int count, uint64_t now_ms)
{
	int opened = 0;

	while (count--)
		opened += breaker_failed(peer, &standard, now_ms) == BREAKER_HAS_OPENED;
	return opened;
}

static void expect_allows(const char *what, int allowed, enum breaker_change expected,
			  uint64_t now_ms)
{
	enum breaker_change change;

	runner_expect_long(what, allowed, breaker_allows(peer, &standard, now_ms, &change));
	runner_expect_long(what, expected, change);
}

static void open_at(uint64_t now_ms)
{
	runner_expect_long("opened", 1, fail(20, now_ms));
	runner_expect_long("open", BREAKER_OPEN, breaker_state(peer));
}

static void opens_when_enough_attempts_fail(void)
{
	begin();
	runner_expect_long("19 failures", 0, fail(19, 101000));
	expect_allows("too few to tell", 1, BREAKER_SAME, 101000);
	runner_expect_long("the 20th", 1, fail(1, 101000));
	expect_allows("open", 0, BREAKER_SAME, 101000);
	runner_expect_long("more tell nothing new", 0, fail(5, 101000));
	sharing_end(state);
}

static void opens_only_when_the_ratio_is_reached(void)
{
	begin();
	answer(30);
	runner_expect_long("29 of 59", 0, fail(29, 101000));
	expect_allows("closed", 1, BREAKER_SAME, 101000);
	runner_expect_long("30 of 60", 1, fail(1, 101000));
	sharing_end(state);
}

static void other_peers_are_not_held_back(void)
{
	begin();
	open_at(101000);
	peer = state_peer(state, 8);
	expect_allows("another", 1, BREAKER_SAME, 101000);
	sharing_end(state);
}

static void failures_leave_the_window_after_its_time(void)
{
	begin();
	runner_expect_long("first half", 0, fail(10, 101000));
	runner_expect_long("second half, late", 0, fail(10, 111000));
	runner_expect_long("third, in time", 1, fail(10, 120000));
	sharing_end(state);
}

static void answers_of_a_long_time_are_scaled_to_the_window(void)
{
	begin();
	answer(3600); /* one a second */
	runner_expect_long("20 failures in a moment", 1, fail(20, 3700000));
	sharing_end(state);
}

static void after_its_time_one_probe_is_let_through(void)
{
	begin();
	open_at(101000);
	expect_allows("too early", 0, BREAKER_SAME, 105999);
	expect_allows("the probe", 1, BREAKER_HAS_HALF_OPENED, 106000);
	runner_expect_long("half-open", BREAKER_HALF_OPEN, breaker_state(peer));
	expect_allows("no other", 0, BREAKER_SAME, 106000);
	expect_allows("no other", 0, BREAKER_SAME, 110999);
	sharing_end(state);
}

static void successful_probe_closes_it_with_a_clear_window(void)
{
	begin();
	open_at(101000);
	expect_allows("the probe", 1, BREAKER_HAS_HALF_OPENED, 106000);
	runner_expect_long("success", BREAKER_HAS_CLOSED,
			   breaker_succeeded(peer, &standard, 106010));
	runner_expect_long("a second one", BREAKER_SAME,
			   breaker_succeeded(peer, &standard, 106010));
	expect_allows("closed", 1, BREAKER_SAME, 106010);
	runner_expect_long("old failures are forgotten", 0, fail(19, 106020));
	runner_expect_long("new ones count", 1, fail(1, 106020));
	sharing_end(state);
}

static void failed_probe_opens_it_again(void)
{
	begin();
	open_at(101000);
	expect_allows("the probe", 1, BREAKER_HAS_HALF_OPENED, 106000);
	runner_expect_long("failure", 1, fail(1, 106010));
	expect_allows("not yet", 0, BREAKER_SAME, 111009);
	expect_allows("the next probe", 1, BREAKER_HAS_HALF_OPENED, 111010);
	sharing_end(state);
}

static void success_while_open_closes_nothing(void)
{
	begin();
	open_at(101000);
	runner_expect_long("success", BREAKER_SAME, breaker_succeeded(peer, &standard, 101010));
	expect_allows("open", 0, BREAKER_SAME, 101010);
	sharing_end(state);
}

static void probe_that_is_never_heard_of_gives_way(void)
{
	begin();
	open_at(101000);
	expect_allows("the probe", 1, BREAKER_HAS_HALF_OPENED, 106000);
	expect_allows("it may still come", 0, BREAKER_SAME, 110999);
	expect_allows("another", 1, BREAKER_SAME, 111000);
	expect_allows("and no third", 0, BREAKER_SAME, 111000);
	runner_expect_long("success", BREAKER_HAS_CLOSED,
			   breaker_succeeded(peer, &standard, 111001));
	sharing_end(state);
}

/* Else the first failures of a new day would find it open, and one of them be let through. */
static void peer_that_has_been_well_meanwhile_needs_no_probe(void)
{
	begin();
	open_at(101000);
	answer(1000);
	expect_allows("too early", 0, BREAKER_SAME, 105999);
	runner_expect_long("a failure", 0, fail(1, 200000));
	expect_allows("well", 1, BREAKER_HAS_CLOSED, 200000);
	expect_allows("closed", 1, BREAKER_SAME, 200000);
	sharing_end(state);
}

static void peer_of_which_too_little_is_known_needs_one(void)
{
	begin();
	open_at(101000);
	answer(18);
	runner_expect_long("a failure", 0, fail(1, 110999));
	expect_allows("19 attempts", 1, BREAKER_HAS_HALF_OPENED, 110999);
	expect_allows("no other", 0, BREAKER_SAME, 110999);
	sharing_end(state);
}

static void peer_that_fails_still_needs_one(void)
{
	begin();
	open_at(101000);
	answer(20);
	runner_expect_long("failures", 0, fail(20, 106000));
	expect_allows("half of 40 and more", 1, BREAKER_HAS_HALF_OPENED, 106000);
	sharing_end(state);
}

static void probe_that_is_given_back_is_free_at_once(void)
{
	begin();
	open_at(101000);
	expect_allows("the probe", 1, BREAKER_HAS_HALF_OPENED, 106000);
	breaker_give_back(peer, 105000);
	expect_allows("another's to give", 0, BREAKER_SAME, 106001);
	breaker_give_back(peer, 106000);
	expect_allows("free", 1, BREAKER_SAME, 106001);
	expect_allows("taken", 0, BREAKER_SAME, 106001);
	sharing_end(state);
}

static void giving_back_changes_no_other_state(void)
{
	begin();
	breaker_give_back(peer, 101000);
	expect_allows("closed", 1, BREAKER_SAME, 101000);
	open_at(101000);
	breaker_give_back(peer, 101000);
	expect_allows("open", 0, BREAKER_SAME, 101001);
	sharing_end(state);
}

static void disabled_breaker_allows_all_and_counts_failures(void)
{
	struct policy_breaker off = standard;
	enum breaker_change change;

	off.enabled = 0;
	begin();
	for (int i = 0; i < 100; i++)
		CU_ASSERT_EQUAL(breaker_failed(peer, &off, 101000), BREAKER_SAME);
	runner_expect_long("closed", BREAKER_CLOSED, breaker_state(peer));
	runner_expect_long("failures", 100, (long)peer->failed);
	open_at(101000);
	runner_expect_long("allowed", 1, breaker_allows(peer, &off, 101000, &change));
	sharing_end(state);
}

static void time_far_in_the_future_is_not_believed(void)
{
	begin();
	open_at(101000);
	peer->gate = UINT64_C(999999999) << 2 | BREAKER_OPEN;
	expect_allows("a probe", 1, BREAKER_HAS_HALF_OPENED, 101000);
	sharing_end(state);
}

static long count_opened(struct state *shared)
{
	(void)shared;
	return fail(100, 101000);
}

static long count_probes(struct state *shared)
{
	enum breaker_change change;
	long probes = 0;

	(void)shared;
	for (int i = 0; i < 100; i++)
		probes += breaker_allows(peer, &standard, 106000, &change);
	return probes;
}

static long count_closed(struct state *shared)
{
	(void)shared;
	return breaker_succeeded(peer, &standard, 106001) == BREAKER_HAS_CLOSED;
}

static void of_racing_processes_one_is_told_of_each_change(void)
{
	for (int round = 0; round < 10; round++) {
		begin();
		runner_expect_long("opened", 1, sharing_race(8, count_opened, state));
		runner_expect_long("probes", 1, sharing_race(8, count_probes, state));
		runner_expect_long("closed", 1, sharing_race(8, count_closed, state));
		sharing_end(state);
	}
}

static void tells_how_long_it_still_is_open(void)
{
	enum breaker_change change;

	begin();
	runner_expect_long("closed", 0, (long)breaker_left_ms(peer, &standard, 101000));
	open_at(101000);
	runner_expect_long("just open", 5000, (long)breaker_left_ms(peer, &standard, 101000));
	runner_expect_long("later", 1, (long)breaker_left_ms(peer, &standard, 105999));
	runner_expect_long("over", 0, (long)breaker_left_ms(peer, &standard, 106000));
	peer->gate = UINT64_MAX << 2 | BREAKER_OPEN;
	runner_expect_long("rubbish", 0, (long)breaker_left_ms(peer, &standard, 106000));
	peer->gate = UINT64_C(106000) << 2 | BREAKER_OPEN;
	breaker_allows(peer, &standard, 111000, &change);
	runner_expect_long("half-open", 0, (long)breaker_left_ms(peer, &standard, 111000));
	sharing_end(state);
}

void suite_breaker(void)
{
	static const struct runner_test tests[] = {
	    TEST(opens_when_enough_attempts_fail),
	    TEST(opens_only_when_the_ratio_is_reached),
	    TEST(other_peers_are_not_held_back),
	    TEST(failures_leave_the_window_after_its_time),
	    TEST(answers_of_a_long_time_are_scaled_to_the_window),
	    TEST(after_its_time_one_probe_is_let_through),
	    TEST(successful_probe_closes_it_with_a_clear_window),
	    TEST(failed_probe_opens_it_again),
	    TEST(success_while_open_closes_nothing),
	    TEST(probe_that_is_never_heard_of_gives_way),
	    TEST(peer_that_has_been_well_meanwhile_needs_no_probe),
	    TEST(peer_of_which_too_little_is_known_needs_one),
	    TEST(peer_that_fails_still_needs_one),
	    TEST(probe_that_is_given_back_is_free_at_once),
	    TEST(giving_back_changes_no_other_state),
	    TEST(disabled_breaker_allows_all_and_counts_failures),
	    TEST(time_far_in_the_future_is_not_believed),
	    TEST(of_racing_processes_one_is_told_of_each_change),
	    TEST(tells_how_long_it_still_is_open),
	    TEST_END};

	runner_suite("breaker", tests);
}
