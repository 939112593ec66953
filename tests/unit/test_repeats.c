/* SPDX-License-Identifier: MIT */
/* Which requests a program is believed to send again by itself. */
#include "unit.h"

#include "../../preload/process/repeats.h"

/* Each test has peers and requests of its own: what is known is the process's. */
static uint64_t base;
static uint64_t now_ms;

static struct repeats_request request_of(uint64_t peer, uint64_t request)
{
	return (struct repeats_request){
	    .peer = base + peer, .request = base + request, .sent_ms = now_ms, .seen_ms = now_ms};
}

/* Sends it, sees the answer `takes_ms` later, and is told whether it is left to the program. */
static bool sends(uint64_t peer, uint64_t request, uint64_t takes_ms)
{
	struct repeats_request asked = request_of(peer, request);
	now_ms += takes_ms;
	asked.seen_ms = now_ms;
	return repeats_ask(&asked);
}

/* The same for one whose response the program is given after redial's attempts. */
static bool fails(uint64_t peer, uint64_t request)
{
	struct repeats_request asked = request_of(peer, request);
	bool left = repeats_ask(&asked);
	now_ms += left ? 0 : 60;
	repeats_given(&asked, now_ms);
	return left;
}

static void start(void)
{
	base += 1000;
	now_ms += 1000000;
}

static void a_retry_is_left_to_the_program_and_then_the_peer(void)
{
	start();
	runner_expect_long("the first", false, fails(1, 1));
	now_ms += 100;
	runner_expect_long("its retry", true, fails(1, 1));
	runner_expect_long("another request", true, fails(1, 2));
	runner_expect_long("at another peer", false, fails(2, 3));
}

static void it_is_news_once(void)
{
	start();
	runner_expect_long("before", false, repeats_news(base + 1));
	fails(1, 1);
	fails(1, 1);
	runner_expect_long("first", true, repeats_news(base + 1));
	runner_expect_long("second", false, repeats_news(base + 1));
}

static void slow_retries_are_believed_of_the_second_request(void)
{
	start();
	fails(1, 1);
	now_ms += 2000;
	runner_expect_long("its retry", true, fails(1, 1));
	runner_expect_long("another request", false, fails(1, 2));
	now_ms += 2000;
	runner_expect_long("its retry", true, fails(1, 2));
	runner_expect_long("a third", true, fails(1, 3));
}

static void what_comes_late_is_none(void)
{
	start();
	fails(1, 1);
	now_ms += REPEATS_AGAIN_MS;
	runner_expect_long("a new request", false, fails(1, 1));
}

static void a_peer_is_believed_for_a_while(void)
{
	start();
	fails(1, 1);
	fails(1, 1);
	now_ms += REPEATS_PEER_MS - 100;
	runner_expect_long("before", true, sends(1, 2, 0));
	now_ms += 200;
	runner_expect_long("after", false, sends(1, 3, 0));
}

static void what_was_under_way_is_no_retry(void)
{
	start();
	struct repeats_request early = request_of(1, 1);
	fails(1, 1);
	early.seen_ms = now_ms + 20;
	early.sent_ms -= 20;
	runner_expect_long("sent before the other was given", false, repeats_ask(&early));
	runner_expect_long("the peer", false, sends(1, 2, 0));
}

static void a_poll_each_second_takes_nothing_from_others(void)
{
	int again = 0;
	start();
	for (int i = 0; i < 100; i++) {
		uint64_t began_ms = now_ms;
		again += fails(1, 1);
		now_ms = began_ms + 500;
		runner_expect_long("another request", false, sends(1, 2 + i, 0));
		now_ms = began_ms + 1000;
	}
	runner_expect_long("left to it", 90, again);
}

static void a_peer_that_answers_others_is_not_believed_to_be_retried(void)
{
	start();
	struct repeats_request asked = request_of(1, 1);
	repeats_given(&asked, now_ms);
	asked.answered++;
	runner_expect_long("it itself", true, repeats_ask(&asked));
	runner_expect_long("another", false, sends(1, 2, 0));
}

static void many_requests_push_out_the_oldest(void)
{
	start();
	for (int i = 1; i <= 16; i++) {
		fails(i, i);
		now_ms++;
	}
	runner_expect_long("the second of 16", true, sends(2, 2, 0));
	fails(17, 17);
	runner_expect_long("the first of 17", false, sends(1, 1, 0));
}

void suite_repeats(void)
{
	static const struct runner_test tests[] = {
	    TEST(a_retry_is_left_to_the_program_and_then_the_peer),
	    TEST(it_is_news_once),
	    TEST(slow_retries_are_believed_of_the_second_request),
	    TEST(what_comes_late_is_none),
	    TEST(a_peer_is_believed_for_a_while),
	    TEST(what_was_under_way_is_no_retry),
	    TEST(a_poll_each_second_takes_nothing_from_others),
	    TEST(a_peer_that_answers_others_is_not_believed_to_be_retried),
	    TEST(many_requests_push_out_the_oldest),
	    TEST_END};
	runner_suite("repeats", tests);
}
