/* SPDX-License-Identifier: MIT */
/* What is a request and what an answer, on the wire: only what was not answered is sent again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

static void for_each_way(struct flow flow, void (*check)(struct flow *flow))
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++)
		check(&flow);
	flow_end(&flow);
}

PROGRAM(pipelined_gets)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	ask(fd, "GET", "/3", NULL);
	ask(fd, "HEAD", "/4", NULL);
	ask(fd, "GET", "/chunked", NULL);
	for (int i = 2; i <= 5; i++) {
		if (!(i == 4 ? answer_to_head(fd) : answer(fd)))
			return;
	}
	exchange(fd, "GET", "/6", NULL);
}

static void pipeline_is_answered_in_order(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n200 /3\n200\n200 chunked\n200 /6\n");
	expect_logged(flow, 1, "result=recovered", NULL);
}

static void pipelined_gets_cut_by_a_reset_are_all_answered_in_order(void)
{
	for_each_way((struct flow){.program = "pipelined_gets", .faults = {"reset@1.2"}},
		     pipeline_is_answered_in_order);
}

static void pipelined_gets_cut_by_a_close_in_their_middle_are_answered_in_order(void)
{
	for_each_way((struct flow){.program = "pipelined_gets", .faults = {"close@1.4"}},
		     pipeline_is_answered_in_order);
}

PROGRAM(pipelined_post_between)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	ask(fd, "POST", "/3", "order");
	if (answer(fd))
		answer(fd);
}

static void pipeline_with_a_post_is_not_resent(struct flow *flow)
{
	flow_redial(flow);
	expect_seen(flow, 1, "path=/2 ", NULL);
	expect_logged(flow, 0, "event=attempt", NULL);
	CU_ASSERT_PTR_NULL(strstr(flow->result.out, "200 /2"));
}

static void pipeline_that_holds_a_post_is_never_resent(void)
{
	for_each_way((struct flow){.program = "pipelined_post_between", .faults = {"reset@1.2"}},
		     pipeline_with_a_post_is_not_resent);
}

PROGRAM(kinds_of_answers)
{
	int fd = dial();
	exchange(fd, "HEAD", "/head", NULL);
	exchange(fd, "GET", "/chunked", NULL);
	exchange(fd, "GET", "/nobody", NULL);
	exchange(fd, "POST", "/post", "order");
	exchange(fd, "GET", "/bytes/100000", NULL);
	exchange(fd, "GET", "/status/304", NULL);
	exchange(fd, program.arg, "/last", NULL);
}

static void answers_of_every_kind_make_a_connection_reused(struct flow *flow)
{
	char text[200];
	snprintf(text, sizeof(text), "200\n200 chunked\n204\n200 /post\n200\n304\n200%s\n",
		 strcmp(flow->arg, "HEAD") ? " /last" : "");
	flow_redial(flow);
	expect_printed(flow, text);
	expect_seen(flow, 2, "path=/last ", NULL);
}

static void get_or_head_after_answers_of_every_kind_is_sent_again(void)
{
	static const char *const methods[] = {"GET", "HEAD"};
	static const char *const faults[] = {"reset@1.7", "close@1.7"};
	for (int i = 0; i < 4; i++)
		for_each_way((struct flow){.program = "kinds_of_answers",
					   .arg = methods[i / 2],
					   .faults = {faults[i % 2], "status=304@path:/status"}},
			     answers_of_every_kind_make_a_connection_reused);
}

PROGRAM(read_all_that_comes)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (ask(fd, "GET", program.arg, NULL))
		read_to_the_end(fd);
}

/* Bare and preloaded the program sees the same bytes and the same end. */
static void cut_answer_is_as_bare(const char *fault, const char *path)
{
	struct flow flow = {.program = "read_all_that_comes", .arg = path, .faults = {fault}};
	char seen[64];
	snprintf(seen, sizeof(seen), "path=%s ", path);
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_both_alike(&flow);
		expect_seen(&flow, 1, seen, NULL);
		expect_logged(&flow, 0, "event=attempt", NULL);
	}
	flow_end(&flow);
}

PROGRAM(length_of_a_head)
{
	char text[4096];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	ssize_t got = get(fd, text, sizeof(text) - 1);
	text[got > 0 ? got : 0] = '\0';
	const char *end = strstr(text, "\r\n\r\n");
	say("%d", end ? (int)(end + 4 - text) : 0);
}

static int length_of_a_head(void)
{
	struct flow flow = {.program = "length_of_a_head"};
	flow_bare(&flow);
	int length = atoi(flow.result.out + strlen("200 /1\n"));
	CU_ASSERT(length > 0);
	flow_end(&flow);
	return length;
}

static void request_whose_answer_was_cut_after_some_bytes_is_never_resent(void)
{
	static const char *const actions[] = {"reset-after", "close-after"};
	int head = length_of_a_head();
	const int cuts[] = {1, 10, head - 1, head, head + 5};
	char fault[40];
	for (int i = 0; i < 10; i++) {
		snprintf(fault, sizeof(fault), "%s=%d@1.2", actions[i % 2], cuts[i / 2]);
		cut_answer_is_as_bare(fault, "/2");
	}
}

static void chunked_answer_cut_after_some_bytes_is_never_resent(void)
{
	cut_answer_is_as_bare("reset-after=150@1.2", "/chunked");
	cut_answer_is_as_bare("close-after=190@1.2", "/chunked");
}

/* It is the end of a response, of which there is nothing to tell; a reset is none. */
static void end_of_an_answer_that_ends_by_close_is_not_a_failure(void)
{
	struct flow flow = {.program = "read_all_that_comes", .arg = "/http10"};
	cut_answer_is_as_bare("delay=0@9", "/http10");
	cut_answer_is_as_bare("delay=0@9", "/close");
	flow_redial(&flow);
	expect_logged(&flow, 0, NULL, NULL);
	flow.faults[0] = "reset-after=120@1.2";
	flow_redial(&flow);
	expect_logged(&flow, 1, "event=refused reason=response-started cause=reset", NULL);
	flow_end(&flow);
}

static void serve_continue_then_reset(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	peer_read_count(peer, fd, 5);
	peer_reset(fd);
	/* A connection too many would be counted. */
	fd = peer_accept(peer);
	peer_close(fd);
}

/* PUT, which the policy lets be resent: only the 100 that was seen keeps it from that. */
PROGRAM(expect_continue)
{
	static const char head[] = "PUT /2 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n"
				   "Expect: 100-continue\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, head, sizeof(head) - 1);
	answer(fd);
	if (put(fd, "order", 5))
		answer(fd);
	fd = dial();
	read_to_the_end(fd);
}

static void request_is_never_resent_once_100_continue_was_seen(void)
{
	struct flow flow = {.program = "expect_continue",
			    .peer = serve_continue_then_reset,
			    .policy = "retry = { methods = [\"GET\", \"PUT\"]; };"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_both_alike(&flow);
		expect_logged(&flow, 1, "event=refused reason=response-started", NULL);
	}
	flow_end(&flow);
}

/* Two answers to one request: the second is nobody's. */
static void serve_one_answer_too_many(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		     "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
	fd = peer_accept(peer);
	peer_close(fd);
}

PROGRAM(too_many_answers)
{
	char bytes[200];
	int fd = dial();
	ask(fd, "GET", "/1", NULL);
	for (size_t total = 0; total < 76;) {
		ssize_t got = get(fd, bytes, sizeof(bytes));
		if (got <= 0)
			break;
		total += (size_t)got;
	}
	if (ask(fd, "GET", "/2", NULL))
		read_to_the_end(fd);
	fd = dial();
	read_to_the_end(fd);
}

static void connection_with_bytes_that_answer_nothing_is_left_alone(void)
{
	struct flow flow = {.program = "too_many_answers", .peer = serve_one_answer_too_many};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_both_alike(&flow);
		expect_logged(&flow, 0, "event=attempt", NULL);
	}
	flow_end(&flow);
}

/* An answer before the request's end, then a reset: the answer is what counts. */
PROGRAM(big_post_with_early_answer)
{
	static char body[1 << 20];
	char head[200];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int len =
	    snprintf(head, sizeof(head),
		     "POST /2 HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n", sizeof(body));
	put(fd, head, (size_t)len);
	put(fd, body, sizeof(body)); /* fails or not, as the timing has it */
	answer(fd);
}

static void early_answer_to_a_post_is_delivered(void)
{
	struct flow flow = {.program = "big_post_with_early_answer", .faults = {"early=413@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 0, "event=attempt", NULL);
		expect_printed(&flow, "200 /1\n413 /2\n");
	}
	flow_end(&flow);
}

PROGRAM(get_in_single_bytes)
{
	static const char request[] = "GET /2 HTTP/1.1\r\nHost: test\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	for (size_t i = 0; i < sizeof(request) - 1; i++)
		put(fd, request + i, 1);
	answer(fd);
}

static void get_written_byte_by_byte_is_sent_again_whole(void)
{
	static const char *const faults[] = {"reset@1.2", "idle-close@1.1", "idle-reset@1.1"};
	struct flow flow = {.program = "get_in_single_bytes"};
	for (int i = 0; i < 3; i++) {
		flow.faults[0] = faults[i];
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, "200 /1\n200 /2\n");
		}
	}
	flow_end(&flow);
}

const struct runner_test tracker_tests[] = {
    T(pipelined_gets_cut_by_a_reset_are_all_answered_in_order),
    T(pipelined_gets_cut_by_a_close_in_their_middle_are_answered_in_order),
    T(pipeline_that_holds_a_post_is_never_resent),
    T(get_or_head_after_answers_of_every_kind_is_sent_again),
    T(request_whose_answer_was_cut_after_some_bytes_is_never_resent),
    T(chunked_answer_cut_after_some_bytes_is_never_resent),
    T(end_of_an_answer_that_ends_by_close_is_not_a_failure),
    T(request_is_never_resent_once_100_continue_was_seen),
    T(connection_with_bytes_that_answer_nothing_is_left_alone),
    T(early_answer_to_a_post_is_delivered),
    T(get_written_byte_by_byte_is_sent_again_whole),
    T_END,
};
