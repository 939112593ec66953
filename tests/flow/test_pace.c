/* SPDX-License-Identifier: MIT */
/* Retry budget and circuit breaker: how often there are resends at all, over several processes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

/* One connection and so many GETs on it, /1 to /N. */
static void gets(int count)
{
	char path[16];
	int fd = dial();
	for (int i = 1; i <= count; i++) {
		snprintf(path, sizeof(path), "/%d", i);
		exchange(fd, "GET", path, NULL);
	}
	hang_up(fd);
}

PROGRAM(gets)
{
	gets(atoi(program.arg));
}

/* The same, and then killed with a request on its way. */
PROGRAM(gets_and_dies)
{
	gets(atoi(program.arg));
	ask(dial(), "GET", "/last", NULL);
	kill(getpid(), SIGKILL);
}

PROGRAM(gets_of_a_child_too)
{
	gets(1);
	pid_t child = fork();
	if (child == 0) {
		gets(atoi(program.arg));
		_exit(0);
	}
	waitpid(child, NULL, 0);
	gets(atoi(program.arg));
}

/* The status of the response, 0 if none came: without a word. */
static int quiet_get(int fd, const char *path)
{
	char text[2048];
	size_t len = 0;
	int status = 0;
	if (!ask(fd, "GET", path, NULL))
		return 0;
	do {
		ssize_t got = get(fd, text + len, sizeof(text) - 1 - len);
		if (got <= 0)
			return 0;
		len += (size_t)got;
	} while (text[len - 1] != '}');
	text[len] = '\0';
	sscanf(text, "HTTP/1.1 %d", &status);
	return status;
}

static void nap(void)
{
	usleep(5000);
}

/* Until the response has this status. */
static void get_until(int fd, const char *path, int status)
{
	long end = now_ms() + 10000;
	while (quiet_get(fd, path) != status && now_ms() < end)
		nap();
	say(now_ms() < end ? "%d at last" : "never %d", status);
}

/* All may be sent again, then none, then one. */
PROGRAM(gets_until_the_budget_has_refilled)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	get_until(fd, "/3", 503);
	get_until(fd, "/4", 200);
	hang_up(fd);
}

/* On each connection all but the first fail, so that each is saved by a resend, if there is one. */
#define BUSY "status=503@2+"

#define STATUSES "retry = { statuses = [503]; max_attempts = 2; backoff = { base_ms = 0; }; };\n"
#define BUDGET(ratio, per_second, window_ms)                                                       \
	"budget = { ratio = " ratio "; min_per_second = " per_second "; window_ms = " window_ms    \
	"; };\n"
#define NO_BUDGET  "budget = { enabled = false; };\n"
#define NO_BREAKER "breaker = { enabled = false; };\n"
#define BREAKER(open_ms)                                                                           \
	"breaker = { failure_ratio = 0.5; min_attempts = 4; window_ms = 60000; open_ms = " open_ms \
	"; };\n"

/* One of five, however often each was sent: /2, /6 and /11. */
static void budget_is_a_share_of_the_requests(void)
{
	struct flow flow = {.program = "gets",
			    .arg = "11",
			    .faults = {BUSY},
			    .policy = STATUSES BUDGET("0.2", "0", "60000") NO_BREAKER};
	for (flow.way = 0; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n503 /3\n503 /4\n503 /5\n200 /6\n503 /7\n"
				      "503 /8\n503 /9\n503 /10\n200 /11\n");
		expect_logged(&flow, 3, "result=recovered", NULL);
		expect_logged(&flow, 7, "event=refused reason=budget cause=status status=503",
			      NULL);
		expect_seen(&flow, 14, NULL, NULL);
	}
	flow_end(&flow);
}

/* What a first attempt met is what the program gets. */
static void without_budget_nothing_is_sent_again(void)
{
	struct flow flow = {
	    .program = "two_gets", .faults = {"reset@1.2"}, .policy = BUDGET("0.0", "0", "10000")};
	for (flow.way = 0; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\n");
		expect_logged(&flow, 1, "event=refused reason=budget cause=reset", NULL);
		expect_logged(&flow, 1, NULL, NULL);
		expect_seen(&flow, 1, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

PROGRAM(post_after_death)
{
	int fd = dial();
	exchange(fd, "GET", "/ok", NULL);
	await_death(fd);
	exchange(fd, "POST", "/1", "x");
	hang_up(fd);
}

static void stale_connections_are_redialed_on_no_budget(void)
{
	struct flow flow = {.program = "post_after_death",
			    .faults = {"idle-close=0@path:/ok"},
			    .policy = BUDGET("0.0", "0", "10000")};
	flow_redial(&flow);
	expect_printed(&flow, "200 /ok\n200 /1\n");
	expect_logged(&flow, 1, "event=attempt", "cause=stale");
	expect_logged(&flow, 1, "result=recovered", NULL);
	flow_end(&flow);
}

/* Three a second, over a second. */
static void budget_refills_as_time_goes_by(void)
{
	struct flow flow = {.program = "gets_until_the_budget_has_refilled",
			    .faults = {BUSY},
			    .policy = STATUSES BUDGET("0.0", "3", "1000") NO_BREAKER};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n503 at last\n200 at last\n");
	expect_logged(&flow, logged(&flow, "event=attempt", NULL), "result=recovered", NULL);
	flow_end(&flow);
}

static void budget_that_is_not_enabled_has_no_limit(void)
{
	struct flow flow = {
	    .program = "gets",
	    .arg = "5",
	    .faults = {BUSY},
	    .policy = STATUSES
	    "budget = { enabled = false; ratio = 0.0; min_per_second = 0; };\n" NO_BREAKER};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n200 /3\n200 /4\n200 /5\n");
	expect_logged(&flow, 4, "result=recovered", NULL);
	flow_end(&flow);
}

#define THRIFTY STATUSES BUDGET("0.1", "0", "60000") NO_BREAKER

/* Two programs in the script ask three times each: what the second one gets depends on the first.
 */
static void script_prints(const char *name, const char *arg, const char *script,
			  const char *printed)
{
	struct flow flow = {
	    .program = name, .arg = arg, .faults = {BUSY}, .policy = THRIFTY, .script = script};
	flow_redial(&flow);
	expect_printed(&flow, printed);
	flow_end(&flow);
}

#define FIRST	  "200 /1\n200 /2\n503 /3\n"
#define ALONE	  FIRST
#define WITH_THAT "200 /1\n503 /2\n503 /3\n"

static void processes_of_a_launch_share_one_budget(void)
{
	script_prints("gets", "3", "$redial sh -c \"$program 3; $program 3\"", FIRST WITH_THAT);
	script_prints("gets", "3", "$redial sh -c \"$redial $program 3; $program 3\"",
		      FIRST WITH_THAT);
}

static void two_launches_have_two_budgets(void)
{
	script_prints("gets", "3", "$redial $program 3; $redial $program 3", FIRST ALONE);
}

static void without_the_launcher_each_process_has_its_own(void)
{
	script_prints("gets", "3", "$preload sh -c \"$program 3; $program 3\"", FIRST ALONE);
}

/* One of ten, of nine in all. */
static void children_share_the_budget_of_the_process_that_forked_them(void)
{
	struct flow flow = {
	    .program = "gets_of_a_child_too", .arg = "4", .faults = {BUSY}, .policy = THRIFTY};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /1\n200 /2\n503 /3\n503 /4\n"
			      "200 /1\n503 /2\n503 /3\n503 /4\n");
	flow_end(&flow);
}

static void killed_process_leaves_the_others_their_budget(void)
{
	script_prints("gets_and_dies", "3",
		      "$redial sh -c \"$program 3; $program 3\" 2>/dev/null; true",
		      FIRST WITH_THAT);
}

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
	program_post_after_death();
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
	quiet_get(fd, "/bad");
	quiet_get(fd, "/bad");
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

PROGRAM(gets_for_a_second)
{
	int fd = dial();
	for (long end = now_ms() + 1000; now_ms() < end; nap())
		quiet_get(fd, "/bad");
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

const struct runner_test pace_tests[] = {
    T(budget_is_a_share_of_the_requests),
    T(without_budget_nothing_is_sent_again),
    T(stale_connections_are_redialed_on_no_budget),
    T(budget_refills_as_time_goes_by),
    T(budget_that_is_not_enabled_has_no_limit),
    T(processes_of_a_launch_share_one_budget),
    T(two_launches_have_two_budgets),
    T(without_the_launcher_each_process_has_its_own),
    T(children_share_the_budget_of_the_process_that_forked_them),
    T(killed_process_leaves_the_others_their_budget),
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
    T_END,
};
