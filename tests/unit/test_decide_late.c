/* SPDX-License-Identifier: MIT */
/* What the safety rule makes of how far the peer had got with a request. */
#include "decide_lost.h"

#include "ranges.h"

#define GET  method_bit(METHOD_GET)
#define POST method_bit(METHOD_POST)

/* A policy under which every cause passes, and every method that `retry` may list. */
static void allow_all(struct policy *policy)
{
	policy_defaults(policy);
	policy->retry.methods = METHODS_RESENDABLE;
	policy->retry.on = POLICY_ON_ALL;
	policy_add_status(policy->retry.statuses, 503);
}

static void what_was_taken_and_lost_late_is_the_programs(void)
{
	for (enum cause cause = CAUSE_RESET; cause <= CAUSE_EOF; cause++) {
		struct decide_facts facts = lost(cause);
		struct policy policy;

		policy_defaults(&policy);
		facts.taken = true;
		facts.worked_ms = 2000;
		expect("in time", REASON_NONE, &facts);
		facts.worked_ms = 2001;
		expect("late", REASON_LATE, &facts);
		facts.methods = POST;
		expect("not to be sent twice anyway", REASON_METHOD, &facts);
		facts.methods = GET;
		policy.retry.late_ms = 0;
		expect_by("no limit", REASON_NONE, &policy, &facts);
		facts.taken = false;
		expect("not taken", REASON_NONE, &facts);
	}
}

static void only_a_loss_can_be_late(void)
{
	static const enum cause others[] = {CAUSE_STALE,	   CAUSE_CONNECT,
					    CAUSE_CONNECT_TIMEOUT, CAUSE_RESPONSE_TIMEOUT,
					    CAUSE_STATUS,	   CAUSE_IDLE,
					    CAUSE_MAX_REQUESTS};
	struct policy policy;

	allow_all(&policy);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct decide_facts facts = lost(others[i]);

		facts.status = 503;
		facts.taken = true;
		facts.worked_ms = UINT32_MAX;
		expect_by(cause_name(others[i]), REASON_NONE, &policy, &facts);
	}
}

static void what_ends_a_new_connection_as_well_goes_on_only_under_first_use(void)
{
	struct decide_facts facts = lost(CAUSE_EOF);
	struct policy policy;

	facts.reused = false;
	facts.rescuing = true;
	expect("not taken", REASON_NONE, &facts);
	facts.taken = true;
	expect("taken", REASON_FIRST_USE, &facts);
	facts.cause = CAUSE_RESET;
	expect("reset: perhaps turned away unread", REASON_NONE, &facts);
	facts.cause = CAUSE_EOF;
	policy_defaults(&policy);
	policy.retry.on |= POLICY_ON_FIRST_USE;
	expect_by("first-use", REASON_NONE, &policy, &facts);
}

static void a_head_that_waits_for_leave_passes_whatever_its_method(void)
{
	struct decide_facts facts = lost(CAUSE_RESET);
	struct policy policy;

	facts.methods = POST;
	facts.awaits_continue = true;
	expect("reset", REASON_NONE, &facts);
	facts.cause = CAUSE_EOF;
	expect("eof", REASON_NONE, &facts);
	facts.response_started = true;
	expect("leave was given", REASON_STARTED, &facts);
	facts.response_started = false;
	facts.cause = CAUSE_STATUS;
	facts.status = 503;
	allow_all(&policy);
	expect_by("a status is an answer", REASON_METHOD, &policy, &facts);
}

static void a_body_goes_on_only_where_the_policy_and_the_answer_let_it(void)
{
	struct decide_facts facts = lost(CAUSE_BODY);
	struct policy policy;

	policy_defaults(&policy);
	facts.reused = false;
	facts.response_started = facts.resumable = true;
	expect_by("not asked for", REASON_STARTED, &policy, &facts);
	policy.retry.resume = 1;
	expect_by("asked for", REASON_NONE, &policy, &facts);
	facts.resumable = false;
	expect_by("nothing proves the rest", REASON_NOT_RESUMABLE, &policy, &facts);
	facts.resumable = true;
	facts.methods = POST;
	expect_by("POST", REASON_METHOD, &policy, &facts);
	facts.methods = GET;
	facts.held = false;
	expect_by("request not held", REASON_NOT_HELD, &policy, &facts);
}

static void what_asks_for_the_rest_goes_on_when_its_connection_is_lost(void)
{
	static const enum cause causes[] = {CAUSE_RESET, CAUSE_EOF, CAUSE_CONNECT};
	struct policy policy;

	policy_defaults(&policy);
	policy.retry.resume = 1;
	policy.retry.on = 0;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		struct decide_facts facts = lost(causes[i]);

		facts.rescuing = true;
		facts.response_started = facts.resumable = true;
		expect_by(cause_name(causes[i]), REASON_NONE, &policy, &facts);
		facts.attempts = 3;
		expect_by(cause_name(causes[i]), REASON_ATTEMPTS, &policy, &facts);
	}
}

void suite_decide_late(void)
{
	static const struct runner_test tests[] = {
	    TEST(what_was_taken_and_lost_late_is_the_programs), TEST(only_a_loss_can_be_late),
	    TEST(what_ends_a_new_connection_as_well_goes_on_only_under_first_use),
	    TEST(a_head_that_waits_for_leave_passes_whatever_its_method),
	    TEST(a_body_goes_on_only_where_the_policy_and_the_answer_let_it),
	    TEST(what_asks_for_the_rest_goes_on_when_its_connection_is_lost), TEST_END};

	runner_suite("decide_late", tests);
}
