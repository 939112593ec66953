/* SPDX-License-Identifier: MIT */
/* A policy's keys, each seen to be obeyed by a running program. */
#include <stdio.h>
#include <string.h>

#include "flow.h"

struct expectation {
	const char *printed;
	int seen;	    /* how often the server saw /2 */
	const char *logged; /* in one line; NULL: nothing is logged at all */
};

static void obeys(struct flow flow, const struct expectation *expected)
{
	flow.program = flow.program ? flow.program : "two_gets";
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, expected->printed);
		expect_seen(&flow, expected->seen, "path=/2", NULL);
		expect_logged(&flow, expected->logged ? 1 : 0, expected->logged, NULL);
	}
	flow_end(&flow);
}

#define OBEYS(text, fault, ...)                                                                    \
	obeys((struct flow){.faults = {fault}, .policy = (text)},                                  \
	      &(struct expectation){__VA_ARGS__})

#define HEALED	     "200 /1\n200 /2\n", 2, "result=recovered"
#define REFUSED(why) "200 /1\nECONNRESET\n", 1, "event=refused reason=" why

static void no_methods_means_no_resend(void)
{
	OBEYS("retry = { methods = []; };", "reset@1.2", REFUSED("method"));
}

static void causes_that_the_policy_does_not_list_are_not_rescued(void)
{
	OBEYS("retry = { on = [\"stale\", \"eof\"]; };", "reset@1.2", REFUSED("cause"));
	OBEYS("retry = { on = [\"reset\"]; };", "close@1.2", "200 /1\nEOF\n", 1,
	      "event=refused reason=cause cause=eof");
	OBEYS("retry = { on = [\"reset\"]; };", "reset@1.2", HEALED);
}

static void post_on_a_dead_connection_fails_as_bare_without_stale(void)
{
	struct flow flow = {.program = "post_on_dead_connection",
			    .faults = {"idle-close@1.1"},
			    .policy = "retry = { on = [\"reset\", \"eof\"]; };"};
	obeys(flow, &(struct expectation){"200 /1\nEOF\n", 0, "event=refused reason=cause"});
}

static void one_attempt_means_no_resend(void)
{
	OBEYS("retry = { max_attempts = 1; };", "reset@1.2", REFUSED("attempts"));
	OBEYS("retry = { max_attempts = 2; };", "reset@1.2", HEALED);
}

static void disabled_policy_changes_and_logs_nothing(void)
{
	OBEYS("enabled = false;", "reset@1.2", "200 /1\nECONNRESET\n", 1, NULL);
}

static void redial_disable_changes_and_logs_nothing(void)
{
	struct flow flow = {
	    .faults = {"reset@1.2"}, .policy = "no policy at all {", .env = {"REDIAL_DISABLE=1"}};
	obeys(flow, &(struct expectation){"200 /1\nECONNRESET\n", 1, NULL});
	flow.env[0] = "REDIAL_DISABLE=0";
	flow.policy = NULL;
	obeys(flow, &(struct expectation){HEALED});
}

PROGRAM(one_get)
{
	int fd = dial();
	exchange(fd, "GET", "/2", NULL);
}

static void first_request_of_a_connection_is_not_resent(void)
{
	struct flow flow = {.program = "one_get", .faults = {"reset@1.1"}};
	obeys(flow, &(struct expectation){"ECONNRESET\n", 1, "event=refused reason=first-use"});
}

static void first_request_is_resent_if_the_policy_says_so(void)
{
	struct flow flow = {.program = "one_get",
			    .faults = {"reset@1.1"},
			    .policy = "retry = { on = [\"first-use\", \"reset\"]; };"};
	obeys(flow, &(struct expectation){"200 /2\n", 2, "result=recovered"});
}

/* arg: the path. */
PROGRAM(get_then_put)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "PUT", program.arg, "order");
}

#define RULE_POLICY                                                                                \
	"rules = ( { host = \"nobody.internal\"; methods = []; },\n"                               \
	"          { host = \"te?t\"; path = \"/2/*\"; methods = [\"PUT\"]; } );"

static void rule_lets_a_put_be_resent_where_it_matches_and_nowhere_else(void)
{
	struct flow flow = {.program = "get_then_put",
			    .arg = "/2/item?id=7",
			    .faults = {"reset@1.2"},
			    .policy = RULE_POLICY};
	obeys(flow, &(struct expectation){"200 /1\n200 /2/item?id=7\n", 2, "result=recovered"});
	flow.arg = "/2";
	obeys(flow, &(struct expectation){REFUSED("method")});
}

/* arg: the headers of the POST. */
PROGRAM(get_then_post_with_headers)
{
	char request[300];
	int len = snprintf(request, sizeof(request),
			   "POST /2 HTTP/1.1\r\nHost: test\r\n%sContent-Length: 5\r\n\r\norder",
			   program.arg);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, request, len))
		answer(fd);
}

static void post_with_an_idempotency_key_is_resent_if_the_policy_knows_its_header(void)
{
	static const char *const unkeyed[] = {"", "Idempotency-Key:\r\n", "Idempotency-Key:  \r\n",
					      "X-Idempotency-Key: 7\r\n", "Idempotency: Key\r\n"};
	struct flow flow = {.program = "get_then_post_with_headers",
			    .arg = "X-Other: 1\r\nidempotency-key: 7\r\n",
			    .faults = {"reset@1.2"},
			    .policy = "retry = { idempotency_key_headers = "
				      "[\"X-Key\", \"Idempotency-Key\"]; };"};
	obeys(flow, &(struct expectation){HEALED});
	for (size_t i = 0; i < sizeof(unkeyed) / sizeof(unkeyed[0]); i++) {
		struct flow other = flow;
		other.arg = unkeyed[i];
		obeys(other, &(struct expectation){REFUSED("method")});
	}
	flow.policy = NULL;
	obeys(flow, &(struct expectation){REFUSED("method")});
}

/* A GET has no need of one. */
PROGRAM(get_before_a_post_with_a_key)
{
	static const char both[] = "GET /2 HTTP/1.1\r\nHost: test\r\n\r\n"
				   "POST /3 HTTP/1.1\r\nHost: test\r\nIdempotency-Key: 7\r\n"
				   "Content-Length: 5\r\n\r\norder";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, both, sizeof(both) - 1) && answer(fd))
		answer(fd);
}

static void key_is_asked_for_of_posts_alone(void)
{
	struct flow flow = {.program = "get_before_a_post_with_a_key",
			    .faults = {"reset@1.2"},
			    .policy = "retry = { idempotency_key_headers = "
				      "[\"Idempotency-Key\"]; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n200 /3\n");
	expect_logged(&flow, 1, "result=recovered", NULL);
	flow_end(&flow);
}

PROGRAM(get_then_query_by_post)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "POST", program.arg, "query");
}

#define READS_BY_POST "rules = ( { path = \"/2/*\"; methods = [\"GET\", \"POST\"]; } );"

static void rule_lets_a_post_be_resent_where_it_says_that_it_is_harmless(void)
{
	struct flow flow = {.program = "get_then_query_by_post",
			    .arg = "/2/graphql",
			    .faults = {"reset@1.2"},
			    .policy = READS_BY_POST};
	obeys(flow, &(struct expectation){"200 /1\n200 /2/graphql\n", 2, "result=recovered"});
	flow.arg = "/2";
	obeys(flow, &(struct expectation){REFUSED("method")});
}

/* Behind a request whose rule lets a POST be sent again comes one to the path arg. */
PROGRAM(pipelined_posts)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	char both[300];
	int len =
	    snprintf(both, sizeof(both),
		     "POST /2/graphql HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nquery"
		     "POST %s HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\norder",
		     program.arg);
	if (put(fd, both, len) && answer(fd))
		answer(fd);
}

static void rule_of_one_request_does_not_count_for_those_behind_it(void)
{
	struct flow flow = {.program = "pipelined_posts",
			    .arg = "/2/search",
			    .faults = {"reset@1.2"},
			    .policy = READS_BY_POST};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2/graphql\n200 /2/search\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
		flow.arg = "/order";
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\n");
		expect_seen(&flow, 1, "path=/2/graphql ", NULL);
		expect_logged(&flow, 1, "event=refused reason=method", NULL);
		flow.arg = "/2/search";
	}
	flow_end(&flow);
}

static void write_rule_for_port(const char *path, int port)
{
	FILE *file = fopen(path, "we");
	fprintf(file, "rules = ( { port = %d; methods = [\"PUT\"]; } );\n", port);
	fclose(file);
}

static void write_rule_for_another_port(const char *path, int port)
{
	write_rule_for_port(path, port ^ 1);
}

static void rule_matches_by_the_port_of_the_peer(void)
{
	struct flow flow = {.program = "get_then_put",
			    .arg = "/2",
			    .faults = {"reset@1.2"},
			    .make_policy = write_rule_for_port};
	obeys(flow, &(struct expectation){HEALED});
	flow.make_policy = write_rule_for_another_port;
	obeys(flow, &(struct expectation){REFUSED("method")});
}

PROGRAM(big_post_on_dead_connection)
{
	char body[5000];
	memset(body, 'b', sizeof(body));
	body[4000] = '\0';
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	exchange(fd, "POST", "/2", body);
}

static void post_larger_than_our_copy_is_still_sent_on_a_new_connection(void)
{
	static const char *const faults[] = {"idle-close@1.1", "idle-reset@1.1", "idle-408=30@1.1"};
	struct flow flow = {.program = "big_post_on_dead_connection",
			    .policy = "retry = { max_request_bytes = 1024; };"};
	for (int i = 0; i < 3; i++) {
		flow.faults[0] = faults[i];
		obeys(flow, &(struct expectation){"200 /1\n200 /2\n", 1, "cause=stale"});
	}
}

PROGRAM(get_with_a_big_head)
{
	char path[2000] = "/2";
	memset(path + 2, 'x', sizeof(path) - 3);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (ask(fd, "GET", path, NULL))
		read_to_the_end(fd);
}

static void get_larger_than_max_request_bytes_fails_as_bare(void)
{
	struct flow flow = {.program = "get_with_a_big_head",
			    .faults = {"reset@1.2"},
			    .policy = "retry = { max_request_bytes = 1024; };"};
	obeys(flow, &(struct expectation){"200 /1\n0 bytes, sum 811c9dc5, then ECONNRESET\n", 1,
					  "event=refused reason=too-large"});
}

static void request_ids_are_taken_from_the_headers_that_the_policy_names(void)
{
	struct flow flow = {.program = "get_with_ids",
			    .faults = {"reset@1.2"},
			    .policy = "log = { request_id_headers = [\"X-Mine\"]; };"};
	flow_redial(&flow);
	expect_logged(&flow, 1, "result=recovered", " request_id=mine ");
	flow.policy = NULL;
	flow_redial(&flow);
	expect_logged(&flow, 1, "result=recovered", " request_id=usual ");
	flow_end(&flow);
}

PROGRAM(get_with_ids)
{
	static const char request[] = "GET /2 HTTP/1.1\r\nHost: test\r\nX-Mine: mine\r\n"
				      "X-Request-Id: usual\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, request, sizeof(request) - 1))
		answer(fd);
}

const struct runner_test settings_tests[] = {
    T(no_methods_means_no_resend),
    T(causes_that_the_policy_does_not_list_are_not_rescued),
    T(post_on_a_dead_connection_fails_as_bare_without_stale),
    T(one_attempt_means_no_resend),
    T(disabled_policy_changes_and_logs_nothing),
    T(redial_disable_changes_and_logs_nothing),
    T(first_request_of_a_connection_is_not_resent),
    T(first_request_is_resent_if_the_policy_says_so),
    T(rule_lets_a_put_be_resent_where_it_matches_and_nowhere_else),
    T(post_with_an_idempotency_key_is_resent_if_the_policy_knows_its_header),
    T(key_is_asked_for_of_posts_alone),
    T(rule_lets_a_post_be_resent_where_it_says_that_it_is_harmless),
    T(rule_of_one_request_does_not_count_for_those_behind_it),
    T(rule_matches_by_the_port_of_the_peer),
    T(post_larger_than_our_copy_is_still_sent_on_a_new_connection),
    T(get_larger_than_max_request_bytes_fails_as_bare),
    T(request_ids_are_taken_from_the_headers_that_the_policy_names),
    T_END,
};
