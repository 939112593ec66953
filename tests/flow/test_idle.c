/* SPDX-License-Identifier: MIT */
/*
 * Requests that cross the close of an idle connection: max_idle_ms and keep_alive_hints dial anew
 * before that can happen, the one way to save a POST from it.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"

#define LIMIT "retry = { max_idle_ms = 30; };"

static void for_each_way(struct flow flow, void (*check)(struct flow *flow))
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++)
		check(&flow);
	flow_end(&flow);
}

/* Until so much time has gone: it is what the tests are about. */
static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

/* program.arg: how long it rests. */
PROGRAM(post_after_a_rest)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	rest(atol(program.arg));
	if (exchange(fd, "POST", "/2", "order=7"))
		exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void post_is_saved(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n200 /3\n");
	expect_seen(flow, 1, "method=POST", NULL);
	expect_seen(flow, 1, "conn=2 n=1 method=POST path=/2 body=7 ", "read=full");
	expect_seen(flow, 1, "conn=2 n=2 method=GET path=/3 ", NULL);
	expect_logged(flow, 1, "event=attempt attempt=2 max=3 cause=idle method=POST", NULL);
	expect_logged(flow, 1, "result=recovered attempts=2 status=200", NULL);
	expect_logged(flow, 2, NULL, NULL);
}

static void post_is_lost(struct flow *flow)
{
	flow_redial(flow);
	if (strncmp(flow->result.out, "200 /1\nECONNRESET", 17))
		expect_printed(flow, "200 /1\nECONNRESET\n");
	expect_seen(flow, 1, "method=POST", NULL);
	expect_seen(flow, 1, "conn=1 n=2 method=POST path=/2 ", "read=none");
	expect_logged(flow, 0, "event=attempt", NULL);
}

static void post_that_crosses_the_close_is_lost_without_a_limit(void)
{
	for_each_way((struct flow){.program = "post_after_a_rest",
				   .arg = "60",
				   .faults = {"idle-race=40@1.1"}},
		     post_is_lost);
}

static void max_idle_saves_a_post_from_crossing_the_close(void)
{
	for_each_way((struct flow){.program = "post_after_a_rest",
				   .arg = "60",
				   .faults = {"idle-race=40@1.1"},
				   .policy = LIMIT},
		     post_is_saved);
}

static void rule_may_say_how_long(void)
{
	struct flow flow = {.program = "post_after_a_rest",
			    .arg = "60",
			    .faults = {"idle-race=40@1.1"},
			    .policy = "rules = ( { path = \"/2\"; max_idle_ms = 30; } );"};
	for_each_way(flow, post_is_saved);
	flow.policy = "rules = ( { path = \"/3\"; max_idle_ms = 30; } );";
	for_each_way(flow, post_is_lost);
}

static void promise_of_the_server_saves_a_post(void)
{
	struct flow flow = {.program = "post_after_a_rest",
			    .arg = "600",
			    .keep_alive = "1",
			    .faults = {"idle-race=550@1.1"},
			    .policy = "retry = { keep_alive_hints = true; };"};
	flow.way = WAY_BLOCK;
	post_is_saved(&flow);
	flow.way = WAY_EDGE;
	post_is_saved(&flow);
	flow.policy = NULL;
	post_is_lost(&flow);
	flow.policy = "retry = { keep_alive_hints = true; };";
	flow.keep_alive = "2";
	post_is_lost(&flow);
	flow.keep_alive = NULL;
	post_is_lost(&flow);
	flow_end(&flow);
}

/* The server counts as well, and goes without a word. */
PROGRAM(five_posts)
{
	int fd = dial();
	for (int i = 0; i < 5; i++)
		exchange(fd, "POST", "/", "order");
	hang_up(fd);
}

static void two_on_each(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /\n200 /\n200 /\n200 /\n200 /\n");
	expect_seen(flow, 5, "method=POST", "read=full");
	expect_seen(flow, 1, "conn=1 n=2 ", NULL);
	expect_seen(flow, 1, "conn=2 n=2 ", NULL);
	expect_seen(flow, 1, "conn=3 n=1 ", NULL);
	expect_logged(flow, 2, "event=attempt attempt=2 max=3 cause=max-requests method=POST",
		      NULL);
	expect_logged(flow, 2, "result=recovered attempts=2 status=200", NULL);
}

static void connection_has_no_more_requests_than_it_may(void)
{
	for_each_way((struct flow){.program = "five_posts",
				   .faults = {"idle-race=0@1.2"},
				   .policy = "retry = { max_requests = 2; };"},
		     two_on_each);
}

/* Says how many more it takes of three; whatever comes as the third is lost. */
static void serve_two_of_three(struct peer *peer)
{
	static const char *const more[] = {"max=2", "max=1"};
	char text[200];
	int fd;
	while ((fd = peer_accept(peer)) >= 0) {
		for (int i = 0; i < 2 && !peer_read_until(peer, fd, "order"); i++) {
			snprintf(text, sizeof(text),
				 "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n"
				 "Keep-Alive: timeout=9, %s\r\n\r\n{\"path\":\"/\"}",
				 more[i]);
			peer_say(fd, text);
		}
		peer_read_until(peer, fd, "order");
		peer_close(fd);
	}
}

static void last_request_that_a_server_takes_is_left_to_others(void)
{
	struct flow flow = {.program = "five_posts",
			    .peer = serve_two_of_three,
			    .policy = "retry = { keep_alive_hints = true; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /\n200 /\n200 /\n200 /\n200 /\n");
	expect_logged(&flow, 2, "cause=max-requests", NULL);
	flow_end(&flow);
}

static void nothing_is_replaced(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n200 /3\n");
	expect_seen(flow, 3, "conn=1 ", "request ");
	expect_logged(flow, 0, NULL, NULL);
}

static void connection_within_its_limit_stays(void)
{
	for_each_way((struct flow){.program = "post_after_a_rest",
				   .arg = "0",
				   .policy = "retry = { max_idle_ms = 20000; };"},
		     nothing_is_replaced);
}

/* It is dead already: that is no guess any more. */
static void death_comes_first(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n");
	expect_seen(flow, 1, "method=POST", NULL);
	expect_logged(flow, 1, "event=attempt attempt=2 max=3 cause=stale method=POST", NULL);
}

static void dead_connection_is_called_stale(void)
{
	for_each_way((struct flow){.program = "post_and_redial_dies",
				   .faults = {"idle-close@1.1"},
				   .policy = "retry = { max_idle_ms = 1; };"},
		     death_comes_first);
}

/* A second connection makes the server turn new ones away. */
PROGRAM(post_while_none_gets_in)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int other = dial();
	exchange(other, "GET", "/other", NULL);
	hang_up(other);
	rest(40);
	if (exchange(fd, "POST", "/2", "order=7"))
		exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void old_one_serves(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\nECONNRESET\n200 /2\n200 /3\n");
	expect_seen(flow, 1, "method=POST", NULL);
	expect_seen(flow, 1, "conn=1 n=2 method=POST path=/2 body=7 ", "attempt=- ");
	expect_seen(flow, 1, "conn=1 n=3 method=GET path=/3 ", NULL);
	expect_logged(flow, 1, "event=attempt attempt=2 max=3 cause=idle method=POST", NULL);
	expect_logged(flow, 1, "event=outcome result=kept attempts=2 cause=", NULL);
}

static void request_goes_out_on_the_old_connection_if_the_redial_is_refused(void)
{
	for_each_way((struct flow){.program = "post_while_none_gets_in",
				   .faults = {"refuse=9@2.1"},
				   .policy = "retry = { max_idle_ms = 30; "
					     "attempt_header = \"X-Retry-Attempt\"; };"},
		     old_one_serves);
}

static void request_goes_out_on_the_old_connection_if_the_redial_hangs(void)
{
	for_each_way((struct flow){.program = "post_while_none_gets_in",
				   .faults = {"hang-accept=9@2.1"},
				   .policy = "retry = { max_idle_ms = 30; connect_timeout_ms = 60; "
					     "attempt_header = \"X-Retry-Attempt\"; };"},
		     old_one_serves);
}

static void request_goes_out_on_the_old_connection_when_all_time_is_used_up(void)
{
	for_each_way(
	    (struct flow){.program = "post_while_none_gets_in",
			  .faults = {"hang-accept=9@2.1"},
			  .policy = "retry = { max_idle_ms = 30; total_timeout_ms = 60; };"},
	    old_one_serves);
}

/* It dies while a new one is dialed, which gets in only when it is dialed once more. */
static void reset_while_it_is_replaced(struct peer *peer)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
	char byte;
	int old = peer_accept(peer);
	peer_read_until(peer, old, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(old, ok);
	peer_await_knock(peer);
	bool is_silent = recv(old, &byte, 1, MSG_DONTWAIT) < 0;
	peer_reset(old);
	peer_let_in(peer);
	int fresh = peer_accept(peer);
	if (is_silent && peer_read_until(peer, fresh, "order=7") == 0)
		peer_say(fresh, ok);
	if (peer_read_until(peer, fresh, "GET /3 HTTP/1.1\r\n") == 0)
		peer_say(fresh, ok);
	peer_read_all(peer, fresh);
	peer_close(fresh);
}

static void old_one_dies(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200\n200\n200\n");
	expect_logged(flow, 1, "event=attempt attempt=3 max=5 cause=stale method=POST", NULL);
	expect_logged(flow, 1, "result=recovered", NULL);
}

static void old_connection_that_dies_meanwhile_is_rescued_as_ever(void)
{
	for_each_way((struct flow){.program = "post_after_a_rest",
				   .arg = "40",
				   .peer = reset_while_it_is_replaced,
				   .policy =
				       "retry = { max_idle_ms = 30; connect_timeout_ms = 800; "
				       "max_attempts = 5; backoff = { base_ms = 0; }; };"},
		     old_one_dies);
}

/* Too large to be held: it waits for the new connection. */
static void large_post_is_saved(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n200 /3\n");
	expect_seen(flow, 1, "method=POST", NULL);
	expect_seen(flow, 1, "conn=2 n=1 method=POST path=/2 body=7 ", "read=full");
	expect_logged(flow, 1, "event=attempt attempt=2 max=3 cause=idle", NULL);
}

static void request_that_is_not_held_is_saved_too(void)
{
	struct flow flow = {.program = "post_after_a_rest",
			    .arg = "60",
			    .faults = {"idle-race=40@1.1"},
			    .policy = "retry = { max_idle_ms = 30; max_request_bytes = 10; };"};
	for_each_way(flow, large_post_is_saved);
	flow = (struct flow){.program = "post_while_none_gets_in",
			     .faults = {"refuse=9@2.1"},
			     .policy = "retry = { max_idle_ms = 30; max_request_bytes = 10; };"};
	for_each_way(flow, old_one_serves);
}

PROGRAM(two_rests)
{
	int fd = dial();
	for (int i = 0; i < 3; i++) {
		exchange(fd, i ? "POST" : "GET", "/1", i ? "order" : NULL);
		rest(20);
	}
	hang_up(fd);
}

static void each_rest_counts(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /1\n200 /1\n");
	expect_seen(flow, 1, "conn=1 ", "request ");
	expect_seen(flow, 1, "conn=2 ", "request ");
	expect_seen(flow, 1, "conn=3 ", "request ");
	/* What was replaced was closed by us. */
	CU_ASSERT(!faultd_wait(&flow->server, 1, "close conn=1 by=peer", NULL, NULL, 5000));
	CU_ASSERT(!faultd_wait(&flow->server, 1, "close conn=2 by=peer", NULL, NULL, 5000));
}

static void connection_is_replaced_after_each_rest_and_the_old_one_closed(void)
{
	for_each_way(
	    (struct flow){.program = "two_rests", .policy = "retry = { max_idle_ms = 10; };"},
	    each_rest_counts);
}

/* One thread reads, blocked in recv all the time, and another one writes. */
static void *read_answers(void *arg)
{
	int fd = *(int *)arg;
	answer(fd);
	answer(fd);
	return NULL;
}

PROGRAM(reader_and_writer)
{
	pthread_t reader;
	int fd = dial();
	pthread_create(&reader, NULL, read_answers, &fd);
	ask(fd, "GET", "/1", NULL);
	rest(60);
	ask(fd, "POST", "/2", "order=7");
	pthread_join(reader, NULL);
	hang_up(fd);
}

static void thread_that_waits_in_recv_gets_the_answer_of_the_new_connection(void)
{
	struct flow flow = {.program = "reader_and_writer", .policy = LIMIT};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	expect_seen(&flow, 1, "conn=2 n=1 method=POST", NULL);
	expect_within(&flow, 3000);
	flow_end(&flow);
}

const struct runner_test idle_tests[] = {
    T(post_that_crosses_the_close_is_lost_without_a_limit),
    T(max_idle_saves_a_post_from_crossing_the_close),
    T(connection_has_no_more_requests_than_it_may),
    T(last_request_that_a_server_takes_is_left_to_others),
    T(rule_may_say_how_long),
    T(promise_of_the_server_saves_a_post),
    T(connection_within_its_limit_stays),
    T(dead_connection_is_called_stale),
    T(request_goes_out_on_the_old_connection_if_the_redial_is_refused),
    T(request_goes_out_on_the_old_connection_if_the_redial_hangs),
    T(request_goes_out_on_the_old_connection_when_all_time_is_used_up),
    T(old_connection_that_dies_meanwhile_is_rescued_as_ever),
    T(request_that_is_not_held_is_saved_too),
    T(connection_is_replaced_after_each_rest_and_the_old_one_closed),
    T(thread_that_waits_in_recv_gets_the_answer_of_the_new_connection),
    T_END,
};
