/* SPDX-License-Identifier: MIT */
/* Circuit breakers: when nothing is sent again to a peer, and when it is tried anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pace.h"

/* The fourth failed attempt opens it: of /3 the first one is delivered. */
static void open_breaker_lets_nothing_be_sent_again(void)
{
	struct flow flow = {.program = "gets",
			    .arg = "4",
			    .faults = {"status=503@1+"},
			    .policy = STATUSES NO_BUDGET BREAKER("600000")};
	for (flow.way = 0; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "503 /1\n503 /2\n503 /3\n503 /4\n");
		expect_logged(&flow, 1, "event=breaker", NULL);
		expect_logged(&flow, 1, "event=breaker state=open", "peer=127.0.0.1:");
		expect_logged(&flow, 2, "event=refused reason=breaker cause=status", NULL);
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_seen(&flow, 1, "path=/3 ", NULL);
		expect_seen(&flow, 1, "path=/4 ", NULL);
	}
	flow_end(&flow);
}

static void breaker_that_is_not_enabled_stays_closed(void)
{
	struct flow flow = {.program = "gets",
			    .arg = "4",
			    .faults = {"status=503@1+"},
			    .policy = STATUSES NO_BUDGET
			    "breaker = { enabled = false; min_attempts = 1; };\n"};
	flow_redial(&flow);
	expect_logged(&flow, 0, "event=breaker", NULL);
	expect_logged(&flow, 0, "reason=breaker", NULL);
	expect_seen(&flow, 8, NULL, NULL);
	flow_end(&flow);
}

/* The first requests of connections: these say something of the peer. */
PROGRAM(gets_on_new_connections)
{
	for (int i = 0; i < atoi(program.arg); i++) {
		int fd = dial();
		exchange(fd, "GET", "/1", NULL);
		hang_up(fd);
	}
}

static void resets_of_new_connections_open_it(void)
{
	struct flow flow = {
	    .program = "gets_on_new_connections",
	    .arg = "4",
	    .faults = {"reset@1+"},
	    .policy = "retry = { on = [\"reset\", \"first-use\"]; max_attempts = 2; };\n" NO_BUDGET
		BREAKER("600000")};
	flow_redial(&flow);
	expect_printed(&flow, "ECONNRESET\nECONNRESET\nECONNRESET\nECONNRESET\n");
	expect_logged(&flow, 1, "event=breaker state=open", NULL);
	expect_seen(&flow, 6, NULL, NULL);
	flow_end(&flow);
}

/* Waits for a second at most, for what never comes. */
PROGRAM(get_with_a_limit)
{
	const struct timeval second = {1, 0};
	int fd = dial();
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	exchange(fd, "GET", "/1", NULL);
	hang_up(fd);
}

static void responses_that_do_not_come_open_it(void)
{
	struct flow flow = {
	    .program = "get_with_a_limit",
	    .faults = {"drop@1+"},
	    .policy =
		"retry = { on = [\"response-timeout\"]; response_timeout_ms = 50;"
		" max_attempts = 10; backoff = { base_ms = 0; }; };\n" NO_BUDGET BREAKER("600000")};
	flow_redial(&flow);
	expect_logged(&flow, 1, "event=breaker state=open", NULL);
	expect_logged(&flow, 3, "event=attempt", "cause=response-timeout");
	expect_seen(&flow, 4, NULL, NULL);
	flow_end(&flow);
}

/* Each is answered on a new connection, however many there are. */
static void resets_of_used_connections_do_not(void)
{
	struct flow flow = {.program = "gets",
			    .arg = "12",
			    .faults = {"reset@2"},
			    .policy = NO_BUDGET BREAKER("600000")};
	flow_redial(&flow);
	expect_logged(&flow, 11, "result=recovered", NULL);
	expect_logged(&flow, 0, "event=breaker", NULL);
	flow_end(&flow);
}

/* Nine answers for each failure, on connections that end with each response. */
PROGRAM(gets_that_close)
{
	for (int i = 0; i < 40; i++) {
		int fd = dial();
		quiet_get(fd, i % 10 == 9 ? "/bad/close" : "/close");
		hang_up(fd);
	}
}

static void answers_that_end_their_connections_count(void)
{
	struct flow flow = {.program = "gets_that_close",
			    .faults = {"reset@path:/bad"},
			    .policy = NO_BUDGET BREAKER("600000")};
	flow_redial(&flow);
	expect_logged(&flow, 4, "event=refused reason=first-use", NULL);
	expect_logged(&flow, 0, "event=breaker", NULL);
	flow_end(&flow);
}

/* Only what a rule for other paths lists is no failure of these requests. */
static void status_that_is_not_listed_for_the_request_is_an_answer(void)
{
	struct flow flow = {
	    .program = "gets",
	    .arg = "8",
	    .faults = {"status=503@1+"},
	    .policy = "rules = ( { path = \"/x/*\"; statuses = [503]; } );\n" BREAKER("600000")};
	flow_redial(&flow);
	expect_logged(&flow, 0, "event=breaker", NULL);
	expect_seen(&flow, 8, NULL, NULL);
	flow_end(&flow);
}

/* By single bytes: each response is looked at several times, and counts once. */
PROGRAM(posts_read_by_bytes)
{
	int fd = dial();
	for (int i = 0; i < 3; i++) {
		char byte = 0;
		ask(fd, "POST", "/1", "x");
		while (byte != '}' && get(fd, &byte, 1) == 1)
			;
	}
	hang_up(fd);
}

static void response_that_is_read_in_pieces_is_one_failure(void)
{
	struct flow flow = {.program = "posts_read_by_bytes",
			    .faults = {"status=503@1+"},
			    .policy = STATUSES NO_BUDGET BREAKER("600000")};
	for (flow.way = 0; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_logged(&flow, 3, "event=refused reason=method", NULL);
		expect_logged(&flow, 0, "event=breaker", NULL);
	}
	flow_end(&flow);
}

static void breaker_opens_once_for_all_processes(void)
{
	struct flow flow = {
	    .program = "gets",
	    .arg = "4",
	    .faults = {"status=503@1+"},
	    .policy = STATUSES NO_BUDGET BREAKER("600000"),
	    .script = "$redial sh -c \"for i in 1 2 3 4 5 6; do $program 4 & done; wait\" | "
		      "grep -c 503"};
	flow_redial(&flow);
	expect_printed(&flow, "24\n");
	expect_logged(&flow, 1, "event=breaker", NULL);
	/* Those that had asked before it opened: each process one at most, and the first two. */
	int resends = logged(&flow, "event=attempt", NULL);
	if (resends < 1 || resends > 8)
		printf("\n    %d resends", resends);
	CU_ASSERT(resends >= 1 && resends <= 8);
	expect_seen(&flow, 24 + resends, NULL, NULL);
	flow_end(&flow);
}

/* What was opened by requests of one kind holds for all, but nothing is sent twice in the second.
 */
PROGRAM(gets_then_post_after_death)
{
	gets(2);
	post_after_death();
}

static void stale_connections_are_redialed_while_it_is_open(void)
{
	struct flow flow = {.program = "gets_then_post_after_death",
			    .faults = {"idle-close=0@path:/ok", "status=503@method:GET"},
			    .policy = STATUSES NO_BUDGET BREAKER("600000")};
	flow_redial(&flow);
	expect_printed(&flow, "503 /1\n503 /2\n200 /ok\n200 /1\n");
	expect_logged(&flow, 1, "event=breaker state=open", NULL);
	expect_logged(&flow, 1, "event=attempt", "cause=stale");
	flow_end(&flow);
}

/* /bad fails always, /half on used connections only. */
PROGRAM(gets_until_saved)
{
	int fd = dial();
	quiet_get(fd, "/bad/1");
	quiet_get(fd, "/bad/2");
	get_until(fd, "/half", 503);
	get_until(fd, "/half", 200);
	/* It is closed: the next one is saved at once. */
	say("%d", quiet_get(fd, "/half"));
	hang_up(fd);
}

static void answered_probe_closes_it(void)
{
	struct flow flow = {.program = "gets_until_saved",
			    .faults = {"status=503@path:/bad", "status=503@2+,path:/half"},
			    .policy = STATUSES NO_BUDGET BREAKER("300")};
	for (flow.way = 0; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "503 at last\n200 at last\n200\n");
		expect_logged(&flow, 1, "event=breaker state=open", NULL);
		expect_logged(&flow, 1, "event=breaker state=half-open", NULL);
		expect_logged(&flow, 1, "event=breaker state=closed", NULL);
	}
	flow_end(&flow);
}

/* Each time another: what is sent again is the program's own retry. */
PROGRAM(gets_for_a_second)
{
	char path[24];
	int fd = dial(), count = 0;
	for (long end = now_ms() + 1000; now_ms() < end; nap()) {
		snprintf(path, sizeof(path), "/bad/%d", count++);
		quiet_get(fd, path);
	}
	hang_up(fd);
}

static void failed_probe_opens_it_again(void)
{
	struct flow flow = {.program = "gets_for_a_second",
			    .faults = {"status=503@path:/bad"},
			    .policy = STATUSES NO_BUDGET BREAKER("300")};
	flow_redial(&flow);
	int probes = logged(&flow, "event=breaker state=half-open", NULL);
	CU_ASSERT(probes >= 1 && probes <= 4);
	expect_logged(&flow, 1 + probes, "event=breaker state=open", NULL);
	expect_logged(&flow, 0, "event=breaker state=closed", NULL);
	expect_logged(&flow, 2 + probes, "event=attempt", NULL);
	flow_end(&flow);
}

static int used_connection(void)
{
	int fd = dial();
	quiet_get(fd, "/ok");
	return fd;
}

/* Twice within the time of one probe, on used connections: that says nothing of the peer. */
PROGRAM(gets_that_the_budget_refuses)
{
	int one = used_connection(), other = used_connection(), fd = dial();
	quiet_get(fd, "/503");
	quiet_get(fd, "/503");
	usleep(700000);
	quiet_get(one, "/bad");
	quiet_get(other, "/bad");
	hang_up(one);
	hang_up(other);
	hang_up(fd);
}

/* The one resend that it let through was never made: it is there for the next request. */
static void probe_that_the_budget_refuses_is_given_back(void)
{
	struct flow flow = {
	    .program = "gets_that_the_budget_refuses",
	    .faults = {"status=503@path:/503", "reset@path:/bad"},
	    .policy = STATUSES BUDGET("0.0", "0",
				      "60000") "breaker = { failure_ratio = 0.1; min_attempts = 2; "
					       "window_ms = 60000; open_ms = 600; };\n"};
	flow_redial(&flow);
	expect_logged(&flow, 1, "event=breaker state=open", NULL);
	expect_logged(&flow, 0, "event=attempt", NULL);
	expect_logged(&flow, 2, "event=refused reason=budget", "path=/bad ");
	flow_end(&flow);
}

const struct runner_test breaker_tests[] = {
    T(open_breaker_lets_nothing_be_sent_again),
    T(breaker_that_is_not_enabled_stays_closed),
    T(resets_of_new_connections_open_it),
    T(responses_that_do_not_come_open_it),
    T(resets_of_used_connections_do_not),
    T(answers_that_end_their_connections_count),
    T(status_that_is_not_listed_for_the_request_is_an_answer),
    T(response_that_is_read_in_pieces_is_one_failure),
    T(breaker_opens_once_for_all_processes),
    T(stale_connections_are_redialed_while_it_is_open),
    T(answered_probe_closes_it),
    T(failed_probe_opens_it_again),
    T(probe_that_the_budget_refuses_is_given_back),
    T_END,
};
