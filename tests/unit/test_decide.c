/* SPDX-License-Identifier: MIT */
#include "decide_lost.h"

#include <stdio.h>

#include "ranges.h"

#define GET   method_bit(METHOD_GET)
#define POST  method_bit(METHOD_POST)
#define OTHER method_bit(METHOD_OTHER)

static void every_method_is_sent_on_a_new_connection_if_nothing_was_sent(void)
{
	struct decide_facts facts = lost(CAUSE_STALE);

	for (unsigned i = 0; i < METHOD_COUNT; i++) {
		facts.methods = method_bit((enum method)i);
		expect(method_name((enum method)i), REASON_NONE, &facts);
	}
}

static void only_get_and_head_are_resent_after_a_reset_or_eof(void)
{
	for (enum cause cause = CAUSE_RESET; cause <= CAUSE_EOF; cause++) {
		struct decide_facts facts = lost(cause);

		for (unsigned i = 0; i < METHOD_COUNT; i++) {
			bool safe = i == METHOD_GET || i == METHOD_HEAD;

			facts.methods = method_bit((enum method)i);
			expect(method_name((enum method)i), safe ? REASON_NONE : REASON_METHOD,
			       &facts);
		}
	}
}

/* A policy under which every cause passes, and every method that `retry` may list. */
static void allow_all(struct policy *policy)
{
	policy_defaults(policy);
	policy->retry.methods = METHODS_RESENDABLE;
	policy->retry.on = POLICY_ON_ALL;
	policy->retry.resume = 1;
	policy_add_status(policy->retry.statuses, 503);
}

static void post_is_never_resent_after_its_first_byte(void)
{
	static const enum method never[] = {METHOD_POST, METHOD_PATCH, METHOD_CONNECT,
					    METHOD_OTHER};
	struct policy policy;

	allow_all(&policy);
	for (enum cause cause = 0; cause < CAUSE_COUNT; cause++) {
		struct decide_facts facts = lost(cause);

		facts.unsent = false;
		facts.status = 503;
		for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
			facts.methods = method_bit(never[i]);
			expect_by(cause_name(cause), REASON_METHOD, &policy, &facts);
			facts.rescuing = !facts.rescuing;
			expect_by(cause_name(cause), REASON_METHOD, &policy, &facts);
		}
		facts.methods = GET;
		expect_by(cause_name(cause), REASON_NONE, &policy, &facts);
	}
}

static void a_rule_can_declare_the_posts_of_a_path_harmless(void)
{
	struct decide_facts facts = lost(CAUSE_RESET);
	struct policy policy;

	policy_defaults(&policy);
	policy.retry.methods |= POST; /* as a rule's settings have it, never those of `retry` */
	facts.methods = POST;
	expect_by("POST", REASON_NONE, &policy, &facts);
	facts.methods = method_bit(METHOD_PATCH);
	expect_by("PATCH, not listed", REASON_METHOD, &policy, &facts);
	policy.retry.methods = UINT32_MAX;
	facts.methods = method_bit(METHOD_CONNECT);
	expect_by("CONNECT", REASON_METHOD, &policy, &facts);
	facts.methods = OTHER;
	expect_by("unknown", REASON_METHOD, &policy, &facts);
}

static void a_policy_can_add_methods(void)
{
	struct decide_facts facts = lost(CAUSE_RESET);
	struct policy policy;

	policy_defaults(&policy);
	policy.retry.methods |= method_bit(METHOD_DELETE);
	facts.methods = method_bit(METHOD_DELETE);
	expect_by("DELETE added", REASON_NONE, &policy, &facts);
	facts.methods = method_bit(METHOD_PUT);
	expect_by("PUT not added", REASON_METHOD, &policy, &facts);
}

static void of_several_requests_each_must_be_one_that_may_be_resent(void)
{
	struct decide_facts facts = lost(CAUSE_RESET);

	facts.methods = GET | method_bit(METHOD_HEAD);
	expect("GET and HEAD", REASON_NONE, &facts);
	facts.methods = GET | POST;
	expect("GET and POST", REASON_METHOD, &facts);
	facts.methods = 0;
	expect("no request known", REASON_METHOD, &facts);
}

static void each_cause_passes_only_if_the_policy_lists_it(void)
{
	static const struct {
		enum cause cause;
		uint32_t on;
	} rows[] = {{CAUSE_STALE, POLICY_ON_STALE},
		    {CAUSE_RESET, POLICY_ON_RESET},
		    {CAUSE_EOF, POLICY_ON_EOF}};
	struct policy policy;

	policy_defaults(&policy);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct decide_facts facts = lost(rows[i].cause);

		policy.retry.on = rows[i].on;
		expect_by(cause_name(rows[i].cause), REASON_NONE, &policy, &facts);
		policy.retry.on = UINT32_MAX & ~rows[i].on;
		expect_by(cause_name(rows[i].cause), REASON_CAUSE, &policy, &facts);
	}
}

static void a_failed_first_connect_is_the_programs_own(void)
{
	struct decide_facts facts = lost(CAUSE_CONNECT);

	facts.unsent = true;
	expect("connect", REASON_CAUSE, &facts);
	facts.cause = CAUSE_CONNECT_TIMEOUT;
	expect("connect-timeout", REASON_CAUSE, &facts);
	facts.cause = CAUSE_COUNT;
	expect("no cause at all", REASON_CAUSE, &facts);
}

static void a_rescue_goes_on_when_its_own_redial_fails(void)
{
	struct decide_facts facts = lost(CAUSE_CONNECT);
	struct policy policy;

	policy_defaults(&policy);
	policy.retry.on = POLICY_ON_RESET;
	facts.rescuing = true;
	facts.reused = false; /* the new connection is on its first request */
	facts.attempts = 2;
	expect_by("refused", REASON_NONE, &policy, &facts);
	facts.cause = CAUSE_CONNECT_TIMEOUT;
	facts.elsewhere = true;
	expect_by("timed out", REASON_NONE, &policy, &facts);
	facts.cause = CAUSE_STALE;
	expect_by("dead before a byte was taken", REASON_NONE, &policy, &facts);
	facts.cause = CAUSE_RESET;
	expect_by("reset itself", REASON_NONE, &policy, &facts);
}

static void a_rescue_of_a_stale_connection_does_not_widen_what_may_be_resent(void)
{
	struct decide_facts facts = lost(CAUSE_RESET);
	struct policy policy;

	policy_defaults(&policy);
	policy.retry.on = POLICY_ON_STALE;
	facts.rescuing = true;
	facts.attempts = 2;
	expect_by("reset after it was sent", REASON_CAUSE, &policy, &facts);
	facts.cause = CAUSE_EOF;
	expect_by("eof after it was sent", REASON_CAUSE, &policy, &facts);
	facts.methods = POST;
	expect("a POST, now sent", REASON_METHOD, &facts);
}

static void the_first_request_of_a_connection_is_not_resent(void)
{
	static const enum cause causes[] = {CAUSE_STALE, CAUSE_RESET, CAUSE_EOF};
	struct policy policy;

	policy_defaults(&policy);
	policy.retry.on |= POLICY_ON_FIRST_USE;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		struct decide_facts facts = lost(causes[i]);

		facts.reused = false;
		expect(cause_name(causes[i]), REASON_FIRST_USE, &facts);
		expect_by("with first-use", REASON_NONE, &policy, &facts);
	}
}

static void each_obstacle_has_a_reason_of_its_own(void)
{
	struct decide_facts facts = lost(CAUSE_RESET);
	struct policy policy;

	expect("nothing against it", REASON_NONE, &facts);
	policy_defaults(&policy);
	policy.enabled = 0;
	expect_by("disabled", REASON_DISABLED, &policy, &facts);
	facts.shut_down = true;
	expect("shut down", REASON_SHUTDOWN, &facts);
	facts = lost(CAUSE_RESET);
	facts.response_started = true;
	expect("started", REASON_STARTED, &facts);
	facts = lost(CAUSE_RESET);
	facts.connection_auth = true;
	expect("authenticated", REASON_AUTH, &facts);
	facts = lost(CAUSE_RESET);
	facts.held = false;
	expect("not held", REASON_NOT_HELD, &facts);
}

static void each_limit_is_met_exactly(void)
{
	struct decide_facts facts = lost(CAUSE_RESET);

	facts.request_len = 65536;
	expect("largest", REASON_NONE, &facts);
	facts.request_len++;
	expect("too large", REASON_TOO_LARGE, &facts);
	facts = lost(CAUSE_RESET);
	facts.attempts = 2;
	expect("one attempt left", REASON_NONE, &facts);
	facts.attempts = 3;
	expect("none left", REASON_ATTEMPTS, &facts);
	facts = lost(CAUSE_RESET);
	facts.elapsed_ms = 4999;
	expect("a millisecond left", REASON_NONE, &facts);
	facts.elapsed_ms = 5000;
	expect("no time left", REASON_DEADLINE, &facts);
}

static void a_stale_connection_passes_the_same_obstacles(void)
{
	struct decide_facts facts = lost(CAUSE_STALE);

	facts.methods = POST;
	expect("POST", REASON_NONE, &facts);
	facts.request_len = UINT32_MAX;
	expect("of any size", REASON_NONE, &facts);
	facts.response_started = true;
	expect("started", REASON_STARTED, &facts);
	facts = lost(CAUSE_STALE);
	facts.shut_down = true;
	expect("shut down", REASON_SHUTDOWN, &facts);
	facts = lost(CAUSE_STALE);
	facts.held = false;
	expect("not held", REASON_NOT_HELD, &facts);
	facts = lost(CAUSE_STALE);
	facts.attempts = 3;
	expect("attempts", REASON_ATTEMPTS, &facts);
}

/* Everything is against it; taking the first obstacle away must bring up the next. */
static void the_first_reason_in_order_is_given(void)
{
	struct decide_facts f = {.cause = CAUSE_RESET,
				 .methods = method_bit(METHOD_POST),
				 .request_len = UINT32_MAX,
				 .attempts = 99,
				 .elapsed_ms = UINT32_MAX,
				 .response_started = true,
				 .shut_down = true,
				 .connection_auth = true};
	struct policy p;

	policy_defaults(&p);
	p.retry.on = 0;
	p.enabled = 0;
	expect_by("1", REASON_DISABLED, &p, &f);
	p.enabled = 1;
	expect_by("2", REASON_SHUTDOWN, &p, &f);
	f.shut_down = false;
	expect_by("3", REASON_STARTED, &p, &f);
	f.response_started = false;
	expect_by("4", REASON_AUTH, &p, &f);
	f.connection_auth = false;
	expect_by("5", REASON_FIRST_USE, &p, &f);
	f.reused = true;
	expect_by("6", REASON_CAUSE, &p, &f);
	p.retry.on = POLICY_ON_RESET;
	expect_by("7", REASON_METHOD, &p, &f);
	f.methods = GET;
	f.taken = true;
	f.worked_ms = UINT32_MAX;
	expect_by("late", REASON_LATE, &p, &f);
	f.taken = false;
	expect_by("8", REASON_TOO_LARGE, &p, &f);
	f.request_len = 1;
	expect_by("9", REASON_NOT_HELD, &p, &f);
	f.held = true;
	expect_by("10", REASON_ATTEMPTS, &p, &f);
	f.attempts = 1;
	expect_by("11", REASON_DEADLINE, &p, &f);
	f.elapsed_ms = 0;
	expect_by("12", REASON_NONE, &p, &f);
}

static void the_settings_of_a_rule_count_not_those_of_retry(void)
{
	struct decide_facts facts = lost(CAUSE_RESET);
	struct policy policy;
	struct policy_retry settings;

	policy_defaults(&policy);
	settings = policy.retry;
	settings.max_attempts = 1;
	runner_expect_text("one attempt", "attempts",
			   reason_name(decide(&policy, &settings, &facts)));
}

static void every_cause_and_reason_has_its_name(void)
{
#define X(name, text) runner_expect_text(#name, text, cause_name(CAUSE_##name));
	REDIAL_CAUSES(X)
#undef X
#define X(name, text) runner_expect_text(#name, text, reason_name(REASON_##name));
	REDIAL_REASONS(X)
#undef X
	runner_expect_text("beyond", "unknown", cause_name(CAUSE_COUNT));
	runner_expect_text("beyond", "unknown", reason_name(REASON_COUNT));
}

void suite_decide(void)
{
	static const struct runner_test tests[] = {
	    TEST(every_method_is_sent_on_a_new_connection_if_nothing_was_sent),
	    TEST(only_get_and_head_are_resent_after_a_reset_or_eof),
	    TEST(post_is_never_resent_after_its_first_byte),
	    TEST(a_rule_can_declare_the_posts_of_a_path_harmless),
	    TEST(a_policy_can_add_methods),
	    TEST(of_several_requests_each_must_be_one_that_may_be_resent),
	    TEST(each_cause_passes_only_if_the_policy_lists_it),
	    TEST(a_failed_first_connect_is_the_programs_own),
	    TEST(a_rescue_goes_on_when_its_own_redial_fails),
	    TEST(a_rescue_of_a_stale_connection_does_not_widen_what_may_be_resent),
	    TEST(the_first_request_of_a_connection_is_not_resent),
	    TEST(each_obstacle_has_a_reason_of_its_own),
	    TEST(each_limit_is_met_exactly),
	    TEST(a_stale_connection_passes_the_same_obstacles),
	    TEST(the_first_reason_in_order_is_given),
	    TEST(the_settings_of_a_rule_count_not_those_of_retry),
	    TEST(every_cause_and_reason_has_its_name),
	    TEST_END};

	runner_suite("decide", tests);
}
