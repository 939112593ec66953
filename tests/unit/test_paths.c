/* SPDX-License-Identifier: MIT */
/* Which rules a path comes under, and the keys of a policy that hold patterns of paths. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "loading.h"
#include "match.h"

static int rule_matches(const char *path, const char *target)
{
	struct policy p;
	struct policy_retry settings;
	struct match_request request = {"h", 1, target, strlen(target), 80};

	policy_defaults(&p);
	p.rule_count = 1;
	snprintf(p.rules[0].path, sizeof(p.rules[0].path), "%s", path);
	return match_settings(&p, &request, &settings) == 0;
}

static void a_rule_matches_the_path_that_a_server_reads(void)
{
	static const struct {
		const char *rule, *target;
		int matches;
	} rows[] = {
	    {"/read/*", "/%72ead/x", 1},
	    {"/read/*", "/read/../pay", 0},
	    {"/read/*", "/read/%2e%2e/pay", 0},
	    {"/pay", "/read/../pay", 1},
	    {"/pay", "http://h/read/%2E./pay?x", 1},
	    {"/read/*", "/pay/../read/x", 1},
	    {"/read/*", "//read/x", 0},
	    {"/read/*", "/read/a%2Fb", 1},
	    {"/read/*", "/read%2Fa", 0},
	    {"/a%2Fb", "/a%2fb", 1},
	    {"/caf%C3%A9", "/caf\xc3\xa9", 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		runner_expect_long(rows[i].target, rows[i].matches,
				   rule_matches(rows[i].rule, rows[i].target));
}

/*
 * Under /read more may be repeated than elsewhere, under /pay nothing: where a server may read the
 * path as another one, what both allow.
 */
static void a_path_in_doubt_is_allowed_what_each_reading_allows(void)
{
	enum { NONE, GET = 1, POST = 2 };
	static const struct {
		const char *target;
		int allowed, doubt;
	} rows[] = {
	    {"/x", GET, 0},
	    {"/read/x", GET | POST, 0},
	    {"/read/a%2Fb", GET | POST, 0},
	    {"/pay/x", NONE, 0},
	    {"/pay/../x", GET, 0},
	    {"/x/../pay/x", NONE, 0},
	    {"/x//y", GET, 0},
	    {"/read//x", GET | POST, 0},
	    /* A server that makes one slash of two, or takes the first word for a host. */
	    {"//read/x", GET, 1},
	    {"//pay/x", NONE, 1},
	    {"/read//../pay/x", NONE, 1},
	    {"//h/pay/x", NONE, 1},
	    {"//h/read/x", GET, 1},
	    /* A server that takes %2F for a slash. */
	    {"/read%2Fx", GET, 1},
	    {"/pay%2fx", NONE, 1},
	    {"/read/..%2Fx", GET, 1},
	    {"/read/..%2Fpay/x", NONE, 1},
	    {"/x/..%2fpay/x", NONE, 1},
	    {"/read/x%2F..%2Fy", GET | POST, 0},
	    /* Nobody can tell. */
	    {"/read/..;/pay/x", NONE, 1},
	    {"/read\\x", NONE, 1},
	    {"/read/%5cx", NONE, 1},
	    {"/read/%zz", NONE, 1},
	    {"/read/%00", NONE, 1},
	    {"read/x", NONE, 1},
	    {"h:80", NONE, 1},
	};
	struct policy p;

	policy_defaults(&p);
	p.retry.methods = method_bit(METHOD_GET);
	p.rule_count = 3;
	for (int i = 0; i < 3; i++)
		p.rules[i].set = POLICY_KEY_METHODS;
	strcpy(p.rules[0].path, "/read/*");
	p.rules[0].retry.methods = method_bit(METHOD_GET) | method_bit(METHOD_POST);
	strcpy(p.rules[1].path, "/pay/*");
	/* Behind a rule for all, of another host, none counts. */
	strcpy(p.rules[2].host, "other");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *target = rows[i].target;
		struct match_request request = {"h", 1, target, strlen(target), 80};
		struct policy_retry settings;
		bool doubt;

		match_settings_in_doubt(&p, &request, &settings, &doubt);
		runner_expect_long(target, rows[i].allowed,
				   !!(settings.methods & method_bit(METHOD_GET)) * GET |
				       !!(settings.methods & method_bit(METHOD_POST)) * POST);
		runner_expect_long(target, rows[i].doubt, doubt);
	}
}

/* Rules for other hosts, and those behind one for every path, are none that it could come under. */
static void a_path_that_cannot_be_read_is_narrowed_by_the_rules_that_may_be_its(void)
{
	struct match_request request = {"h", 1, "/%", 2, 80};
	struct policy_retry settings;
	struct policy p;

	policy_defaults(&p);
	p.rule_count = 4;
	for (unsigned i = 0; i < 4; i++) {
		p.rules[i].set = POLICY_KEY_MAX_ATTEMPTS;
		p.rules[i].retry.max_attempts = 5 + i;
		strcpy(p.rules[i].path, "/x");
	}
	strcpy(p.rules[0].host, "other");
	p.rules[0].retry.max_attempts = 1;
	p.rules[2].path[0] = '\0';
	p.rules[2].retry.max_attempts = 9;
	p.rules[3].retry.max_attempts = 1;
	runner_expect_long("its rule", 2, match_settings(&p, &request, &settings));
	runner_expect_long("the least of 6 and 9", 6, settings.max_attempts);
	strcpy(p.rules[2].path, "/y");
	runner_expect_long("its rule", -1, match_settings(&p, &request, &settings));
	runner_expect_long("the least of all", 1, settings.max_attempts);
}

static void paths_to_redact_are_read_and_those_that_hide_nothing_refused(void)
{
	const char *list = "log.redact_paths must be a list of at most 8 paths such as "
			   "[\"/reset/*\"], not ";
	const char *star = "log.redact_paths[0] must be a path with a * for what is secret, not ";
	char message[200];

	accepted("log = { redact_paths = [\"/u/*/token/*\", \"*/x?*\"]; };");
	runner_expect_long("count", 2, policy.redact_count);
	runner_expect_text("first", "/u/*/token/*", policy.redact_paths[0]);
	runner_expect_text("second", "*/x?*", policy.redact_paths[1]);
	accepted("log = { redact_paths = []; };");
	runner_expect_long("none", 0, policy.redact_count);
	snprintf(message, sizeof(message), "%s\"/a*\"", list);
	refused("log = { redact_paths = \"/a*\"; };", 1, message);
	snprintf(message, sizeof(message), "%san array", list);
	refused("log = { redact_paths = [\"*\", \"*\", \"*\", \"*\", \"*\", \"*\", \"*\", "
		"\"*\", \"*\"]; };",
		1, message);
	snprintf(message, sizeof(message), "%s\"/a?\"", star);
	refused("log = { redact_paths = [\"/a?\"]; };", 1, message);
	snprintf(message, sizeof(message), "%s\"\"", star);
	refused("log = { redact_paths = [\"\"]; };", 1, message);
	refused("log = { redact_paths = [1]; };", 1,
		"log.redact_paths[0] must be text such as \"/reset/*\", not 1");
	refused("log = { redact_paths = [\"reset/*\"]; };", 1,
		"log.redact_paths[0] must be a path that starts with / or *, not \"reset/*\"");
}

static void a_pattern_that_no_path_is_written_as_is_refused_with_the_right_one(void)
{
	refused("rules = ( { path = \"/%72ead/%2a*\"; } );", 1,
		"rules[0].path matches no path as it stands, write \"/read/%2A*\"");
	refused("rules = ( { path = \"/a/../b\"; } );", 1,
		"rules[0].path matches no path as it stands, write \"/b\"");
	refused("rules = ( { path = \"*/./b\"; } );", 1,
		"rules[0].path matches no path as it stands, write \"*/b\"");
	refused("rules = ( { path = \"/caf\xc3\xa9\"; } );", 1,
		"rules[0].path matches no path as it stands, write \"/caf%C3%A9\"");
	refused("log = { redact_paths = [\"/a%7e/*\"]; };", 1,
		"log.redact_paths[0] matches no path as it stands, write \"/a~/*\"");
	accepted(
	    "rules = ( { path = \"/a%2Fb//c?/.*/..*\"; }, { path = \"?a\"; }, { path = \"\"; },"
	    "{ path = \"*\"; } );");
}

void suite_paths(void)
{
	static const struct runner_test tests[] = {
	    TEST(a_rule_matches_the_path_that_a_server_reads),
	    TEST(a_path_in_doubt_is_allowed_what_each_reading_allows),
	    TEST(a_path_that_cannot_be_read_is_narrowed_by_the_rules_that_may_be_its),
	    TEST(paths_to_redact_are_read_and_those_that_hide_nothing_refused),
	    TEST(a_pattern_that_no_path_is_written_as_is_refused_with_the_right_one),
	    TEST_END};

	runner_suite("paths", tests);
}
