/* SPDX-License-Identifier: MIT */
/* The safety rule for what is not done unless a policy asks for it. */
#include "unit.h"

#include <stdio.h>

#include "decide.h"
#include "ranges.h"

#define GET   method_bit(METHOD_GET)
#define POST  method_bit(METHOD_POST)
#define PATCH method_bit(METHOD_PATCH)

static void expect(const char *what, enum reason expected, const struct policy *policy,
		   const struct decide_facts *facts)
{
	runner_expect_text(what, reason_name(expected),
			   reason_name(decide(policy, &policy->retry, facts)));
}

/* A request that was sent whole on a used connection, and failed so. */
static struct decide_facts failed(enum cause cause, uint32_t methods)
{
	return (struct decide_facts){.cause = cause,
				     .methods = methods,
				     .request_len = 200,
				     .attempts = 1,
				     .reused = true,
				     .held = true};
}

static void connects_and_names_pass_only_if_listed(void)
{
	static const struct {
		enum cause cause;
		uint32_t on;
	} rows[] = {{CAUSE_CONNECT, POLICY_ON_CONNECT},
		    {CAUSE_CONNECT_TIMEOUT, POLICY_ON_CONNECT_TIMEOUT},
		    {CAUSE_DNS, POLICY_ON_DNS},
		    {CAUSE_TLS_HANDSHAKE, POLICY_ON_TLS_HANDSHAKE}};
	struct policy policy;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* No request is known yet, and none can have been on this connection. */
		struct decide_facts facts = failed(rows[i].cause, 0);

		facts.unsent = true;
		facts.reused = false;
		facts.request_len = 0;
		policy_defaults(&policy);
		expect("default", REASON_CAUSE, &policy, &facts);
		policy.retry.on = rows[i].on;
		expect("listed alone", REASON_NONE, &policy, &facts);
		facts.methods = POST;
		expect("a POST, of which nothing was sent", REASON_NONE, &policy, &facts);
		facts.attempts = 3;
		expect("attempts", REASON_ATTEMPTS, &policy, &facts);
		facts.attempts = 2;
		facts.elapsed_ms = 5000;
		expect("deadline", REASON_DEADLINE, &policy, &facts);
		facts.elapsed_ms = 0;
		policy.retry.on = POLICY_ON_ALL & ~rows[i].on;
		expect("all the others", REASON_CAUSE, &policy, &facts);
	}
}

static void a_response_timeout_passes_only_if_listed_and_only_for_safe_methods(void)
{
	struct decide_facts facts = failed(CAUSE_RESPONSE_TIMEOUT, GET);
	struct policy policy;

	policy_defaults(&policy);
	expect("default", REASON_CAUSE, &policy, &facts);
	facts.rescuing = true;
	expect("within a rescue", REASON_CAUSE, &policy, &facts);
	facts.rescuing = false;
	policy.retry.on |= POLICY_ON_RESPONSE_TIMEOUT;
	expect("GET", REASON_NONE, &policy, &facts);
	facts.reused = false;
	expect("GET, first use", REASON_NONE, &policy, &facts);
	facts.methods = POST;
	expect("POST", REASON_METHOD, &policy, &facts);
	facts.methods = method_bit(METHOD_PUT);
	expect("PUT", REASON_METHOD, &policy, &facts);
	facts.methods = GET;
	facts.response_started = true;
	expect("response started", REASON_STARTED, &policy, &facts);
}

static void a_status_passes_only_if_listed_and_only_for_safe_methods(void)
{
	struct decide_facts facts = failed(CAUSE_STATUS, GET);
	struct policy policy;

	policy_defaults(&policy);
	for (facts.status = 0; facts.status < 1000; facts.status++)
		expect("default", REASON_CAUSE, &policy, &facts);
	policy_add_status(policy.retry.statuses, 503);
	for (facts.status = 0; facts.status < 1000; facts.status++)
		expect("503 listed", facts.status == 503 ? REASON_NONE : REASON_CAUSE, &policy,
		       &facts);
	facts.status = 503;
	facts.reused = false;
	expect("first use", REASON_NONE, &policy, &facts);
	facts.rescuing = true;
	expect("within a rescue", REASON_NONE, &policy, &facts);
	facts.status = 504;
	expect("another within a rescue", REASON_CAUSE, &policy, &facts);
	facts.status = 503;
	facts.methods = POST;
	expect("POST", REASON_METHOD, &policy, &facts);
	facts.methods = GET | POST;
	expect("a GET and a POST", REASON_METHOD, &policy, &facts);
}

static void a_server_that_asks_for_too_much_patience_is_not_asked_again(void)
{
	struct decide_facts facts = failed(CAUSE_STATUS, GET);
	struct policy policy;

	policy_defaults(&policy);
	policy_add_status(policy.retry.statuses, 429);
	facts.status = 429;
	facts.retry_after_ms = 2000;
	expect("as long as may be", REASON_NONE, &policy, &facts);
	facts.retry_after_ms = 2001;
	expect("a millisecond more", REASON_RETRY_AFTER, &policy, &facts);
	facts.retry_after_ms = UINT32_MAX;
	expect("for ever", REASON_RETRY_AFTER, &policy, &facts);
	policy.retry.retry_after_max_ms = 0;
	facts.retry_after_ms = 0;
	expect("no header", REASON_NONE, &policy, &facts);
	facts.retry_after_ms = 1;
	expect("none is obeyed", REASON_RETRY_AFTER, &policy, &facts);
}

static void an_address_that_was_looked_up_too_long_ago_is_not_dialed(void)
{
	static const enum cause causes[] = {CAUSE_STALE, CAUSE_RESET, CAUSE_EOF, CAUSE_IDLE,
					    CAUSE_MAX_REQUESTS};
	struct policy policy;

	policy_defaults(&policy);
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		struct decide_facts facts = failed(causes[i], GET);

		facts.reused = true;
		policy.retry.address_max_age_ms = 0;
		facts.address_age_ms = UINT32_MAX;
		expect("no limit", REASON_NONE, &policy, &facts);
		policy.retry.address_max_age_ms = 30000;
		expect("too old", REASON_ADDRESS_AGE, &policy, &facts);
		facts.address_age_ms = 30001;
		expect("a millisecond too old", REASON_ADDRESS_AGE, &policy, &facts);
		facts.address_age_ms = 30000;
		expect("just so old", REASON_NONE, &policy, &facts);
		facts.address_age_ms = 0;
		expect("no look-up", REASON_NONE, &policy, &facts);
	}
}

static void a_redial_that_nobody_answers_is_not_made_again_at_the_same_address(void)
{
	struct decide_facts facts = failed(CAUSE_CONNECT_TIMEOUT, GET);
	struct policy policy;

	policy_defaults(&policy);
	facts.attempts = 2;
	facts.rescuing = true;
	expect("silence", REASON_CAUSE, &policy, &facts);
	facts.elsewhere = true;
	expect("elsewhere", REASON_NONE, &policy, &facts);
	facts.rescuing = false;
	expect("of the program's own", REASON_CAUSE, &policy, &facts);
	policy.retry.on = POLICY_ON_CONNECT_TIMEOUT;
	facts.elsewhere = false;
	facts.rescuing = true;
	expect("listed", REASON_NONE, &policy, &facts);
	facts.cause = CAUSE_CONNECT;
	expect("refused", REASON_NONE, &policy, &facts);
}

/* max_idle_ms and its kin switch it, and nothing of the request was sent. */
static void is_left_whatever_is_listed(enum cause cause)
{
	struct decide_facts facts = failed(cause, POST);
	struct policy policy;

	policy_defaults(&policy);
	policy.retry.on = 0;
	facts.unsent = true;
	expect("POST", REASON_NONE, &policy, &facts);
	facts.attempts = 3;
	expect("attempts", REASON_ATTEMPTS, &policy, &facts);
	facts.attempts = 1;
	facts.shut_down = true;
	expect("shut down", REASON_SHUTDOWN, &policy, &facts);
	facts.shut_down = false;
	facts.connection_auth = true;
	expect("authenticated", REASON_AUTH, &policy, &facts);
	facts.connection_auth = false;
	policy.enabled = 0;
	expect("disabled", REASON_DISABLED, &policy, &facts);
}

static void an_idle_connection_is_left_whatever_is_listed(void)
{
	is_left_whatever_is_listed(CAUSE_IDLE);
}

static void a_spent_connection_is_left_whatever_is_listed(void)
{
	is_left_whatever_is_listed(CAUSE_MAX_REQUESTS);
}

static void a_post_or_patch_with_a_key_passes_as_a_get_does(void)
{
	static const enum cause causes[] = {CAUSE_RESET, CAUSE_EOF, CAUSE_RESPONSE_TIMEOUT,
					    CAUSE_STATUS};
	struct policy policy;

	policy_defaults(&policy);
	policy.retry.on = POLICY_ON_ALL;
	policy_add_status(policy.retry.statuses, 503);
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		struct decide_facts facts = failed(causes[i], POST);

		facts.status = 503;
		expect("POST without", REASON_METHOD, &policy, &facts);
		facts.keyed = true;
		expect("POST with", REASON_NONE, &policy, &facts);
		facts.methods = PATCH;
		expect("PATCH with", REASON_NONE, &policy, &facts);
		facts.methods = POST | PATCH | GET;
		expect("both and a GET", REASON_NONE, &policy, &facts);
		facts.methods = POST | method_bit(METHOD_PUT);
		expect("and a PUT, not listed", REASON_METHOD, &policy, &facts);
		facts.methods = method_bit(METHOD_CONNECT);
		expect("CONNECT", REASON_METHOD, &policy, &facts);
		facts.methods = method_bit(METHOD_OTHER);
		expect("unknown", REASON_METHOD, &policy, &facts);
	}
}

static void what_a_server_says_of_a_key_is_its_answer(void)
{
	static const uint32_t statuses[] = {409, 422};
	struct policy policy;

	policy_defaults(&policy);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		struct decide_facts facts = failed(CAUSE_STATUS, POST);

		facts.status = statuses[i];
		facts.keyed = true;
		expect("not listed", REASON_CAUSE, &policy, &facts);
		policy_add_status(policy.retry.statuses, statuses[i]);
		expect("with a key", REASON_CONFLICT, &policy, &facts);
		facts.methods = GET | PATCH;
		expect("a GET as well", REASON_CONFLICT, &policy, &facts);
		facts.methods = GET;
		expect("a GET", REASON_NONE, &policy, &facts);
		facts.methods = POST;
		facts.keyed = false;
		expect("without a key", REASON_METHOD, &policy, &facts);
		policy.retry.methods |= POST; /* as a rule's settings may have it */
		expect("harmless by a rule", REASON_NONE, &policy, &facts);
		policy.retry.methods &= ~POST;
	}
}

/* Everything is against it; taking the first obstacle away must bring up the next. */
static void the_first_reason_in_order_is_given(void)
{
	struct decide_facts f = {.cause = CAUSE_STATUS,
				 .status = 409,
				 .methods = POST,
				 .request_len = UINT32_MAX,
				 .attempts = 99,
				 .elapsed_ms = UINT32_MAX,
				 .retry_after_ms = UINT32_MAX,
				 .address_age_ms = UINT32_MAX,
				 .keyed = true,
				 .connection_auth = true};
	struct policy p;

	policy_defaults(&p);
	expect("1", REASON_AUTH, &p, &f);
	f.connection_auth = false;
	expect("2", REASON_CAUSE, &p, &f);
	policy_add_status(p.retry.statuses, 409);
	expect("3", REASON_CONFLICT, &p, &f);
	f.keyed = false;
	f.vetoed = true;
	f.left = true;
	expect("3 a", REASON_VETO, &p, &f);
	f.vetoed = false;
	expect("4", REASON_METHOD, &p, &f);
	f.methods = GET;
	expect("5", REASON_TOO_LARGE, &p, &f);
	f.request_len = 1;
	expect("6", REASON_NOT_HELD, &p, &f);
	f.held = true;
	expect("6 a", REASON_PROGRAM_RETRIES, &p, &f);
	f.left = false;
	p.retry.address_max_age_ms = 1;
	expect("7", REASON_ADDRESS_AGE, &p, &f);
	f.address_age_ms = 1;
	expect("8", REASON_ATTEMPTS, &p, &f);
	f.attempts = 1;
	expect("9", REASON_RETRY_AFTER, &p, &f);
	f.retry_after_ms = 0;
	expect("10", REASON_DEADLINE, &p, &f);
	f.elapsed_ms = 0;
	expect("11", REASON_NONE, &p, &f);
}

void suite_decide_asked(void)
{
	static const struct runner_test tests[] = {
	    TEST(connects_and_names_pass_only_if_listed),
	    TEST(a_response_timeout_passes_only_if_listed_and_only_for_safe_methods),
	    TEST(a_status_passes_only_if_listed_and_only_for_safe_methods),
	    TEST(a_server_that_asks_for_too_much_patience_is_not_asked_again),
	    TEST(an_address_that_was_looked_up_too_long_ago_is_not_dialed),
	    TEST(a_redial_that_nobody_answers_is_not_made_again_at_the_same_address),
	    TEST(an_idle_connection_is_left_whatever_is_listed),
	    TEST(a_spent_connection_is_left_whatever_is_listed),
	    TEST(a_post_or_patch_with_a_key_passes_as_a_get_does),
	    TEST(what_a_server_says_of_a_key_is_its_answer),
	    TEST(the_first_reason_in_order_is_given),
	    TEST_END};

	runner_suite("decide_asked", tests);
}
