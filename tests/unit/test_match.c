/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "match.h"

static void a_glob_matches_as_a_shell_user_expects(void)
{
	static const struct {
		const char *pattern, *text;
		int matches, folded;
	} rows[] = {
	    {"", "", 1, 1},
	    {"", "a", 0, 0},
	    {"*", "", 1, 1},
	    {"*", "a/b", 1, 1},
	    {"**", "", 1, 1},
	    {"?", "", 0, 0},
	    {"?", "a", 1, 1},
	    {"?", "ab", 0, 0},
	    {"abc", "abc", 1, 1},
	    {"abc", "ABC", 0, 1},
	    {"ABC", "abc", 0, 1},
	    {"abc", "ab", 0, 0},
	    {"ab", "abc", 0, 0},
	    {"a*", "a", 1, 1},
	    {"a*c", "abbc", 1, 1},
	    {"a*c", "abcb", 0, 0},
	    {"a*b*c", "aXbXbXc", 1, 1},
	    {"*aab", "aaaab", 1, 1},
	    {"*.internal", "a.b.internal", 1, 1},
	    {"*.internal", ".internal", 1, 1},
	    {"*.internal", "internal", 0, 0},
	    {"/v1/*", "/v1/", 1, 1},
	    {"/v1/*", "/v1", 0, 0},
	    {"/v1/*", "/v1/a/b", 1, 1},
	    {"a?c*", "abcdef", 1, 1},
	    {"[a]", "a", 0, 0},
	    {"[a]", "[a]", 1, 1},
	    {"@", "`", 0, 0},
	};
	char what[64];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = rows[i].text;

		snprintf(what, sizeof(what), "%s against %s", rows[i].pattern, text);
		runner_expect_long(what, rows[i].matches,
				   match_glob(rows[i].pattern, text, strlen(text), false));
		runner_expect_long(what, rows[i].folded,
				   match_glob(rows[i].pattern, text, strlen(text), true));
	}
}

static void a_glob_reads_only_as_far_as_the_length(void)
{
	runner_expect_long("abc of abcd", 1, match_glob("abc", "abcd", 3, false));
	runner_expect_long("nothing", 1, match_glob("*", NULL, 0, false));
}

static void a_hostile_glob_ends_soon(void)
{
	char text[4096];

	memset(text, 'a', sizeof(text));
	runner_expect_long(
	    "many stars", 0,
	    match_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text, sizeof(text), false));
}

/* Does a rule of this host, port and path match this request? */
static int rule_matches(const char *host, unsigned port, const char *path, const char *req_host,
			unsigned req_port, const char *req_path)
{
	struct policy p;
	struct policy_retry settings;
	struct match_request request = {req_host, strlen(req_host), req_path, strlen(req_path),
					req_port};

	policy_defaults(&p);
	p.rule_count = 1;
	snprintf(p.rules[0].host, sizeof(p.rules[0].host), "%s", host);
	snprintf(p.rules[0].path, sizeof(p.rules[0].path), "%s", path);
	p.rules[0].port = port;
	return match_settings(&p, &request, &settings) == 0;
}

static void a_rule_matches_the_host_header_without_its_port(void)
{
	static const struct {
		const char *rule, *host;
		int matches;
	} rows[] = {
	    {"", "api", 1},
	    {"", "", 1},
	    {"api", "api", 1},
	    {"api", "API:8080", 1},
	    {"api", "api:", 1},
	    {"api", "apis", 0},
	    {"*.x", "a.x:1", 1},
	    {"api", "", 0},
	    {"[::1]", "[::1]", 1},
	    {"[::1]", "[::1]:8080", 1},
	    {"[::1]", "[::2]:8080", 0},
	    {"*", "", 1},
	    {"[*", "[::1", 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		runner_expect_long(rows[i].host, rows[i].matches,
				   rule_matches(rows[i].rule, 0, "", rows[i].host, 80, "/"));
}

static void a_rule_matches_the_port_of_the_peer(void)
{
	runner_expect_long("any", 1, rule_matches("", 0, "", "h:9", 80, "/"));
	runner_expect_long("same", 1, rule_matches("", 80, "", "h:9", 80, "/"));
	runner_expect_long("other", 0, rule_matches("", 9, "", "h:9", 80, "/"));
}

static void a_rule_matches_the_path_without_its_query(void)
{
	static const struct {
		const char *rule, *target;
		int matches;
	} rows[] = {
	    {"", "/x", 1},
	    {"/v1/*", "/v1/a", 1},
	    {"/v1/*", "/V1/a", 0},
	    {"/v1/a", "/v1/a?b=/c", 1},
	    {"/v1/a", "/v1/a#frag", 1},
	    {"/v1/a", "/v1/ab", 0},
	    {"*secret*", "/a?secret", 0},
	    {"/v1/*", "http://api:8080/v1/a?x", 1},
	    {"/", "http://api:8080", 1},
	    {"/", "http://api?x", 1},
	    {"/", "http://api#x", 1},
	    {"/", "http://api#x/y", 1},
	    {"*api*", "http://api/v1", 0},
	    {"/a://b", "/a://b", 1},
	    {"/x", "/y?http://h/x", 0},
	    {"*", "*", 1},
	    {"/*", "*", 0},
	    {"*", "", 1},
	    {"ht*", "http:/", 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		runner_expect_long(rows[i].target, rows[i].matches,
				   rule_matches("", 0, rows[i].rule, "h", 80, rows[i].target));
}

static void a_rule_needs_all_that_it_names(void)
{
	runner_expect_long("all", 1, rule_matches("a", 1, "/p", "a", 1, "/p"));
	runner_expect_long("other host", 0, rule_matches("a", 1, "/p", "b", 1, "/p"));
	runner_expect_long("other port", 0, rule_matches("a", 1, "/p", "a", 2, "/p"));
	runner_expect_long("other path", 0, rule_matches("a", 1, "/p", "a", 1, "/q"));
}

static void the_first_rule_that_matches_wins(void)
{
	struct policy p;
	struct policy_retry settings;
	struct match_request request = {"h", 1, "/", 1, 80};

	policy_defaults(&p);
	p.rule_count = 3;
	for (unsigned i = 0; i < 3; i++) {
		p.rules[i].set = POLICY_KEY_MAX_ATTEMPTS;
		p.rules[i].retry.max_attempts = 7 + i;
	}
	p.rules[0].port = 81;
	runner_expect_long("index", 1, match_settings(&p, &request, &settings));
	runner_expect_long("its setting", 8, settings.max_attempts);
	p.rule_count = 1;
	runner_expect_long("none", -1, match_settings(&p, &request, &settings));
	runner_expect_long("that of retry", 3, settings.max_attempts);
}

static void a_connection_without_a_request_has_the_rules_that_ask_for_none(void)
{
	struct policy p;
	struct policy_retry settings;

	policy_defaults(&p);
	p.rule_count = 3;
	for (unsigned i = 0; i < 3; i++) {
		p.rules[i].set = POLICY_KEY_MAX_ATTEMPTS;
		p.rules[i].retry.max_attempts = 7 + i;
	}
	strcpy(p.rules[0].host, "*");
	strcpy(p.rules[1].path, "*");
	p.rules[2].port = 80;
	match_connection(&p, 80, &settings);
	runner_expect_long("its port's", 9, settings.max_attempts);
	match_connection(&p, 81, &settings);
	runner_expect_long("that of retry", 3, settings.max_attempts);
	p.rules[0].host[0] = '\0';
	match_connection(&p, 81, &settings);
	runner_expect_long("the rule's for all", 7, settings.max_attempts);
}

/* Two policy_retry with no value in common, so that what came from where shows. */
static struct policy_retry filled(uint32_t from)
{
	struct policy_retry retry;
	uint32_t *members = (uint32_t *)&retry;

	for (size_t i = 0; i < sizeof(retry) / sizeof(*members); i++)
		members[i] = from + i;
	return retry;
}

/* The key that sets a member: statuses fill several. */
static unsigned key_of(unsigned member)
{
	enum { STATUSES = 4, AGE_AT = offsetof(struct policy_retry, address_max_age_ms) };
	const unsigned behind = AGE_AT / sizeof(uint32_t); /* the backoff, which is a group */

	if (member >= behind)
		return (unsigned)__builtin_ctz(POLICY_KEY_ADDRESS_MAX_AGE) + member - behind;
	if (member <= STATUSES)
		return member;
	return member < STATUSES + POLICY_STATUS_WORDS ? STATUSES
						       : member - POLICY_STATUS_WORDS + 1;
}

static void a_rule_changes_the_keys_that_it_names_and_no_other(void)
{
	struct policy p;
	struct match_request request = {"h", 1, "/", 1, 80};
	enum { KEYS = 25, MEMBERS = KEYS + POLICY_STATUS_WORDS - 1 };
	char what[32];

	policy_defaults(&p);
	p.rule_count = 1;
	p.retry = filled(100);
	p.rules[0].retry = filled(200);
	for (unsigned key = 0; key < KEYS; key++) {
		uint32_t got[MEMBERS];
		struct policy_retry settings;

		p.rules[0].set = 1u << key;
		match_settings(&p, &request, &settings);
		memcpy(got, &settings, sizeof(got));
		for (unsigned i = 0; i < MEMBERS; i++) {
			snprintf(what, sizeof(what), "key %u, member %u", key, i);
			runner_expect_long(what, (key_of(i) == key ? 200 : 100) + i, got[i]);
		}
	}
}

static void of_several_limits_of_an_address_the_lowest_counts(void)
{
	static const uint32_t ages[][3] = {{0, 0, 0}, {0, 5, 5}, {5, 0, 5}, {5, 4, 4}, {4, 5, 4}};

	for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
		struct policy_retry both = {.address_max_age_ms = ages[i][0]};

		match_narrow(&both, &(struct policy_retry){.address_max_age_ms = ages[i][1]});
		runner_expect_long("age", ages[i][2], both.address_max_age_ms);
	}
}

static void of_several_requests_each_must_allow_it(void)
{
	struct policy_retry a = {.methods = 6,
				 .on = 3,
				 .key_headers = 5,
				 .max_attempts = 2,
				 .max_request_bytes = 10,
				 .total_timeout_ms = 7,
				 .late_ms = 9,
				 .resume = 1,
				 .single_use_auth = 1};
	struct policy_retry b = {.methods = 3,
				 .on = 6,
				 .key_headers = 4,
				 .max_attempts = 3,
				 .max_request_bytes = 9,
				 .total_timeout_ms = 8,
				 .single_use_auth = 2};
	struct policy_retry both[] = {a, b};

	policy_add_status(both[0].statuses, 502);
	policy_add_status(both[0].statuses, 599);
	policy_add_status(both[1].statuses, 599);
	a = both[0];
	b = both[1];
	match_narrow(&both[0], &b);
	match_narrow(&both[1], &a);
	for (int i = 0; i < 2; i++) {
		runner_expect_long("methods", 2, both[i].methods);
		runner_expect_long("on", 2, both[i].on);
		runner_expect_long("key_headers", 4, both[i].key_headers);
		runner_expect_long("max_attempts", 2, both[i].max_attempts);
		runner_expect_long("max_request_bytes", 9, both[i].max_request_bytes);
		runner_expect_long("total_timeout_ms", 7 + i, both[i].total_timeout_ms);
		runner_expect_long("late_ms", 9, both[i].late_ms);
		runner_expect_long("resume", 0, both[i].resume);
		runner_expect_long("single_use_auth", 3, both[i].single_use_auth);
		runner_expect_long("502", 0, policy_has_status(both[i].statuses, 502));
		runner_expect_long("599", 1, policy_has_status(both[i].statuses, 599));
	}
}

static void a_pattern_of_wildcards_alone_tells_nothing_apart(void)
{
	static const char *const none[] = {"", "*", "/*", "**", "?", "/?*", "*/*/", "/*/"};
	static const char *const some[] = {"/", "//", "/a", "a*", "*a", "/*/a", "/?-"};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		runner_expect_long(none[i], 0, match_is_particular(none[i]));
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		runner_expect_long(some[i], 1, match_is_particular(some[i]));
}

void suite_match(void)
{
	static const struct runner_test tests[] = {
	    TEST(a_glob_matches_as_a_shell_user_expects),
	    TEST(a_glob_reads_only_as_far_as_the_length),
	    TEST(a_hostile_glob_ends_soon),
	    TEST(a_rule_matches_the_host_header_without_its_port),
	    TEST(a_rule_matches_the_port_of_the_peer),
	    TEST(a_rule_matches_the_path_without_its_query),
	    TEST(a_rule_needs_all_that_it_names),
	    TEST(the_first_rule_that_matches_wins),
	    TEST(a_connection_without_a_request_has_the_rules_that_ask_for_none),
	    TEST(a_rule_changes_the_keys_that_it_names_and_no_other),
	    TEST(of_several_limits_of_an_address_the_lowest_counts),
	    TEST(of_several_requests_each_must_allow_it),
	    TEST(a_pattern_of_wildcards_alone_tells_nothing_apart),
	    TEST_END};

	runner_suite("match", tests);
}
