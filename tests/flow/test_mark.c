/* SPDX-License-Identifier: MIT */
/* attempt_header: what tells the server of a request that it is sent again. */
#include <stdio.h>
#include <string.h>

#include "flow.h"

#define MARK "retry = { attempt_header = \"X-Retry-Attempt\"; max_attempts = 4; };"

static void for_each_way(struct flow flow, void (*check)(struct flow *flow))
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++)
		check(&flow);
	flow_end(&flow);
}

static void copies_are_numbered(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n");
	expect_seen(flow, 1, "path=/1 ", "attempt=- ");
	expect_seen(flow, 1, "conn=1 n=2 method=GET path=/2 ", "attempt=- ");
	expect_seen(flow, 1, "conn=2 n=1 method=GET path=/2 ", "attempt=2 ");
	expect_seen(flow, 1, "conn=3 n=1 method=GET path=/2 ", "attempt=3 ");
}

static void only_resent_copies_carry_their_number(void)
{
	for_each_way((struct flow){.program = "two_gets",
				   .faults = {"reset@1.2", "reset@2.1"},
				   .policy = MARK},
		     copies_are_numbered);
}

static void copies_are_as_the_first(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n");
	expect_seen(flow, 3, "path=/", "attempt=- ");
	expect_seen(flow, 3, "path=/", NULL);
}

static void without_it_copies_are_as_the_first(void)
{
	for_each_way((struct flow){.program = "two_gets", .faults = {"reset@1.2"}},
		     copies_are_as_the_first);
}

static void rule_that_does_not_match_leaves_copies_alone(void)
{
	for_each_way((struct flow){.program = "two_gets",
				   .faults = {"reset@1.2"},
				   .policy = "rules = ( { path = \"/3*\"; "
					     "attempt_header = \"X-Retry-Attempt\"; } );"},
		     copies_are_as_the_first);
}

/* Nothing of it had been sent, but it is the second sending by the log's count. */
static void post_is_numbered(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n");
	expect_seen(flow, 1, "method=POST path=/2 body=7 ", "attempt=2 ");
	expect_seen(flow, 1, "method=POST", NULL);
	expect_logged(flow, 1, "event=attempt attempt=2", "cause=stale");
}

static void request_of_a_stale_connection_is_numbered_as_in_the_log(void)
{
	for_each_way((struct flow){.program = "post_and_redial_dies",
				   .faults = {"idle-close@1.1"},
				   .policy = MARK},
		     post_is_numbered);
}

PROGRAM(pipeline_in_one_write)
{
	static const char requests[] = "GET /2 HTTP/1.1\r\nHost: test\r\n\r\n"
				       "GET /3 HTTP/1.1\r\nHost: test\r\n\r\n"
				       "GET /chunked HTTP/1.1\r\nHost: test\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, requests, sizeof(requests) - 1) && answer(fd) && answer(fd))
		answer(fd);
	exchange(fd, "GET", "/6", NULL);
	hang_up(fd);
}

static void pipeline_is_numbered(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n200 /3\n200 chunked\n200 /6\n");
	expect_seen(flow, 3, "conn=2 ", "attempt=2 ");
	expect_seen(flow, 1, "conn=2 n=4 method=GET path=/6 ", "attempt=- ");
	expect_seen(flow, 0, "garbage", NULL);
}

static void pipelined_copies_are_all_numbered(void)
{
	for_each_way((struct flow){.program = "pipeline_in_one_write",
				   .faults = {"reset-unread@1.2"},
				   .policy = MARK},
		     pipeline_is_numbered);
}

static void repeats_count_on(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n200 /3\n200 chunked\n200 /6\n");
	expect_seen(flow, 1, "conn=2 n=2 method=GET path=/3 ", "attempt=2 ");
	expect_seen(flow, 1, "conn=3 n=1 method=GET path=/3 ", "attempt=3 ");
	expect_seen(flow, 1, "conn=3 n=2 method=GET path=/chunked ", "attempt=3 ");
	expect_logged(flow, 1, "event=attempt attempt=3", "path=/3 ");
}

static void repeats_are_bounded(struct flow *flow)
{
	flow_redial(flow);
	expect_seen(flow, 1, "path=/3 ", "attempt=2 ");
	expect_seen(flow, 0, "path=/3 ", "attempt=3 ");
	expect_logged(flow, 1, "event=refused reason=attempts", "path=/3 ");
}

/* Sent again with the one before it, the second request has had two of its sendings. */
static void later_request_of_a_pipeline_has_no_more_attempts_than_any(void)
{
	struct flow flow = {.program = "pipeline_in_one_write",
			    .faults = {"reset-unread@1.2", "reset@2.2"},
			    .policy = MARK};
	for_each_way(flow, repeats_count_on);
	flow.policy = "retry = { attempt_header = \"X-Retry-Attempt\"; max_attempts = 2; };";
	for_each_way(flow, repeats_are_bounded);
}

/* The head comes in pieces, wherever the program is told that its connection is dead. */
PROGRAM(head_in_pieces)
{
	static const char *const pieces[] = {
	    "PO",     "ST /2 HT", "TP/1.1\r\n", "Host: test\r\nCont", "ent-Length: 5",
	    "\r\n\r", "\nor",	  "der"};
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		if (!put(fd, pieces[i], strlen(pieces[i])))
			say("%s", error_name(0));
	}
	answer(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void pieces_arrive_whole(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n200 /3\n");
	expect_seen(flow, 1, "method=POST path=/2 body=5 ", "read=full");
	expect_seen(flow, 0, "garbage", NULL);
	expect_seen(flow, 1, "path=/3 ", "attempt=- ");
}

static void head_in_pieces_is_never_broken(void)
{
	for_each_way((struct flow){.program = "head_in_pieces",
				   .faults = {"idle-close@1.1"},
				   .policy = MARK},
		     pieces_arrive_whole);
}

PROGRAM(own_attempt_header)
{
	static const char request[] =
	    "GET /2 HTTP/1.1\r\nHost: test\r\nx-retry-attempt: mine\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, request, sizeof(request) - 1))
		answer(fd);
	hang_up(fd);
}

static void own_header_stays(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n");
	expect_seen(flow, 2, "path=/2 ", "attempt=mine ");
}

static void header_of_the_programs_own_stays(void)
{
	for_each_way(
	    (struct flow){.program = "own_attempt_header", .faults = {"reset@1.2"}, .policy = MARK},
	    own_header_stays);
}

/* The bytes themselves, where the request line ends and where the body begins. */
static void serve_bytes(struct peer *peer)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, answer);
	peer_read_until(peer, fd, "\r\n\r\nGET /x HTTP/1.1\r\n\r\n");
	peer_reset(fd);
	fd = peer_accept(peer);
	peer->received = 0;
	peer->sum = FNV1A_START;
	peer_read_until(peer, fd, "\r\n\r\nGET /x HTTP/1.1\r\n\r\n");
	peer_say(fd, answer);
	peer_read_all(peer, fd);
}

PROGRAM(put_that_looks_like_two)
{
	static const char request[] =
	    "PUT /2 HTTP/1.1\r\nHost: test\r\nContent-Length: 19\r\n\r\nGET /x HTTP/1.1\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, request, sizeof(request) - 1))
		answer(fd);
	hang_up(fd);
}

static void header_stands_behind_the_request_line_and_nowhere_else(void)
{
	static const char expected[] = "PUT /2 HTTP/1.1\r\nX-Again: 2\r\nHost: test\r\n"
				       "Content-Length: 19\r\n\r\nGET /x HTTP/1.1\r\n\r\n";
	struct flow flow = {.program = "put_that_looks_like_two",
			    .peer = serve_bytes,
			    .policy =
				"retry = { methods = [\"PUT\"]; attempt_header = \"X-Again\"; };"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\n200\n");
		runner_expect_long("length", sizeof(expected) - 1, (long)flow.seen.received);
		runner_expect_long("sum", fnv1a(FNV1A_START, expected, sizeof(expected) - 1),
				   flow.seen.sum);
	}
	flow_end(&flow);
}

const struct runner_test mark_tests[] = {
    T(only_resent_copies_carry_their_number),
    T(without_it_copies_are_as_the_first),
    T(rule_that_does_not_match_leaves_copies_alone),
    T(request_of_a_stale_connection_is_numbered_as_in_the_log),
    T(pipelined_copies_are_all_numbered),
    T(later_request_of_a_pipeline_has_no_more_attempts_than_any),
    T(head_in_pieces_is_never_broken),
    T(header_of_the_programs_own_stays),
    T(header_stands_behind_the_request_line_and_nowhere_else),
    T_END,
};
