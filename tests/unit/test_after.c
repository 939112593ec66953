/* SPDX-License-Identifier: MIT */
/* What a response says of being asked again by other headers than Retry-After. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "../../preload/http1/retry_after.h"
#include "loading.h"

enum { NOW = 1700000000 };

#define NEVER UINT32_MAX

struct row {
	const char *fields;
	uint32_t ms;
};

static uint32_t ask(const char *status, const char *fields)
{
	char head[400];
	int len = snprintf(head, sizeof(head), "HTTP/1.1 %s\r\n%s\r\n\r\n", status, fields);
	return retry_after_ms(head, (size_t)len, NOW, &policy, policy.retry.after_headers);
}

static void expect_rows(const char *headers, const char *status, const struct row *rows,
			size_t count)
{
	char text[300];
	snprintf(text, sizeof(text), "retry = { after_headers = [%s]; };", headers);
	accepted(text);
	for (size_t i = 0; i < count; i++) {
		if (!runner_expect_long("milliseconds", rows[i].ms, ask(status, rows[i].fields)))
			printf("\n    %s\n    %s", headers, rows[i].fields);
	}
}

#define EXPECT_ROWS(headers, status, rows)                                                         \
	expect_rows(headers, status, rows, sizeof(rows) / sizeof(rows[0]))

static void the_longest_of_all_counts(void)
{
	static const struct row rows[] = {
	    {"Server: x", 0},
	    {"A: 2", 2000},
	    {"B: 300", 300},
	    {"A: 2\r\nB: 300", 2000},
	    {"B: 300\r\nRetry-After: 1\r\nA: 0", 1000},
	    {"a:1\r\nb:1\r\nRetry-After: 0", 1000},
	    {"C: 60", 0},
	};
	EXPECT_ROWS("\"A:s\", \"B:ms\"", "503 Busy", rows);
}

static void each_unit_reads_what_it_says(void)
{
	static const struct row seconds[] = {
	    {"A: 1.25", 1250},
	    {"A: 1700000002", NEVER},
	    {"A: -1", NEVER},
	    {"A: 1s", NEVER},
	    {"A: Tue, 14 Nov 2023 22:13:25 GMT", NEVER},
	};
	static const struct row milliseconds[] = {
	    {"A: 250", 250},	      {"A: 0", 0},	   {"A: 250.0", 250}, {"A: 250.111", 251},
	    {"A: 4294967296", NEVER}, {"A: 250ms", NEVER},
	};
	static const struct row dates[] = {
	    {"A: Tue, 14 Nov 2023 22:13:25 GMT", 5000},
	    {"A: 2023-11-14T22:13:25Z", 5000},
	    {"A: 2023-11-14T22:13:25.9Z", 6000},
	    {"A: 2023-13-14T22:13:25Z", NEVER},
	    {"A: 2023-11-14T22:13:25.000Z", 5000},
	    {"A: 2023-11-14T22:13:25.000000000000000000000001Z", 6000},
	    {"A: 2023-11-14T22:13:25+01:00", NEVER},
	    {"A: 5", NEVER},
	};
	static const struct row either[] = {
	    {"A: 5", 5000},
	    {"A: 0.5", 500},
	    {"A: 1700000003", 3000},
	    {"A: 1700000003.5", 3500},
	    {"A: 1699999999", 0},
	    {"A: 1700000003250", 3250},
	    {"A: 1699999999999", 0},
	    {"A: 999999999", NEVER},
	    {"A: 17000000000000000000000", NEVER},
	    {"A: 2023-11-14T22:13:25Z", 5000},
	    {"A: Tue, 14 Nov 2023 22:13:25 GMT", 5000},
	    {"A: 6m0s", NEVER},
	    {"A: soon", NEVER},
	    /* the server's clock is another one */
	    {"Date: Tue, 14 Nov 2023 22:13:19 GMT\r\nA: 1700000003", 4000},
	};
	EXPECT_ROWS("\"A:s\"", "503 Busy", seconds);
	EXPECT_ROWS("\"A:ms\"", "503 Busy", milliseconds);
	EXPECT_ROWS("\"A:date\"", "503 Busy", dates);
	EXPECT_ROWS("\"A:auto\"", "503 Busy", either);
	EXPECT_ROWS("\"A\"", "503 Busy", either);
}

static void lines_that_differ_are_no_leave_to_go_on(void)
{
	static const struct row rows[] = {
	    {"A: 1\r\nA: 1", 1000},
	    {"A: 1\r\nA: 2", NEVER},
	    {"A: 1\r\nX: 9\r\nA: x", NEVER},
	    {"Retry-After: 1\r\nA: 2\r\nA: 2", 2000},
	};
	EXPECT_ROWS("\"A\"", "503 Busy", rows);
}

static void a_line_without_a_value_hides_none(void)
{
	static const struct row rows[] = {
	    {"Retry-After:\r\nRetry-After: 2", 2000},
	    {"Retry-After: 2\r\nRetry-After: \r\nRetry-After: 3", NEVER},
	    {"A: \t\r\nA: 2", 2000},
	    {"A:\r\nX: 9\r\nA: x", NEVER},
	    {"A:", 0},
	};
	EXPECT_ROWS("\"A\"", "503 Busy", rows);
}

static void limits_tell_of_the_one_that_is_exhausted(void)
{
	static const struct row rows[] = {
	    {"RateLimit: \"default\";r=0;t=12", 12000},
	    {"RateLimit: \"100-in-1min\"; r=0; t=3", 3000},
	    {"RateLimit: \"burst\";r=0;t=5, \"day\";r=900;t=3600", 5000},
	    {"RateLimit: \"a;t=9, b\";r=0;t=5", 5000},
	    {"RateLimit: \"a\";r=0;t=5;pk=:dA==:", 5000},
	    {"RateLimit: \"a\";r=0;t=5, b;t=7;r=0", 7000},
	    {"RateLimit: \"a\";r=0;t=5\r\nRateLimit: \"b\";r=0;t=6", 6000},
	    {"RateLimit: limit=10, remaining=0, reset=4", 4000},
	    {"RateLimit: default;t=2", 2000},
	    /* none is: the failure is not the limiter's */
	    {"RateLimit: \"default\";r=50;t=30", 0},
	    {"RateLimit: limit=100, remaining=50, reset=30", 0},
	    {"RateLimit: \"default\";r=50", 0},
	    /* no time, or none that can be read */
	    {"RateLimit: \"default\";r=0", NEVER},
	    {"RateLimit: \"default\";r=0;t=x", NEVER},
	    {"RateLimit: \"default\";r=x;t=1", NEVER},
	    {"RateLimit: \"a\";r=0, \"b\";r=0;t=1", NEVER},
	    {"RateLimit: \"default\"", NEVER},
	    {"RateLimit: many", NEVER},
	};
	EXPECT_ROWS("\"RateLimit\"", "503 Busy", rows);
}

static void a_limiters_own_answer_counts_in_any_case(void)
{
	static const struct row rows[] = {
	    {"RateLimit: \"default\";r=3;t=30", 30000},
	    {"RateLimit: \"burst\";r=0;t=5, \"day\";r=900;t=3600", 5000},
	    {"X-RateLimit-Remaining: 3\r\nX-RateLimit-Reset: 30", 30000},
	};
	EXPECT_ROWS("\"RateLimit\", \"X-RateLimit-Reset\"", "429 Too Many", rows);
}

static void what_limiters_say_in_every_response_is_not_taken_for_a_wait(void)
{
	static const struct row rows[] = {
	    {"X-RateLimit-Remaining: 4999\r\nX-RateLimit-Reset: 1700003600", 0},
	    {"X-RateLimit-Reset: 1700003600\r\nx-ratelimit-remaining: 1", 0},
	    {"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1700000001", 1000},
	    {"X-RateLimit-Remaining: many\r\nX-RateLimit-Reset: 1700000001", 1000},
	    {"RateLimit-Remaining: 9\r\nX-RateLimit-Reset: 1700000001", 1000},
	    {"X-RateLimit-Remaining: 9\r\nX-RateLimit-Reset: 60\r\nRetry-After: 1", 1000},
	};
	EXPECT_ROWS("\"X-RateLimit-Reset\"", "503 Busy", rows);
}

static void only_those_of_the_policy_count(void)
{
	accepted("retry = { after_headers = [\"A\"]; };\n"
		 "rules = ( { path = \"/x\"; after_headers = [\"B\"]; } );");
	runner_expect_long("of retry", 0, ask("503 Busy", "B: 1"));
	policy.retry.after_headers = policy.rules[0].retry.after_headers;
	runner_expect_long("of the rule", 1000, ask("503 Busy", "A: 7\r\nB: 1"));
}

static void headers_are_loaded_or_refused_with_what_would_be_right(void)
{
	accepted(
	    "retry = { after_headers = [\"a: ms\", \"A:ms\", \"a\"]; veto_headers = [\"b: C \", "
	    "\"B:c\", \"b\"]; };");
	runner_expect_long("after_count", 2, policy.after_count);
	runner_expect_text("name", "a", policy.after[0].name);
	runner_expect_long("unit", UNIT_MS, policy.after[0].unit);
	runner_expect_long("unit", UNIT_AUTO, policy.after[1].unit);
	runner_expect_long("after_headers", 3, policy.retry.after_headers);
	runner_expect_long("veto_count", 2, policy.veto_count);
	runner_expect_text("value", "C", policy.vetoes[0].value);
	runner_expect_text("value", "", policy.vetoes[1].value);
	refused("retry = { after_headers = [\"a:min\"]; };", 1,
		"retry.after_headers[0] must have a unit of s, ms, date or auto behind the colon, "
		"not \"min\"");
	refused("rules = ( { after_headers = [\"Retry-After:ms\"]; } );", 1,
		"rules[0].after_headers[0] need not name Retry-After, which counts in any case");
	refused("retry = { veto_headers = \"a\"; };", 1,
		"retry.veto_headers must be a list such as [\"x-should-retry: false\"], not \"a\"");
	refused("retry = { veto_headers = [\"a b: c\"]; };", 1,
		"retry.veto_headers[0] must be a header's name, or NAME: VALUE such as "
		"\"x-should-retry: false\", not \"a b: c\"");
	refused("retry = { veto_headers = [\"a:\"]; };", 1,
		"retry.veto_headers[0] must have a value behind the colon, or no colon: then any "
		"value will do");
}

static bool is_vetoed(const char *fields)
{
	char head[200];
	int len = snprintf(head, sizeof(head), "HTTP/1.1 503 Busy\r\n%s\r\n\r\nx-e: 1\r\n", fields);
	return retry_is_vetoed(head, (size_t)len, &policy, policy.retry.veto_headers);
}

static void a_veto_is_a_header_or_its_value(void)
{
	static const struct {
		const char *fields;
		bool vetoed;
	} rows[] = {
	    {"Server: x", false},
	    {"x-should-retry: false", true},
	    {"X-Should-Retry:FALSE ", true},
	    {"x-should-retry: true", false},
	    {"x-should-retry: fals", false},
	    {"x-should-retry: falsely", false},
	    {"x-should-retry: true\r\nx-should-retry: false", true},
	    {"x-should-retry:\r\nx-should-retry: false", true},
	    {"x-e:", true},
	    {"X-E: true", true},
	    {"x-e-f: true", false},
	};
	accepted("retry = { veto_headers = [\"x-should-retry: false\", \"x-e\"]; };");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		runner_expect_long(rows[i].fields, rows[i].vetoed, is_vetoed(rows[i].fields));
}

/* Whatever a server sends. */
static void any_byte_may_be_wrong(void)
{
	static const char fields[] = "RateLimit: \"a\";r=0;t=5, b;r=1;t=7\r\nA: 1700000003.5";
	accepted("retry = { after_headers = [\"RateLimit\", \"A\"]; };");
	for (size_t at = 0; at < sizeof(fields) - 1; at++) {
		for (int byte = 1; byte < 256; byte++) {
			char copy[sizeof(fields)];
			memcpy(copy, fields, sizeof(copy));
			copy[at] = (char)byte;
			ask("429 Busy", copy);
		}
	}
}

void suite_after(void)
{
	static const struct runner_test tests[] = {
	    TEST(the_longest_of_all_counts),
	    TEST(each_unit_reads_what_it_says),
	    TEST(lines_that_differ_are_no_leave_to_go_on),
	    TEST(a_line_without_a_value_hides_none),
	    TEST(limits_tell_of_the_one_that_is_exhausted),
	    TEST(a_limiters_own_answer_counts_in_any_case),
	    TEST(what_limiters_say_in_every_response_is_not_taken_for_a_wait),
	    TEST(only_those_of_the_policy_count),
	    TEST(headers_are_loaded_or_refused_with_what_would_be_right),
	    TEST(a_veto_is_a_header_or_its_value),
	    TEST(any_byte_may_be_wrong),
	    {NULL, NULL},
	};
	runner_suite("after", tests);
}
