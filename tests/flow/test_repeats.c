/* SPDX-License-Identifier: MIT */
/* statuses: programs that send their requests again by themselves, and servers that say when to. */
#include <stdlib.h>
#include <unistd.h>

#include "flow.h"

#define LISTED "retry = { statuses = [503, 429]; backoff = { base_ms = 2; }; };"

/* arg: pauses between tries in ms */
PROGRAM(tries_four_times)
{
	int fd = dial();
	for (int i = 0; i < 4; i++) {
		exchange(fd, "GET", "/1", NULL);
		usleep((useconds_t)atoi(program.arg) * 1000);
	}
	exchange(fd, "GET", "/2", NULL);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void retries_of_the_program_are_not_multiplied(void)
{
	struct flow flow = {.program = "tries_four_times",
			    .arg = "0",
			    .faults = {"status=503@path:/1", "status=503@path:/2"},
			    .policy = LISTED};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "503 /1\n503 /1\n503 /1\n503 /1\n503 /2\n200 /3\n");
		expect_seen(&flow, 6, "path=/1 ", NULL);
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 1, "reason=program-retries", "path=/1 ");
		expect_logged(&flow, 1, "reason=program-retries", NULL);
	}
	flow_end(&flow);
}

/* The same request again is no retry of it once it was answered. */
PROGRAM(asks_again_and_again)
{
	int fd = dial();
	for (int i = 0; i < 4; i++)
		exchange(fd, "GET", "/1", NULL);
	hang_up(fd);
}

static void requests_that_are_only_alike_keep_their_retries(void)
{
	struct flow flow = {.program = "asks_again_and_again",
			    .faults = {"status=503@1.1", "status=503@2.2", "status=503@3.2"},
			    .policy = LISTED};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /1\n200 /1\n200 /1\n");
	expect_logged(&flow, 3, "result=recovered", NULL);
	expect_logged(&flow, 0, "event=refused", NULL);
	flow_end(&flow);
}

/* A check each second: what it asks is left to it, and nothing else. */
PROGRAM(checks_each_second)
{
	int fd = dial();
	for (int i = 0; i < 3; i++) {
		exchange(fd, "GET", "/1", NULL);
		usleep(1000000);
	}
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void a_check_each_second_takes_no_retries_from_others(void)
{
	struct flow flow = {.program = "checks_each_second",
			    .faults = {"status=503@path:/1", "status=503@3.4"},
			    .policy = LISTED};
	flow_redial(&flow);
	expect_printed(&flow, "503 /1\n503 /1\n503 /1\n200 /2\n");
	expect_seen(&flow, 5, "path=/1 ", NULL);
	expect_seen(&flow, 2, "path=/2 ", NULL);
	flow_end(&flow);
}

PROGRAM(posts_to_one_place)
{
	int fd = dial();
	exchange(fd, "PUT", "/1", "order one");
	exchange(fd, "PUT", "/1", "order two");
	hang_up(fd);
}

static void another_body_is_another_request(void)
{
	struct flow flow = {
	    .program = "posts_to_one_place",
	    .faults = {"status=503@1.1", "status=503@2.1", "status=503@3.1", "status=503@3.2"},
	    .policy = "retry = { statuses = [503]; methods = [\"PUT\"]; };"};
	flow_redial(&flow);
	expect_printed(&flow, "503 /1\n200 /1\n");
	expect_logged(&flow, 1, "result=recovered", NULL);
	expect_logged(&flow, 0, "reason=program-retries", NULL);
	flow_end(&flow);
}

static const char *said; /* by the server, in the head of a 503 */

static void serve_busy_once(struct peer *peer)
{
	int busy = peer_accept(peer);
	peer_read_until(peer, busy, "\r\n\r\n");
	peer_say(busy, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 13\r\n");
	peer_say(busy, said);
	peer_say(busy, "\r\n{\"path\":\"/1\"}");
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"path\":\"/1\"}");
	peer_read_all(peer, fd);
	peer_close(fd);
	peer_close(busy);
}

PROGRAM(asks_once)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	hang_up(fd);
	hang_up(dial()); /* so that the server's accept returns */
}

static void servers_say_by_other_headers_when_to_come_again(void)
{
	static const struct {
		const char *said, *reason;
	} rows[] = {
	    {"", NULL},
	    {"Retry-After: 1\r\nretry-after-ms: 60000\r\n", "retry-after"},
	    {"retry-after-ms: 30\r\n", "delay_ms=30"},
	    {"Wait: x\r\n", "retry-after"},
	    {"Reset: 1\r\nReset: 2\r\n", "retry-after"},
	    {"x-should-retry: FALSE\r\n", "veto"},
	    {"x-should-retry: true\r\n", NULL},
	    {"limited: \r\n", "veto"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool waits = !rows[i].reason || *rows[i].reason == 'd';
		struct flow flow = {
		    .program = "asks_once",
		    .peer = serve_busy_once,
		    .policy = "retry = { statuses = [503]; backoff = { base_ms = 2; };"
			      "after_headers = [\"retry-after-ms:ms\", \"Wait:s\", \"Reset\"];"
			      "veto_headers = [\"x-should-retry: false\", \"limited\"]; };"};
		said = rows[i].said;
		flow_redial(&flow);
		expect_printed(&flow, waits ? "200 /1\n" : "503 /1\n");
		expect_logged(&flow, 1, waits ? "event=attempt" : "event=refused", rows[i].reason);
		flow_end(&flow);
	}
}

const struct runner_test repeats_tests[] = {
    T(retries_of_the_program_are_not_multiplied),
    T(requests_that_are_only_alike_keep_their_retries),
    T(a_check_each_second_takes_no_retries_from_others),
    T(another_body_is_another_request),
    T(servers_say_by_other_headers_when_to_come_again),
    T_END,
};
