/* SPDX-License-Identifier: MIT */
/*
 * The keys of a policy file for statuses, keys, timeouts and idle connections, and those of budget
 * and breaker: what they take, what they refuse, and what of it a program has to look at.
 */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "loading.h"
#include "ranges.h"

static void every_key_of_retry_reaches_its_member(void)
{
	const struct policy_retry *retry = &policy.retry;

	accepted(
	    "retry = { statuses = [503, 429, 599]; idempotency_key_headers = [\"Key\"];\n"
	    "  attempt_header = \"X-Attempt\"; response_timeout_ms = 1; unacked_timeout_ms = 2;\n"
	    "  retry_after_max_ms = 3; max_idle_ms = 4; keep_alive_hints = true;\n"
	    "  address_max_age_ms = 6; max_requests = 7; resume = true;\n"
	    "  add_request_id = true; late_ms = 5; single_use_auth = [\"dpop\", \"Once\"]; on = "
	    "[\"connect\", \"connect-timeout\",\n"
	    "  \"response-timeout\", \"dns\", \"tls-handshake\"]; };");
	for (unsigned status = 0; status < 1000; status++)
		runner_expect_long("status", status == 503 || status == 429 || status == 599,
				   policy_has_status(retry->statuses, status));
	runner_expect_long("names", 2, policy.name_count);
	runner_expect_text("name", "Key", policy.names[0]);
	runner_expect_text("name", "X-Attempt", policy.names[1]);
	runner_expect_long("key_headers", 1, retry->key_headers);
	runner_expect_long("attempt_header", 2, retry->attempt_header);
	runner_expect_long("response_timeout_ms", 1, retry->response_timeout_ms);
	runner_expect_long("unacked_timeout_ms", 2, retry->unacked_timeout_ms);
	runner_expect_long("retry_after_max_ms", 3, retry->retry_after_max_ms);
	runner_expect_long("max_idle_ms", 4, retry->max_idle_ms);
	runner_expect_long("max_requests", 7, retry->max_requests);
	runner_expect_long("address_max_age_ms", 6, retry->address_max_age_ms);
	runner_expect_long("keep_alive_hints", 1, retry->keep_alive_hints);
	runner_expect_long("late_ms", 5, retry->late_ms);
	runner_expect_long("resume", 1, retry->resume);
	runner_expect_long("single_use_auth", 6, retry->single_use_auth);
	runner_expect_text("a scheme", "Once", policy.auth_names[2]);
	runner_expect_long("add_request_id", 1, retry->add_request_id);
	runner_expect_long("on",
			   POLICY_ON_CONNECT | POLICY_ON_CONNECT_TIMEOUT |
			       POLICY_ON_RESPONSE_TIMEOUT | POLICY_ON_DNS | POLICY_ON_TLS_HANDSHAKE,
			   retry->on);
}

static void folder_of_the_state_is_an_absolute_path(void)
{
	static char longest[POLICY_SINK_MAX], text[400];

	accepted("enabled = true;");
	runner_expect_text("none", "", policy.stat_dir);
	accepted("stat = { dir = \"/var/lib/redial\"; };");
	runner_expect_text("dir", "/var/lib/redial", policy.stat_dir);
	accepted("stat = { dir = \"\"; };");
	memset(longest, '/', sizeof(longest) - 1);
	snprintf(text, sizeof(text), "stat = { dir = \"%s\"; };", longest);
	accepted(text);
	runner_expect_text("the longest", longest, policy.stat_dir);
	refused("stat = {\ndir = \"state\"; };", 2,
		"stat.dir must be an absolute path of at most 255 bytes, or \"\", not \"state\"");
	refused("stat = { dir = 1; };", 1,
		"stat.dir must be an absolute path of at most 255 bytes, or \"\", not 1");
	snprintf(text, sizeof(text), "stat = { dir = \"/%s\"; };", longest);
	CU_ASSERT_NOT_EQUAL(load_policy(scratch_text("long.cfg", text), &policy, &error), 0);
}

static void every_key_of_tcp_reaches_its_member(void)
{
	accepted("tcp = { keep_alive = { idle_s = 60; interval_s = 5; count = 4; }; };");
	runner_expect_long("idle_s", 60, policy.tcp.keep_alive.idle_s);
	runner_expect_long("interval_s", 5, policy.tcp.keep_alive.interval_s);
	runner_expect_long("count", 4, policy.tcp.keep_alive.count);
	runner_expect_long("uses", POLICY_USES_KEEP_ALIVE, policy.uses & POLICY_USES_KEEP_ALIVE);
	accepted("tcp = { keep_alive = { idle_s = 32767; interval_s = 32767; count = 127; }; };");
	accepted("tcp = { keep_alive = { count = 4; }; };");
	runner_expect_long("uses without a time", 0, policy.uses & POLICY_USES_KEEP_ALIVE);
	refused("tcp = { keep_alive = {\nidle_s = 32768; }; };", 2,
		"tcp.keep_alive.idle_s must be a whole number from 0 to 32767, not 32768");
	refused("tcp = { keep_alive = { count = 128; }; };", 1,
		"tcp.keep_alive.count must be a whole number from 0 to 127, not 128");
	refused("tcp = { keep_alive = true; };", 1,
		"tcp.keep_alive must be a group, { ... }, not true");
}

static void every_key_of_budget_and_breaker_reaches_its_member(void)
{
	accepted("budget = { enabled = false; ratio = 0.125; min_per_second = 7; window_ms = 1001; "
		 "};\nbreaker = { enabled = false; failure_ratio = 0.25; min_attempts = 8;\n"
		 "window_ms = 1002; open_ms = 101; reject = true; };");
	runner_expect_long("budget.enabled", 0, policy.budget.enabled);
	runner_expect_long("ratio", 125, policy.budget.ratio_milli);
	runner_expect_long("min_per_second", 7, policy.budget.min_per_second);
	runner_expect_long("window_ms", 1001, policy.budget.window_ms);
	runner_expect_long("breaker.enabled", 0, policy.breaker.enabled);
	runner_expect_long("failure_ratio", 250, policy.breaker.failure_ratio_milli);
	runner_expect_long("min_attempts", 8, policy.breaker.min_attempts);
	runner_expect_long("window_ms", 1002, policy.breaker.window_ms);
	runner_expect_long("open_ms", 101, policy.breaker.open_ms);
	runner_expect_long("reject", 1, policy.breaker.reject);
}

static const struct {
	const char *name, *low, *high, *below, *above, *range;
} numbers[] = {
    {"retry.response_timeout_ms", "0", "600000", "-1", "600001", "a whole number from 0 to 600000"},
    {"retry.unacked_timeout_ms", "0", "600000", "-1", "600001", "a whole number from 0 to 600000"},
    {"retry.late_ms", "0", "3600000", "-1", "3600001", "a whole number from 0 to 3600000"},
    {"retry.retry_after_max_ms", "0", "600000", "-1", "600001", "a whole number from 0 to 600000"},
    {"retry.max_idle_ms", "0", "3600000", "-1", "3600001", "a whole number from 0 to 3600000"},
    {"retry.max_requests", "0", "65535", "-1", "65536", "a whole number from 0 to 65535"},
    {"retry.address_max_age_ms", "0", "86400000", "-1", "86400001",
     "a whole number from 0 to 86400000"},
    {"budget.ratio", "0.0", "1.0", "-0.5000", "1.001", "a number from 0.0 to 1.0"},
    {"budget.ratio", "0", "1", "-1", "2", "a number from 0.0 to 1.0"},
    {"budget.min_per_second", "0", "10000", "-1", "10001", "a whole number from 0 to 10000"},
    {"budget.window_ms", "1000", "600000", "999", "600001", "a whole number from 1000 to 600000"},
    {"breaker.failure_ratio", "0.01", "1.0", "0.009000", "1.001", "a number from 0.01 to 1.0"},
    {"breaker.min_attempts", "1", "100000", "0", "100001", "a whole number from 1 to 100000"},
    {"breaker.window_ms", "1000", "600000", "999", "600001", "a whole number from 1000 to 600000"},
    {"breaker.open_ms", "100", "600000", "99", "600001", "a whole number from 100 to 600000"},
};

static const char *setting(const char *name, const char *value)
{
	static char text[256];
	const char *dot = strchr(name, '.');

	snprintf(text, sizeof(text), "%.*s = {\n%s = %s; };", (int)(dot - name), name, dot + 1,
		 value);
	return text;
}

static void numbers_are_taken_within_their_range_alone(void)
{
	char message[160];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		const char *const bad[] = {numbers[i].below, numbers[i].above, "\"1\"", "true"};

		accepted(setting(numbers[i].name, numbers[i].low));
		accepted(setting(numbers[i].name, numbers[i].high));
		for (size_t j = 0; j < sizeof(bad) / sizeof(bad[0]); j++) {
			snprintf(message, sizeof(message), "%s must be %s, not %s", numbers[i].name,
				 numbers[i].range, bad[j]);
			refused(setting(numbers[i].name, bad[j]), 2, message);
		}
	}
}

static void switches_are_true_or_false(void)
{
	static const char *const names[] = {"retry.keep_alive_hints", "retry.add_request_id",
					    "retry.resume",
					    "budget.enabled", "breaker.enabled", "breaker.reject"};
	char message[160];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		accepted(setting(names[i], "true"));
		accepted(setting(names[i], "false"));
		snprintf(message, sizeof(message), "%s must be true or false, not 1", names[i]);
		refused(setting(names[i], "1"), 2, message);
	}
	refused("budget = 0.2;", 1, "budget must be a group, { ... }, not 0.2000");
	refused("breaker = false;", 1, "breaker must be a group, { ... }, not false");
	refused("budget = { open_ms = 5; };", 1,
		"budget.open_ms is not a known key; known are enabled, ratio, min_per_second, "
		"window_ms");
	refused("breaker = { ratio = 5; };", 1,
		"breaker.ratio is not a known key; known are enabled, failure_ratio, min_attempts, "
		"window_ms, open_ms, reject");
}

static void any_status_of_an_error_may_be_listed_but_final_ones(void)
{
	char text[64], message[160];

	for (int status = 390; status < 610; status++) {
		snprintf(text, sizeof(text), "retry = { statuses = [502,\n%d]; };", status);
		if (status < 400 || status > 599) {
			snprintf(message, sizeof(message),
				 "retry.statuses[1] must be a status from 400 to 599, not %d",
				 status);
			refused(text, 2, message);
		} else if (status == 400 || status == 401 || status == 403 || status == 404 ||
			   status == 422) {
			snprintf(message, sizeof(message),
				 "retry.statuses[1] must not be %d: it says that the request is "
				 "wrong, the same request would get the same answer",
				 status);
			refused(text, 2, message);
		} else {
			accepted(text);
			runner_expect_long(text, 1,
					   policy_has_status(policy.retry.statuses, status));
		}
	}
	accepted("retry = { statuses = (); };");
	runner_expect_long("none", POLICY_USES_TLS, policy.uses);
	refused("retry = { statuses = 502; };", 1,
		"retry.statuses must be a list such as [502, 503, 504], not 502");
	refused("retry = { statuses = [\"502\"]; };", 1,
		"retry.statuses[0] must be a status from 400 to 599, not \"502\"");
	refused("retry = { statuses = [502.0]; };", 1,
		"retry.statuses[0] must be a status from 400 to 599, not 502.0");
}

static void header_names_are_kept_once_in_any_case(void)
{
	accepted("retry = { idempotency_key_headers = [\"Idempotency-Key\", \"X-Key\"];\n"
		 "  attempt_header = \"X-Try\"; };\n"
		 "rules = ( { idempotency_key_headers = [\"IDEMPOTENCY-KEY\"]; },\n"
		 "  { attempt_header = \"x-try\"; }, { attempt_header = \"X-Other\"; },\n"
		 "  { attempt_header = \"\"; idempotency_key_headers = []; } );");
	runner_expect_long("names", 4, policy.name_count);
	runner_expect_text("as first written", "Idempotency-Key", policy.names[0]);
	runner_expect_long("retry", 3, policy.retry.key_headers);
	runner_expect_long("retry", 3, policy.retry.attempt_header);
	runner_expect_long("rule 0", 1, policy.rules[0].retry.key_headers);
	runner_expect_long("rule 1", 3, policy.rules[1].retry.attempt_header);
	runner_expect_long("rule 2", 4, policy.rules[2].retry.attempt_header);
	runner_expect_long("rule 3", 0, policy.rules[3].retry.attempt_header);
	runner_expect_long("set", POLICY_KEY_ATTEMPT_HEADER | POLICY_KEY_KEY_HEADERS,
			   policy.rules[3].set);
}

static void at_most_eight_header_names_are_possible(void)
{
	accepted("retry = { idempotency_key_headers = [\"a\", \"b\", \"c\", \"d\"]; };\n"
		 "rules = ( { idempotency_key_headers = [\"e\", \"f\", \"g\", \"A\"]; },\n"
		 "{ attempt_header = \"h\"; } );");
	runner_expect_long("mask", 0x71, policy.rules[0].retry.key_headers);
	refused("retry = { idempotency_key_headers = [\"a\", \"b\", \"c\", \"d\"]; };\n"
		"rules = ( { idempotency_key_headers = [\"e\", \"f\", \"g\", \"h\"]; },\n"
		"{ attempt_header = \"i\"; } );",
		3, "rules[1].attempt_header is one header name too many: 8 are possible");
}

static void what_is_no_header_name_is_refused(void)
{
	static const char *const bad[] = {"", "a b", "a:", "(a)", "\xc3\xa4", "a/b", "a@"};
	char text[128], message[160];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "retry = { idempotency_key_headers = [\"%s\"]; };",
			 bad[i]);
		snprintf(message, sizeof(message),
			 "retry.idempotency_key_headers[0] must be a header name such as "
			 "\"Idempotency-Key\", not \"%s\"",
			 bad[i]);
		refused(text, 1, message);
	}
	refused("retry = { idempotency_key_headers = \"Key\"; };", 1,
		"retry.idempotency_key_headers must be a list such as [\"Idempotency-Key\"], not "
		"\"Key\"");
	refused("retry = { idempotency_key_headers = [1]; };", 1,
		"retry.idempotency_key_headers[0] must be a header name, not 1");
	refused("retry = { attempt_header = \"X Attempt\"; };", 1,
		"retry.attempt_header must be a header name such as \"Idempotency-Key\", not \"X "
		"Attempt\"");
	refused("retry = { attempt_header = false; };", 1,
		"retry.attempt_header must be a header name, not false");
	refused("retry = { attempt_header = \"a\\r\\nb\"; };", 1,
		"retry.attempt_header holds a control character");
	accepted("retry = { attempt_header = \"!#$%&'*+-.^_`|~09azAZ\"; };");
}

static void an_attempt_header_that_means_something_else_is_refused(void)
{
	static const char *const bad[] = {"host",     "Connection",   "content-length", "TE",
					  "If-Match", "Content-Type", "Authorization",	"Cookie"};
	char text[128], message[160];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "rules = ( {\nattempt_header = \"%s\"; } );", bad[i]);
		snprintf(message, sizeof(message),
			 "rules[0].attempt_header must be a header that says nothing else to the "
			 "server, not \"%s\"",
			 bad[i]);
		refused(text, 2, message);
	}
}

#define SECOND_KEY                                                                                 \
	"must not be Key: that is an idempotency key's header, the copy would carry another key"

static void an_attempt_header_is_no_idempotency_key(void)
{
	refused("retry = { attempt_header = \"Key\";\nidempotency_key_headers = [\"key\"]; };", 1,
		"retry.attempt_header " SECOND_KEY);
	refused("rules = ( {}, { host = \"a\";\nattempt_header = \"Key\"; } );\n"
		"retry = { idempotency_key_headers = [\"KEY\"]; };",
		2, "rules[1].attempt_header " SECOND_KEY);
	refused("rules = ( { attempt_header = \"Key\"; }, { idempotency_key_headers = [\"k\", "
		"\"key\"]; } );",
		1, "rules[0].attempt_header " SECOND_KEY);
}

static void a_rule_may_set_every_key_of_retry(void)
{
	static const struct {
		const char *text;
		uint32_t set, uses;
	} rows[] = {
	    {"statuses = [503];", POLICY_KEY_STATUSES, POLICY_USES_STATUSES},
	    {"statuses = [];", POLICY_KEY_STATUSES, 0},
	    {"idempotency_key_headers = [\"K\"];", POLICY_KEY_KEY_HEADERS, 0},
	    {"attempt_header = \"A\";", POLICY_KEY_ATTEMPT_HEADER, 0},
	    {"response_timeout_ms = 9;", POLICY_KEY_RESPONSE_TIMEOUT, 0},
	    {"response_timeout_ms = 9; on = [\"response-timeout\"];",
	     POLICY_KEY_RESPONSE_TIMEOUT | POLICY_KEY_ON, POLICY_USES_RESPONSE_TIMEOUT},
	    {"on = [\"response-timeout\"];", POLICY_KEY_ON, 0},
	    {"unacked_timeout_ms = 9;", POLICY_KEY_UNACKED_TIMEOUT, POLICY_USES_UNACKED_TIMEOUT},
	    {"retry_after_max_ms = 9;", POLICY_KEY_RETRY_AFTER_MAX, 0},
	    {"after_headers = [\"A:ms\"];", POLICY_KEY_AFTER_HEADERS, 0},
	    {"veto_headers = [\"A: b\"];", POLICY_KEY_VETO_HEADERS, 0},
	    {"max_idle_ms = 9;", POLICY_KEY_MAX_IDLE, POLICY_USES_IDLE},
	    {"max_requests = 9;", POLICY_KEY_MAX_REQUESTS, POLICY_USES_IDLE},
	    {"max_requests = 0;", POLICY_KEY_MAX_REQUESTS, 0},
	    {"address_max_age_ms = 9;", POLICY_KEY_ADDRESS_MAX_AGE, 0},
	    {"keep_alive_hints = true;", POLICY_KEY_KEEP_ALIVE_HINTS, POLICY_USES_IDLE},
	    {"keep_alive_hints = false;", POLICY_KEY_KEEP_ALIVE_HINTS, 0},
	    {"add_request_id = true;", POLICY_KEY_ADD_REQUEST_ID, POLICY_USES_REQUEST_ID},
	    {"resume = true;", POLICY_KEY_RESUME, POLICY_USES_RESUME},
	    {"on = [\"connect\"];", POLICY_KEY_ON, POLICY_USES_CONNECT},
	    {"on = [\"connect-timeout\"];", POLICY_KEY_ON, POLICY_USES_CONNECT},
	    {"on = [\"dns\"];", POLICY_KEY_ON, POLICY_USES_DNS},
	    {"on = [\"tls-handshake\"];", POLICY_KEY_ON, POLICY_USES_TLS_HANDSHAKE},
	    {"on = [\"stale\", \"first-use\"];", POLICY_KEY_ON, POLICY_USES_FIRST_USE},
	    {"late_ms = 9;", POLICY_KEY_LATE, 0},
	    {"single_use_auth = [];", POLICY_KEY_SINGLE_USE_AUTH, 0},
	};
	char text[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "tls = []; rules = ( {}, { path = \"/a\"; %s } );",
			 rows[i].text);
		accepted(text);
		runner_expect_long(text, 0, policy.rules[0].set);
		runner_expect_long(text, rows[i].set, policy.rules[1].set);
		runner_expect_long(text, rows[i].uses, policy.uses);
		snprintf(text, sizeof(text), "tls = []; retry = { %s };", rows[i].text);
		accepted(text);
		runner_expect_long(text, rows[i].uses, policy.uses);
	}
	/* One half here, the other there: only the rule's requests have a time limit. */
	accepted("tls = []; retry = { response_timeout_ms = 9; }; "
		 "rules = ( { on = [\"response-timeout\"]; } );");
	runner_expect_long("together", POLICY_USES_RESPONSE_TIMEOUT, policy.uses);
}

static void tls_is_followed_unless_the_policy_says_none(void)
{
	accepted("enabled = true;");
	runner_expect_long("not given", POLICY_TLS_ALL, policy.tls);
	runner_expect_long("it is used", POLICY_USES_TLS, policy.uses);
	accepted("tls = [\"openssl\"];");
	runner_expect_long("openssl", POLICY_TLS_OPENSSL, policy.tls);
	accepted("tls = [\"gnutls\"];");
	runner_expect_long("gnutls", POLICY_TLS_GNUTLS, policy.tls);
	accepted("tls = [];");
	runner_expect_long("none", 0, policy.tls);
	runner_expect_long("nothing is used", 0, policy.uses);
	/* The built-in policy is not made by what reads one. */
	policy_defaults(&policy);
	policy_finish(&policy);
	runner_expect_long("built in", 0, memcmp(&policy, &policy_builtin, sizeof(policy)));
}

static void recommended_cfg_sends_nothing_twice_that_changes_something(void)
{
	static const unsigned statuses[] = {429, 502, 503, 504};

	runner_expect_long("load", 0,
			   load_policy("scripts/policies/recommended.cfg", &policy, &error));
	runner_expect_long("methods", method_bit(METHOD_GET) | method_bit(METHOD_HEAD),
			   policy.retry.methods);
	runner_expect_long("on",
			   POLICY_ON_ALL & ~(POLICY_ON_FIRST_USE | POLICY_ON_RESPONSE_TIMEOUT),
			   policy.retry.on);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		runner_expect_long("listed", 1,
				   policy_has_status(policy.retry.statuses, statuses[i]));
	runner_expect_long("500", 0, policy_has_status(policy.retry.statuses, 500));
	runner_expect_long("408", 0, policy_has_status(policy.retry.statuses, 408));
	runner_expect_long("key", 1, policy.retry.key_headers);
	runner_expect_text("key", "Idempotency-Key", policy.names[0]);
	runner_expect_long("jitter", JITTER_FULL, policy.retry.backoff.jitter);
	runner_expect_long("max_attempts", 3, policy.retry.max_attempts);
	runner_expect_long("budget", 1, policy.budget.enabled);
	runner_expect_long("breaker", 1, policy.breaker.enabled);
	runner_expect_long("reject", 0, policy.breaker.reject);
	runner_expect_long("rules", 0, policy.rule_count);
}

void suite_load_more(void)
{
	static const struct runner_test tests[] = {
	    TEST(every_key_of_retry_reaches_its_member),
	    TEST(folder_of_the_state_is_an_absolute_path),
	    TEST(every_key_of_tcp_reaches_its_member),
	    TEST(every_key_of_budget_and_breaker_reaches_its_member),
	    TEST(numbers_are_taken_within_their_range_alone),
	    TEST(switches_are_true_or_false),
	    TEST(any_status_of_an_error_may_be_listed_but_final_ones),
	    TEST(header_names_are_kept_once_in_any_case),
	    TEST(at_most_eight_header_names_are_possible),
	    TEST(what_is_no_header_name_is_refused),
	    TEST(an_attempt_header_that_means_something_else_is_refused),
	    TEST(an_attempt_header_is_no_idempotency_key),
	    TEST(a_rule_may_set_every_key_of_retry),
	    TEST(tls_is_followed_unless_the_policy_says_none),
	    TEST(recommended_cfg_sends_nothing_twice_that_changes_something),
	    TEST_END};

	runner_suite("load_more", tests);
}
