/* SPDX-License-Identifier: MIT */
/* How a rescue ends when redialing is not easy, for programs that wait in every way. */
#include <stdio.h>
#include <string.h>

#include "flow.h"

#define NO_JITTER "backoff = { base_ms = 20; jitter = \"none\"; };"

struct outcome {
	const char *printed;
	int seen;	    /* how often the server saw /2 */
	const char *log[3]; /* a line with each of these, NULL for no more */
	long within_ms;
};

static void ends_so_however_it_waits(struct flow flow, const struct outcome *outcome)
{
	flow.program = flow.program ? flow.program : "two_gets";
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, outcome->printed);
		expect_seen(&flow, outcome->seen, "path=/2 ", NULL);
		for (int i = 0; i < 3 && outcome->log[i]; i++)
			expect_logged(&flow, 1, outcome->log[i], NULL);
		if (outcome->within_ms)
			expect_within(&flow, outcome->within_ms);
	}
	flow_end(&flow);
}

static void redial_that_is_reset_is_tried_again(void)
{
	ends_so_however_it_waits((struct flow){.faults = {"shed=1@1.2"}},
				 &(struct outcome){.printed = "200 /1\n200 /2\n",
						   .seen = 2,
						   .log = {"result=recovered attempts=3"}});
}

static void rescue_reset_every_time_ends_with_the_original_reset(void)
{
	ends_so_however_it_waits(
	    (struct flow){.faults = {"shed=5@1.2"}},
	    &(struct outcome){.printed = "200 /1\nECONNRESET\n",
			      .seen = 1,
			      .log = {"result=exhausted attempts=3", "reason=attempts"}});
}

static void rescue_of_an_end_of_stream_that_fails_ends_with_end_of_stream(void)
{
	ends_so_however_it_waits(
	    (struct flow){.faults = {"close@1.2", "reset@2.1", "reset@3.1"}},
	    &(struct outcome){.printed = "200 /1\nEOF\n",
			      .seen = 3,
			      .log = {"result=exhausted attempts=3 cause=reset"}});
}

static void redial_that_is_refused_is_tried_again(void)
{
	ends_so_however_it_waits(
	    (struct flow){.faults = {"refuse=1@1.2"},
			  .policy = "retry = { max_attempts = 6; " NO_JITTER " };"},
	    &(struct outcome){.printed = "200 /1\n200 /2\n",
			      .seen = 2,
			      .log = {"event=attempt attempt=3 max=6 cause=connect "}});
}

static void rescue_refused_every_time_ends_with_the_original_error(void)
{
	ends_so_however_it_waits(
	    (struct flow){.faults = {"refuse=9@1.2"}},
	    &(struct outcome){
		.printed = "200 /1\nECONNRESET\n",
		.seen = 1,
		.log = {"result=exhausted attempts=3 cause=connect reason=attempts"}});
}

/* On a slow machine the server may leave a second one without an answer before it counts. */
static void redial_that_hangs_is_given_up_and_tried_again(void)
{
	ends_so_however_it_waits(
	    (struct flow){.faults = {"hang-accept=1@1.2"},
			  .policy = "retry = { on = [\"reset\", \"eof\", \"connect-timeout\"]; "
				    "max_attempts = 6; connect_timeout_ms = 100; " NO_JITTER " };"},
	    &(struct outcome){
		.printed = "200 /1\n200 /2\n",
		.seen = 2,
		.log = {"event=attempt attempt=3 max=6 cause=connect-timeout", "result=recovered"},
		.within_ms = 10000});
}

static void redials_that_all_hang_end_with_the_original_error(void)
{
	ends_so_however_it_waits(
	    (struct flow){.faults = {"hang-accept=9@1.2"},
			  .policy = "retry = { on = [\"reset\", \"eof\", \"connect-timeout\"]; "
				    "connect_timeout_ms = 60; " NO_JITTER " };"},
	    &(struct outcome){.printed = "200 /1\nECONNRESET\n",
			      .seen = 1,
			      .log = {"result=exhausted attempts=3 cause=connect-timeout"},
			      .within_ms = 1500});
}

static void total_timeout_ends_a_rescue_that_hangs(void)
{
	ends_so_however_it_waits(
	    (struct flow){.faults = {"hang-accept=9@1.2"},
			  .policy = "retry = { total_timeout_ms = 150; };"},
	    &(struct outcome){.printed = "200 /1\nECONNRESET\n",
			      .seen = 1,
			      .log = {"result=exhausted attempts=2 cause=reset reason=deadline"},
			      .within_ms = 900});
}

static void total_timeout_ends_a_rescue_before_a_backoff_that_would_be_too_long(void)
{
	ends_so_however_it_waits(
	    (struct flow){.faults = {"shed=1@1.2"},
			  .policy =
			      "retry = { total_timeout_ms = 500; "
			      "backoff = { base_ms = 900; max_ms = 900; jitter = \"none\"; }; };"},
	    &(struct outcome){.printed = "200 /1\nECONNRESET\n",
			      .seen = 1,
			      .log = {"result=exhausted attempts=2", "reason=deadline"},
			      .within_ms = 800});
}

static void two_stale_connections_in_a_row_are_survived(void)
{
	ends_so_however_it_waits((struct flow){.faults = {"reset@1.2", "reset@2.1"}},
				 &(struct outcome){.printed = "200 /1\n200 /2\n",
						   .seen = 3,
						   .log = {"result=recovered attempts=3"}});
}

static void three_stale_connections_in_a_row_are_survived_if_the_policy_lets_them(void)
{
	ends_so_however_it_waits((struct flow){.faults = {"close@1.2", "reset@2.1", "close@3.1"},
					       .policy = "retry = { max_attempts = 4; on = [\"stale\", "
							 "\"reset\", \"eof\", \"first-use\"]; };"},
				 &(struct outcome){.printed = "200 /1\n200 /2\n",
						   .seen = 4,
						   .log = {"result=recovered attempts=4"}});
}

PROGRAM(pool_of_three)
{
	int fd[3];
	for (int i = 0; i < 3; i++) {
		fd[i] = dial();
		exchange(fd[i], "GET", "/1", NULL);
	}
	for (int i = 0; i < 3; i++)
		exchange(fd[i], "GET", "/2", NULL);
	for (int i = 0; i < 3; i++)
		hang_up(fd[i]);
}

static void pool_of_three_stale_connections_is_survived(void)
{
	ends_so_however_it_waits(
	    (struct flow){.program = "pool_of_three",
			  .faults = {"reset@1.2", "close@2.2", "reset-unread@3.2"}},
	    &(struct outcome){.printed = "200 /1\n200 /1\n200 /1\n200 /2\n200 /2\n200 /2\n",
			      .seen = 6});
}

PROGRAM(five_gets)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	exchange(fd, "GET", "/3", NULL);
	exchange(fd, "GET", "/4", NULL);
	exchange(fd, "GET", "/5", NULL);
	hang_up(fd);
}

static void one_descriptor_is_rescued_again_and_again(void)
{
	ends_so_however_it_waits(
	    (struct flow){.program = "five_gets",
			  .faults = {"reset@1.2", "close@2.2", "reset@3.2"}},
	    &(struct outcome){.printed = "200 /1\n200 /2\n200 /3\n200 /4\n200 /5\n", .seen = 2});
}

PROGRAM(post_and_redial_dies)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	exchange(fd, "POST", "/2", "order=7");
	hang_up(fd);
}

/* The server has taken the POST from the redialed connection: that was its one sending. */
static void unsent_post_that_is_reset_on_the_new_connection_is_not_sent_again(void)
{
	struct flow flow = {.program = "post_and_redial_dies",
			    .faults = {"idle-close@1.1", "reset@2.1"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 1, "event=attempt", NULL);
		CU_ASSERT_PTR_NULL(strstr(flow.result.out, "200 /2"));
	}
	flow_end(&flow);
}

/* A second connection makes the server refuse while the first one's death goes unnoticed. */
PROGRAM(post_while_the_server_refuses)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	int other = dial();
	exchange(other, "GET", "/other", NULL);
	hang_up(other);
	exchange(fd, "POST", "/2", "order=7");
	hang_up(fd);
}

static void unsent_post_whose_redial_is_refused_is_sent_once_when_it_is_not(void)
{
	ends_so_however_it_waits(
	    (struct flow){.program = "post_while_the_server_refuses",
			  .faults = {"idle-close@1.1", "refuse=1@2.1"},
			  .policy = "retry = { max_attempts = 6; " NO_JITTER " };"},
	    &(struct outcome){.printed = "200 /1\nECONNRESET\n200 /2\n",
			      .seen = 1,
			      .log = {"event=attempt attempt=2 max=6 cause=stale method=POST",
				      "event=attempt attempt=3 max=6 cause=connect method=POST"}});
}

static void unsent_post_that_cannot_be_redialed_meets_the_end_of_stream(void)
{
	ends_so_however_it_waits((struct flow){.program = "post_while_the_server_refuses",
					       .faults = {"idle-close@1.1", "refuse=9@2.1"}},
				 &(struct outcome){.printed = "200 /1\nECONNRESET\nEOF\n",
						   .log = {"result=exhausted attempts=3"}});
}

/* Bare it is the send that says so; a send that was taken into a rescue leaves it to recv. */
static void unsent_post_that_cannot_be_redialed_meets_the_original_reset(void)
{
	struct flow flow = {.program = "post_while_the_server_refuses",
			    .faults = {"idle-reset@1.1", "refuse=9@2.1"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_seen(&flow, 0, "path=/2 ", NULL);
		const char *end = "200 /1\nECONNRESET\nECONNRESET\n";
		if (strstr(flow.result.out, "while sending"))
			end = "200 /1\nECONNRESET\nECONNRESET while sending /2\n";
		expect_printed(&flow, end);
	}
	flow_end(&flow);
}

const struct runner_test rescue_tests[] = {
    T(redial_that_is_reset_is_tried_again),
    T(rescue_reset_every_time_ends_with_the_original_reset),
    T(rescue_of_an_end_of_stream_that_fails_ends_with_end_of_stream),
    T(redial_that_is_refused_is_tried_again),
    T(rescue_refused_every_time_ends_with_the_original_error),
    T(redial_that_hangs_is_given_up_and_tried_again),
    T(redials_that_all_hang_end_with_the_original_error),
    T(total_timeout_ends_a_rescue_that_hangs),
    T(total_timeout_ends_a_rescue_before_a_backoff_that_would_be_too_long),
    T(two_stale_connections_in_a_row_are_survived),
    T(three_stale_connections_in_a_row_are_survived_if_the_policy_lets_them),
    T(pool_of_three_stale_connections_is_survived),
    T(one_descriptor_is_rescued_again_and_again),
    T(unsent_post_that_is_reset_on_the_new_connection_is_not_sent_again),
    T(unsent_post_whose_redial_is_refused_is_sent_once_when_it_is_not),
    T(unsent_post_that_cannot_be_redialed_meets_the_end_of_stream),
    T(unsent_post_that_cannot_be_redialed_meets_the_original_reset),
    T_END,
};
