/* SPDX-License-Identifier: MIT */
/* What an operator has asked of running processes: the board that tells them. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "decide.h"
#include "switchboard.h"

enum { NOBODYS = PROCESS_ENTRIES - 1 };

static struct switchboard board;

static void begin(void)
{
	memset(&board, 0, sizeof(board));
}

static void launch_and_process_are_switched_apart(void)
{
	begin();
	CU_ASSERT_FALSE(switchboard_is_off(&board, 3));
	switchboard_turn_one(&board, 3, true);
	CU_ASSERT_TRUE(switchboard_is_off(&board, 3));
	CU_ASSERT_FALSE(switchboard_is_off(&board, 4));
	switchboard_turn_one(&board, 3, false);
	CU_ASSERT_FALSE(switchboard_is_off(&board, 3));
	switchboard_turn_all(&board, true);
	CU_ASSERT_TRUE(switchboard_is_off(&board, 3)); /* what was asked of it alone is over */
	CU_ASSERT_TRUE(switchboard_is_off(&board, 4));
	switchboard_turn_one(&board, 4, false);
	CU_ASSERT_TRUE(switchboard_is_off(&board, 3));
	CU_ASSERT_FALSE(switchboard_is_off(&board, 4));
	switchboard_turn_all(&board, false);
	CU_ASSERT_FALSE(switchboard_is_off(&board, 3));
}

static void process_without_an_entry_of_its_own_goes_with_its_launch(void)
{
	static const unsigned places[] = {NOBODYS, PROCESS_ENTRIES, UINT32_MAX};

	for (int i = 0; i < 3; i++) {
		begin();
		switchboard_turn_one(&board, places[i], true);
		runner_expect_long("changes", 0, board.generation);
		CU_ASSERT_FALSE(switchboard_is_off(&board, places[i]));
		switchboard_turn_all(&board, true);
		CU_ASSERT_TRUE(switchboard_is_off(&board, places[i]));
	}
}

static void each_change_is_told_by_the_generation(void)
{
	begin();
	switchboard_turn_one(&board, 0, true);
	runner_expect_long("after a process", 1, board.generation);
	switchboard_turn_all(&board, true);
	runner_expect_long("after a launch", 2, board.generation);
	switchboard_reload(&board, &policy_builtin, "/a");
	runner_expect_long("after a policy", 3, board.generation);
	runner_expect_long("policies", 1, board.reloads);
}

static void what_was_asked_of_a_process_ends_with_it(void)
{
	begin();
	switchboard_take(&board, 5, 100);
	switchboard_turn_one(&board, 5, true);
	switchboard_take(&board, 5, 100); /* by an exec */
	CU_ASSERT_TRUE(switchboard_is_off(&board, 5));
	switchboard_take(&board, 5, 101);
	CU_ASSERT_FALSE(switchboard_is_off(&board, 5));
	switchboard_take(&board, NOBODYS, 102);
	runner_expect_long("whose nobody's is", 0, board.parts[NOBODYS].pid);
}

static void policy_is_brought_in_whole_with_its_path(void)
{
	struct policy policy = policy_builtin;
	char path[2 * SWITCHBOARD_PATH];
	const char *why = "";
	const struct policy *found;

	begin();
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	policy.retry.max_attempts = 7;
	switchboard_reload(&board, &policy, path);
	found = compiled_open(&board.policy, board.policy.size, &why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	runner_expect_long("max_attempts", 7, found->retry.max_attempts);
	CU_ASSERT_EQUAL(board.policy.checksum, compiled_sum(&policy));
	runner_expect_long("length of a path that is too long", SWITCHBOARD_PATH - 1,
			   (long)strnlen(board.path, SWITCHBOARD_PATH));
	switchboard_reload(&board, &policy_builtin, "/b");
	runner_expect_text("the next path", "/b", board.path);
	runner_expect_long("what is left of the one before", 0, board.path[SWITCHBOARD_PATH - 2]);
}

static void under_the_policy_of_what_is_off_nothing_begins(void)
{
	static struct policy on, off;
	struct decide_facts facts = {
	    .cause = CAUSE_STALE, .unsent = true, .held = true, .reused = true};

	on = policy_builtin;
	on.retry.statuses[0] = UINT32_MAX;
	on.retry.max_idle_ms = on.retry.response_timeout_ms = on.retry.unacked_timeout_ms = 1000;
	on.retry.max_requests = 5;
	on.retry.keep_alive_hints = on.retry.add_request_id = 1;
	on.retry.attempt_header = 1;
	on.tcp.keep_alive.idle_s = 60;
	on.breaker.reject = 1;
	on.uses = UINT32_MAX;
	on.rule_count = 3;
	strcpy(on.names[0], "X-Try");
	CU_ASSERT_EQUAL(decide(&on, &on.retry, &facts), REASON_NONE);
	memset(&off, 0xff, sizeof(off));
	switchboard_off_policy(&off, &on);
	runner_expect_long("why nothing is sent", REASON_DISABLED,
			   (long)decide(&off, &off.retry, &facts));
	runner_expect_long("rules", 0, off.rule_count);
	runner_expect_long("statuses", 0, off.retry.statuses[0]);
	runner_expect_long("all that would be added, waited for or replaced", 0,
			   (long)(off.retry.on | off.retry.max_idle_ms |
				  off.retry.response_timeout_ms | off.retry.unacked_timeout_ms |
				  off.retry.max_requests | off.retry.keep_alive_hints |
				  off.retry.add_request_id | off.retry.attempt_header |
				  off.tcp.keep_alive.idle_s | off.breaker.reject));
	runner_expect_long("what is asked of the library", POLICY_USES_TLS, off.uses);
	runner_expect_long("how much is held: as under the policy", on.hold_max_bytes,
			   off.hold_max_bytes);
	runner_expect_text("names, at their places", "X-Try", off.names[0]);
}

/* Others may write anything there. */
static void only_the_words_themselves_switch(void)
{
	begin();
	board.turn = 1;
	CU_ASSERT_FALSE(switchboard_is_off(&board, 2));
	board.turn = TURN_ON;
	CU_ASSERT_FALSE(switchboard_is_off(&board, 2));
	board.parts[2].turn = UINT32_MAX;
	CU_ASSERT_FALSE(switchboard_is_off(&board, 2));
	board.turn = TURN_OFF;
	CU_ASSERT_TRUE(switchboard_is_off(&board, 2));
	srand(7);
	for (int i = 0; i < 1000; i++) {
		for (size_t at = 0; at < sizeof(board); at += 97)
			((char *)&board)[at] = (char)rand();
		(void)switchboard_is_off(&board, (unsigned)rand());
		switchboard_take(&board, (unsigned)i % PROCESS_ENTRIES, (uint32_t)rand());
	}
}

void suite_switchboard(void)
{
	static const struct runner_test tests[] = {
	    TEST(launch_and_process_are_switched_apart),
	    TEST(process_without_an_entry_of_its_own_goes_with_its_launch),
	    TEST(each_change_is_told_by_the_generation),
	    TEST(what_was_asked_of_a_process_ends_with_it),
	    TEST(policy_is_brought_in_whole_with_its_path),
	    TEST(under_the_policy_of_what_is_off_nothing_begins),
	    TEST(only_the_words_themselves_switch),
	    TEST_END};

	runner_suite("switchboard", tests);
}
