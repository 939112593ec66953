/* SPDX-License-Identifier: MIT */
/* The retry budget: how often there are resends at all, over several processes. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pace.h"

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
	post_after_death();
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
    T_END,
};
