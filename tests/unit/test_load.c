/* SPDX-License-Identifier: MIT */
/* What a policy file says, key by key. What is wrong with the file is in test_load_file.c. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/syslog.h>

#include "loading.h"

static void default_cfg_spells_out_the_built_in_defaults(void)
{
	struct policy defaults;

	policy_defaults(&defaults);
	runner_expect_long("load", 0, load_policy("scripts/policies/default.cfg", &policy, &error));
	runner_expect_long("difference", 0, memcmp(&policy, &defaults, sizeof(policy)));
}

static void keys_that_are_left_out_keep_their_defaults(void)
{
	struct policy defaults;

	policy_defaults(&defaults);
	accepted("# nothing but a comment\n");
	runner_expect_long("difference", 0, memcmp(&policy, &defaults, sizeof(policy)));
	accepted("retry = { max_attempts = 5; }; log = {}; rules = ();");
	runner_expect_long("max_attempts", 5, policy.retry.max_attempts);
	policy.retry.max_attempts = 3;
	runner_expect_long("difference", 0, memcmp(&policy, &defaults, sizeof(policy)));
}

static void every_key_reaches_its_member(void)
{
	accepted("enabled = false;\n"
		 "retry = { methods = [\"PUT\", \"GET\"]; on = (\"eof\", \"first-use\");\n"
		 "  max_attempts = 1; total_timeout_ms = 2; connect_timeout_ms = 3;\n"
		 "  max_request_bytes = 4; backoff = { base_ms = 5; max_ms = 6;\n"
		 "  multiplier = 1.125; jitter = \"equal\"; }; };\n"
		 "log = { sink = \"file:/a\"; format = \"rfc5424\"; facility = \"local7\"; "
		 "request_id_headers = [\"Id\"]; };");
	runner_expect_long("enabled", 0, policy.enabled);
	runner_expect_long("methods", method_bit(METHOD_PUT) | method_bit(METHOD_GET),
			   policy.retry.methods);
	runner_expect_long("on", POLICY_ON_EOF | POLICY_ON_FIRST_USE, policy.retry.on);
	runner_expect_long("max_attempts", 1, policy.retry.max_attempts);
	runner_expect_long("total_timeout_ms", 2, policy.retry.total_timeout_ms);
	runner_expect_long("connect_timeout_ms", 3, policy.retry.connect_timeout_ms);
	runner_expect_long("max_request_bytes", 4, policy.retry.max_request_bytes);
	runner_expect_long("base_ms", 5, policy.retry.backoff.base_ms);
	runner_expect_long("max_ms", 6, policy.retry.backoff.max_ms);
	runner_expect_long("multiplier", 1125, policy.retry.backoff.multiplier_milli);
	runner_expect_long("jitter", JITTER_EQUAL, policy.retry.backoff.jitter);
	runner_expect_long("sink", SINK_FILE, policy.log.sink);
	runner_expect_text("path", "/a", policy.log.path);
	runner_expect_long("format", FORMAT_RFC5424, policy.log.format);
	runner_expect_long("facility", LOG_LOCAL7, policy.log.facility);
	runner_expect_long("id headers", 1, policy.log.id_header_count);
	runner_expect_text("id header", "Id", policy.log.id_headers[0]);
	runner_expect_text("no second", "", policy.log.id_headers[1]);
	runner_expect_long("hold_max_bytes", 4, policy.hold_max_bytes);
	runner_expect_long("methods_always", 0, policy.methods_always);
}

static void a_rule_remembers_its_line_and_which_keys_it_names(void)
{
	const struct policy_rule *rule = policy.rules;

	accepted("rules = (\n"
		 "  { host = \"*.x\"; port = 8080; path = \"/v1/*\"; max_attempts = 2; },\n"
		 "\n"
		 "  { methods = []; backoff = { base_ms = 7; jitter = \"none\"; }; }\n"
		 ");\n"
		 "retry = { max_request_bytes = 9; };");
	runner_expect_long("rules", 2, policy.rule_count);
	runner_expect_text("host", "*.x", rule[0].host);
	runner_expect_text("path", "/v1/*", rule[0].path);
	runner_expect_long("port", 8080, rule[0].port);
	runner_expect_long("line", 2, rule[0].line);
	runner_expect_long("set", POLICY_KEY_MAX_ATTEMPTS, rule[0].set);
	runner_expect_long("max_attempts", 2, rule[0].retry.max_attempts);
	runner_expect_long("line", 4, rule[1].line);
	runner_expect_long("set",
			   POLICY_KEY_METHODS | POLICY_KEY_BACKOFF_BASE | POLICY_KEY_BACKOFF_JITTER,
			   rule[1].set);
	runner_expect_long("base_ms", 7, rule[1].retry.backoff.base_ms);
	runner_expect_long("methods_always", 0, policy.methods_always);
}

static void ranges_include_their_ends(void)
{
	accepted("retry = { max_attempts = 10; total_timeout_ms = 600000; "
		 "connect_timeout_ms = 60000; max_request_bytes = 1048576; backoff = { base_ms = "
		 "60000; max_ms = 60000; multiplier = 10; }; }; rules = ( { port = 65535; } );");
	accepted("retry = { max_attempts = 1; total_timeout_ms = 1; connect_timeout_ms = 1; "
		 "max_request_bytes = 0; backoff = { base_ms = 0; max_ms = 0; multiplier = 1.0; "
		 "}; }; rules = ( { port = 1; } );");
	runner_expect_long("multiplier", 1000, policy.retry.backoff.multiplier_milli);
}

static void a_number_out_of_range_is_refused(void)
{
	static const struct {
		const char *key, *value, *name, *range;
	} rows[] = {
	    {"max_attempts", "0", "max_attempts", "a whole number from 1 to 10"},
	    {"max_attempts", "11", "max_attempts", "a whole number from 1 to 10"},
	    {"max_attempts", "-1", "max_attempts", "a whole number from 1 to 10"},
	    {"total_timeout_ms", "0", "total_timeout_ms", "a whole number from 1 to 600000"},
	    {"total_timeout_ms", "600001", "total_timeout_ms", "a whole number from 1 to 600000"},
	    {"connect_timeout_ms", "60001", "connect_timeout_ms", "a whole number from 1 to 60000"},
	    {"max_request_bytes", "1048577", "max_request_bytes",
	     "a whole number from 0 to 1048576"},
	    {"backoff = { base_ms", "60001", "backoff.base_ms", "a whole number from 0 to 60000"},
	    {"backoff = { max_ms", "-1", "backoff.max_ms", "a whole number from 0 to 60000"},
	    {"backoff = { multiplier", "0", "backoff.multiplier", "a number from 1.0 to 10.0"},
	    {"backoff = { multiplier", "10.01", "backoff.multiplier", "a number from 1.0 to 10.0"},
	};
	char text[128], message[128];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "retry = {\n%s = %s;%s };", rows[i].key, rows[i].value,
			 strchr(rows[i].key, '{') ? " };" : "");
		snprintf(message, sizeof(message), "retry.%s must be %s, not %s", rows[i].name,
			 rows[i].range, rows[i].value);
		refused(text, 2, message);
	}
	refused("rules = ( { port = 65536; } );", 1,
		"rules[0].port must be a whole number from 1 to 65535, not 65536");
}

static void a_number_that_the_parser_would_cut_is_refused(void)
{
	const char *message = "number is too large, no key takes it";

	refused("retry = {\n max_attempts = 4294967299; };", 2, message);
	refused("retry = { max_attempts = 0x100000003; };", 1, message);
	refused("retry = { max_attempts = 99999999999999999999999; };", 1, message);
	accepted("retry = { max_attempts = 0x3; backoff = { multiplier = 1.99999999999999; }; };");
	runner_expect_long("multiplier", 2000, policy.retry.backoff.multiplier_milli);
}

static void an_unknown_key_is_refused_with_the_nearest(void)
{
	refused("retry = {\n max_atempts = 3; };", 2,
		"retry.max_atempts is not a known key, did you mean max_attempts?");
	refused("enable = true;", 1, "enable is not a known key, did you mean enabled?");
	refused("rules = ( {\n hots = \"a\"; } );", 2,
		"rules[0].hots is not a known key, did you mean host?");
	refused(
	    "log = { level = \"info\"; };", 1,
	    "log.level is not a known key; known are sink, format, facility, request_id_headers, "
	    "redact_paths");
	refused("a_key_longer_than_any_that_there_is_in_this_file = 1;", 1,
		"a_key_longer_than_any_that_there_is_in_this_file is not a known key; known are "
		"enabled, tls, retry, tcp, budget, breaker, log, stat, rules");
}

static void an_unknown_key_of_the_largest_group_is_told_them_all(void)
{
	refused(
	    "rules = ( {\n enabled = true; } );", 2,
	    "rules[0].enabled is not a known key; known are host, path, port, methods, on, "
	    "idempotency_key_headers, single_use_auth, attempt_header, statuses, "
	    "after_headers, veto_headers, keep_alive_hints, add_request_id, resume, "
	    "response_timeout_ms, unacked_timeout_ms, late_ms, retry_after_max_ms, "
	    "max_idle_ms, max_requests, address_max_age_ms, max_attempts, total_timeout_ms, connect_timeout_ms, "
	    "max_request_bytes, backoff");
}

static void a_value_of_the_wrong_type_is_refused(void)
{
	refused("enabled = 1;", 1, "enabled must be true or false, not 1");
	refused("retry = 3;", 1, "retry must be a group, { ... }, not 3");
	refused("retry = { backoff = true; };", 1,
		"retry.backoff must be a group, { ... }, not true");
	refused("retry = { max_attempts = 3.0; };", 1,
		"retry.max_attempts must be a whole number from 1 to 10, not 3.000");
	refused("retry = { max_attempts = \"3\"; };", 1,
		"retry.max_attempts must be a whole number from 1 to 10, not \"3\"");
	refused("retry = { backoff = { multiplier = \"2\"; }; };", 1,
		"retry.backoff.multiplier must be a number from 1.0 to 10.0, not \"2\"");
	refused("retry = { backoff = { jitter = 1; }; };", 1,
		"retry.backoff.jitter must be \"full\", \"equal\" or \"none\", not 1");
	refused("retry = { methods = \"GET\"; };", 1,
		"retry.methods must be a list such as [\"GET\", \"HEAD\"], not \"GET\"");
	refused(
	    "retry = { on = \"stale\"; };", 1,
	    "retry.on must be a list of \"stale\", \"reset\", \"eof\", \"first-use\", \"connect\", "
	    "\"connect-timeout\", \"response-timeout\", \"dns\" or \"tls-handshake\", not "
	    "\"stale\"");
	refused("retry = { on = [1]; };", 1,
		"retry.on[0] must be \"stale\", \"reset\", \"eof\", \"first-use\", \"connect\", "
		"\"connect-timeout\", \"response-timeout\", \"dns\" or \"tls-handshake\", not 1");
	refused("rules = { };", 1,
		"rules must be a list of groups, ( { ... }, { ... } ), not a group");
	refused("rules = ( 3 );", 1, "rules[0] must be a group, { ... }, not 3");
	refused("rules = ( { host = 1; } );", 1,
		"rules[0].host must be text such as \"*.internal\", not 1");
	refused("rules = ( { path = [\"/\"]; } );", 1,
		"rules[0].path must be text such as \"/v1/*\", not an array");
}

#define TWICE                                                                                      \
	": the server may have acted on it before the connection broke, sending it again could "   \
	"do it twice; only a rule may list it, for a path where it changes nothing"

static void methods_that_could_act_twice_are_refused_with_the_reason(void)
{
	refused("retry = { methods = [\"GET\", \"POST\"]; };", 1,
		"retry.methods[1] must not be POST" TWICE);
	refused("retry = { methods = [\"PATCH\"]; };", 1,
		"retry.methods[0] must not be PATCH" TWICE);
	refused(
	    "retry = { methods = [\"CONNECT\"]; };", 1,
	    "retry.methods[0] must not be CONNECT: it opens a tunnel, what follows is not HTTP");
	refused("rules = ( { path = \"/a\"; methods = [\"CONNECT\"]; } );", 1,
		"rules[0].methods[0] must not be CONNECT: it opens a tunnel, what follows is not "
		"HTTP");
}

static void only_a_rule_that_names_a_path_may_list_post(void)
{
	static const char *const paths[] = {"", "*", "/*", "**", "/**", "?*", "/*/*", "/?", "*/"};
	char text[128];

	accepted("rules = ( { path = \"/graphql\"; methods = [\"GET\", \"POST\"]; } );");
	runner_expect_long("methods", method_bit(METHOD_GET) | method_bit(METHOD_POST),
			   policy.rules[0].retry.methods);
	runner_expect_long("always", method_bit(METHOD_GET), policy.methods_always);
	accepted("rules = ( { methods = [\"PATCH\"]; path = \"*/search\"; } );");
	accepted("rules = ( { methods = [\"POST\"]; path = \"/\"; } );");
	refused(
	    "rules = ( {}, { host = \"a\";\n port = 1;\n methods = [\"PUT\",\n \"PATCH\"]; } );", 4,
	    "rules[1].methods[1] must not be PATCH" TWICE);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		snprintf(text, sizeof(text),
			 "rules = ( { methods = [\"POST\"]; path = \"%s\"; } );", paths[i]);
		refused(text, 1, "rules[0].methods[0] must not be POST" TWICE);
	}
}

static void an_unknown_method_is_refused_with_the_known_ones(void)
{
	refused("retry = { methods = [\"get\"]; };", 1,
		"retry.methods[0] must be one of GET HEAD PUT DELETE OPTIONS TRACE PROPFIND REPORT "
		"SEARCH QUERY, not \"get\"");
	refused("retry = { methods = [1]; };", 1,
		"retry.methods[0] must be one of GET HEAD PUT DELETE OPTIONS TRACE PROPFIND REPORT "
		"SEARCH QUERY, not 1");
	accepted("retry = { methods = []; };");
	runner_expect_long("none", 0, policy.retry.methods);
}

static void a_rule_that_could_never_match_is_refused(void)
{
	refused("rules = ( { host = \"api:8080\"; } );", 1,
		"rules[0].host must be a host alone, port and path have keys of their own, not "
		"\"api:8080\"");
	refused("rules = ( { host = \"api/v1\"; } );", 1,
		"rules[0].host must be a host alone, port and path have keys of their own, not "
		"\"api/v1\"");
	refused("rules = ( { path = \"v1\"; } );", 1,
		"rules[0].path must be a path that starts with / or *, not \"v1\"");
	accepted("rules = ( { host = \"[::1]\"; path = \"*.json\"; } );");
}

static void a_base_above_the_cap_is_refused_wherever_each_comes_from(void)
{
	refused("retry = { backoff = { base_ms = 2000; }; };", 1,
		"retry has a backoff.base_ms of 2000, above its max_ms of 1000");
	refused("rules = (\n{ backoff = { base_ms = 500; }; } );\n"
		"retry = { backoff = { max_ms = 400; }; };",
		2, "rules[0] has a backoff.base_ms of 500, above its max_ms of 400");
	refused("rules = ( { backoff = { max_ms = 10; }; } );", 1,
		"rules[0] has a backoff.base_ms of 25, above its max_ms of 10");
}

static void a_bad_log_group_is_refused(void)
{
	const char *sink = "log.sink must be \"syslog\", \"none\" or \"file:PATH\" with an "
			   "absolute PATH of at most 255 bytes, not \"file:x\"";

	refused("log = { sink = \"file:x\"; };", 1, sink);
	refused("log = { format = \"json\"; };", 1,
		"log.format must be \"rfc3164\" or \"rfc5424\", not \"json\"");
	refused("log = { facility = \"kern\"; };", 1,
		"log.facility must be a syslog facility such as \"user\", \"daemon\" or \"local0\" "
		"to \"local7\", not \"kern\"");
	refused("log = { request_id_headers = [\"A\", \"B\", \"C\", \"D\", \"E\"]; };", 1,
		"log.request_id_headers must be a list of at most 4 header names such as "
		"[\"X-Request-Id\"], not an array");
	refused("log = { request_id_headers = [\"authorization\"]; };", 1,
		"log.request_id_headers[0] must be the name of a header that holds an id, not "
		"\"authorization\"");
	refused("log = { request_id_headers = [\"X Id\"]; };", 1,
		"log.request_id_headers[0] must be the name of a header that holds an id, not "
		"\"X Id\"");
	accepted("log = { request_id_headers = []; };");
	runner_expect_long("none", 0, policy.log.id_header_count);
}

static void a_text_that_is_too_long_or_unprintable_is_refused(void)
{
	char text[512], host[POLICY_HOST_MAX + 1] = "";

	memset(host, 'h', POLICY_HOST_MAX);
	snprintf(text, sizeof(text), "rules = ( { host = \"%s\"; } );", host);
	refused(text, 1, "rules[0].host is too long: 128 bytes, at most 127");
	host[POLICY_HOST_MAX - 1] = '\0';
	snprintf(text, sizeof(text), "rules = ( { host = \"%s\"; } );", host);
	accepted(text);
	refused("rules = ( { path = \"/a\\nb\"; } );", 1,
		"rules[0].path holds a control character");
	refused("rules = ( { path = \"/a\x7f\"; } );", 1,
		"rules[0].path holds a control character");
	refused("log = { facility = \"us\ner\"; };", 1,
		"log.facility must be a syslog facility such as \"user\", \"daemon\" or \"local0\" "
		"to \"local7\", not \"us?er\"");
}

static void too_many_rules_are_refused(void)
{
	char text[1024] = "rules = ( {}";

	for (int i = 1; i < POLICY_RULES_MAX; i++)
		strcat(text, ", {}");
	strcat(text, " );");
	accepted(text);
	runner_expect_long("rules", POLICY_RULES_MAX, policy.rule_count);
	strcpy(strrchr(text, ')'), ", {} );");
	refused(text, 1, "rules has 33 rules, at most 32 are possible");
}

void suite_load(void)
{
	static const struct runner_test tests[] = {
	    TEST(default_cfg_spells_out_the_built_in_defaults),
	    TEST(keys_that_are_left_out_keep_their_defaults),
	    TEST(every_key_reaches_its_member),
	    TEST(a_rule_remembers_its_line_and_which_keys_it_names),
	    TEST(ranges_include_their_ends),
	    TEST(a_number_out_of_range_is_refused),
	    TEST(a_number_that_the_parser_would_cut_is_refused),
	    TEST(an_unknown_key_is_refused_with_the_nearest),
	    TEST(an_unknown_key_of_the_largest_group_is_told_them_all),
	    TEST(a_value_of_the_wrong_type_is_refused),
	    TEST(methods_that_could_act_twice_are_refused_with_the_reason),
	    TEST(only_a_rule_that_names_a_path_may_list_post),
	    TEST(an_unknown_method_is_refused_with_the_known_ones),
	    TEST(a_rule_that_could_never_match_is_refused),
	    TEST(a_base_above_the_cap_is_refused_wherever_each_comes_from),
	    TEST(a_bad_log_group_is_refused),
	    TEST(a_text_that_is_too_long_or_unprintable_is_refused),
	    TEST(too_many_rules_are_refused),
	    TEST_END};

	runner_suite("load", tests);
}
