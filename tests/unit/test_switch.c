/* SPDX-License-Identifier: MIT */
/*
 * A process takes over what is asked of its launch: config.policy is another one then. Each test in
 * a process of its own, as there is one switch a process.
 */
#include "unit.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../preload/process/config.h"
#include "../../preload/process/shared.h"
#include "../../preload/process/switch.h"
#include "share_memory.h"

enum { PLACE = 3 };

static struct state *state;
static const struct policy *started;

/* In the child: joins the launch, and has an entry in its memory. */
static void join(const char *path)
{
	shared_join(path);
	switch_expect();
	state = shared_launch();
	started = config.policy;
	if (state)
		switch_place(state, &state->processes[PLACE]);
}

/* What the statements below are about; the first that does not hold, or 0. */
#define HOLDS(that)                                                                                \
	if (!(that))                                                                               \
	return __LINE__ % 200 + 1

static void expect_holds(const char *what, int (*run)(void))
{
	struct state_head head = {0};
	const char *path;
	int status = -1;
	pid_t child;

	CU_ASSERT_EQUAL_FATAL(memory_make(&head), 0);
	path = scratch_file("launch-of-switch", &head, sizeof(head));
	child = fork();
	if (child == 0) {
		join(path);
		_exit(state ? run() : 255);
	}
	waitpid(child, &status, 0);
	memory_drop(head.id);
	runner_expect_long(what, 0, WIFEXITED(status) ? WEXITSTATUS(status) : 128);
}

static struct policy with_attempts(uint32_t attempts)
{
	struct policy policy = policy_builtin;

	policy.retry.max_attempts = attempts;
	return policy;
}

static void reload(uint32_t attempts)
{
	struct policy policy = with_attempts(attempts);

	switchboard_reload(&state->board, &policy, "/p");
}

static bool is_behind(void)
{
	return state->board.parts[PLACE].state & STATE_BEHIND;
}

static int ask_nothing(void)
{
	HOLDS(switch_has_changed()); /* the first look is to find out */
	HOLDS(!switch_take());
	HOLDS(!switch_has_changed());
	HOLDS(config.policy == started);
	return 0;
}

static void what_nobody_has_asked_changes_nothing(void)
{
	expect_holds("line", ask_nothing);
}

static int turn_off_and_on(void)
{
	const struct switchboard_part *part = &state->board.parts[PLACE];

	switch_take();
	switchboard_turn_all(&state->board, true);
	HOLDS(switch_has_changed());
	HOLDS(switch_take());
	HOLDS(!config.policy->enabled);
	HOLDS(part->state == STATE_OFF);
	HOLDS(part->seen == state->board.generation);
	HOLDS(!switch_take()); /* once */
	switchboard_turn_one(&state->board, PLACE, false);
	HOLDS(switch_take());
	HOLDS(config.policy == started);
	HOLDS(part->state == 0);
	HOLDS(part->sum == compiled_sum(started));
	return 0;
}

static void off_is_another_policy_and_on_the_same_one_again(void)
{
	expect_holds("line", turn_off_and_on);
}

static int take_policies(void)
{
	const struct policy *first;
	struct policy other = with_attempts(9);

	other.tls = 0;
	other.uses = 0;
	strcpy(other.log.path, "/elsewhere");
	switchboard_reload(&state->board, &other, "/p");
	HOLDS(switch_take());
	first = config.policy;
	HOLDS(first->retry.max_attempts == 9);
	HOLDS(first->tls == started->tls); /* these two stay as the process began */
	HOLDS(strcmp(first->log.path, started->log.path) == 0);
	reload(4);
	HOLDS(switch_take());
	HOLDS(config.policy->retry.max_attempts == 4);
	HOLDS(first->retry.max_attempts == 9); /* for who has begun something by it */
	switchboard_reload(&state->board, &other, "/p");
	HOLDS(switch_take());
	HOLDS(config.policy == first); /* none is kept twice */
	switchboard_turn_all(&state->board, true);
	HOLDS(switch_take());
	reload(4);
	switch_take();
	HOLDS(!config.policy->enabled); /* off it stays */
	switchboard_turn_all(&state->board, false);
	HOLDS(switch_take());
	HOLDS(config.policy->retry.max_attempts == 4);
	return 0;
}

static void each_policy_stays_where_it_is(void)
{
	expect_holds("line", take_policies);
}

static int take_rubbish(void)
{
	reload(4);
	state->board.policy.policy.retry.max_attempts = 0;
	HOLDS(!switch_take());
	HOLDS(config.policy == started);
	HOLDS(is_behind());
	reload(5);
	state->board.policy.size = UINT32_MAX;
	HOLDS(!switch_take());
	HOLDS(is_behind());
	state->board.policy.magic[0] = 0; /* in the middle of the next one */
	state->board.generation++;
	HOLDS(!switch_take());
	HOLDS(is_behind());
	reload(6);
	HOLDS(switch_take());
	HOLDS(!is_behind());
	HOLDS(config.policy->retry.max_attempts == 6);
	return 0;
}

static void policy_that_is_none_changes_nothing(void)
{
	expect_holds("line", take_rubbish);
}

static void reload_wait(uint32_t ms)
{
	struct policy policy = policy_builtin;

	policy.retry.total_timeout_ms = ms;
	switchboard_reload(&state->board, &policy, "/p");
}

static int take_many(void)
{
	for (uint32_t i = 1; i < SWITCH_POLICIES_MAX; i++) {
		reload_wait(6000 + i);
		HOLDS(switch_take());
	}
	reload_wait(7000);
	HOLDS(!switch_take());
	HOLDS(is_behind());
	HOLDS(config.policy->retry.total_timeout_ms == 6000 + SWITCH_POLICIES_MAX - 1);
	reload_wait(6001); /* which it has */
	HOLDS(switch_take());
	HOLDS(!is_behind());
	HOLDS(config.policy->retry.total_timeout_ms == 6001);
	return 0;
}

static void so_many_policies_and_no_more_are_kept(void)
{
	expect_holds("line", take_many);
}

static int fork_after_it_was_switched(void)
{
	int status = -1;
	pid_t child;

	switch_take();
	switchboard_turn_one(&state->board, PLACE, true);
	HOLDS(switch_take());
	child = fork();
	if (child == 0) {
		state->board.generation++;
		_exit(switch_take() && config.policy == started ? 0 : 1);
	}
	waitpid(child, &status, 0);
	HOLDS(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	HOLDS(!config.policy->enabled);
	return 0;
}

static void what_one_process_is_asked_its_child_is_not(void)
{
	expect_holds("line", fork_after_it_was_switched);
}

static int wait_for_long(void)
{
	HOLDS(switch_wait_ms(10) == 10);
	HOLDS(switch_wait_ms(60000) == SWITCH_LOOK_MS);
	return 0;
}

static void who_waits_looks_now_and_then_if_anybody_can_switch_it(void)
{
	runner_expect_long("of no launch", 60000, (long)switch_wait_ms(60000));
	expect_holds("line", wait_for_long);
}

static bool taken_inside;

/* The board is read for the first time: as if a signal came just there. */
static void look_inside(int number)
{
	(void)number;
	mprotect(state, sizeof(*state), PROT_READ | PROT_WRITE);
	taken_inside = switch_take();
}

static int take_inside_of_taking(void)
{
	struct sigaction action = {.sa_handler = look_inside};

	switch_take();
	switchboard_turn_all(&state->board, true);
	sigaction(SIGSEGV, &action, NULL);
	mprotect(state, sizeof(*state), PROT_NONE);
	HOLDS(switch_take()); /* who was interrupted goes on, and has it */
	HOLDS(!taken_inside);
	HOLDS(!config.policy->enabled);
	return 0;
}

static void handler_leaves_the_taking_to_whom_it_interrupted(void)
{
	expect_holds("line", take_inside_of_taking);
}

void suite_switch(void)
{
	static const struct runner_test tests[] = {
	    TEST(what_nobody_has_asked_changes_nothing),
	    TEST(off_is_another_policy_and_on_the_same_one_again),
	    TEST(each_policy_stays_where_it_is),
	    TEST(policy_that_is_none_changes_nothing),
	    TEST(so_many_policies_and_no_more_are_kept),
	    TEST(what_one_process_is_asked_its_child_is_not),
	    TEST(handler_leaves_the_taking_to_whom_it_interrupted),
	    TEST(who_waits_looks_now_and_then_if_anybody_can_switch_it),
	    TEST_END};

	runner_suite("switch", tests);
}
