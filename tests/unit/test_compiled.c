/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"

#define POST method_bit(METHOD_POST)

static struct compiled file;

static void fill(void)
{
	struct policy policy;

	policy_defaults(&policy);
	policy.rule_count = 1;
	strcpy(policy.rules[0].host, "*.internal");
	policy.rules[0].set = POLICY_KEY_MAX_ATTEMPTS;
	policy.rules[0].retry.max_attempts = 2;
	policy.name_count = 2;
	strcpy(policy.names[0], "Idempotency-Key");
	strcpy(policy.names[1], "X-Attempt");
	policy.retry.key_headers = 1;
	policy.rules[0].retry.attempt_header = 2;
	policy_add_status(policy.retry.statuses, 503);
	policy_finish(&policy);
	compiled_make(&file, &policy);
}

static void expect_refused(const char *what, size_t len, const char *reason)
{
	const char *why = "(accepted)";

	CU_ASSERT_PTR_NULL(compiled_open(&file, len, &why));
	expect_contains(what, reason, why);
}

static void what_was_compiled_is_read_back_byte_for_byte(void)
{
	const char *why = "(none)";
	const struct policy *found;
	struct policy before;

	fill();
	before = file.policy;
	found = compiled_open(&file, file.size, &why);
	runner_expect_text("no reason against it", "(none)", why);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	struct policy copy;
	compiled_copy(&copy, found);
	runner_expect_long("difference", 0, memcmp(&copy, &before, sizeof(before)));
}

static void text_is_told_from_a_compiled_policy(void)
{
	char text[] = "enabled = true;";

	fill();
	runner_expect_long("compiled", 1, compiled_is(&file, file.size));
	runner_expect_long("its first bytes alone", 1, compiled_is(&file, 8));
	runner_expect_long("too few of them", 0, compiled_is(&file, 7));
	runner_expect_long("text", 0, compiled_is(text, sizeof(text)));
	memcpy(&file, text, sizeof(text));
	expect_refused("text", file.size, "not a compiled policy");
	expect_refused("nothing", 0, "not a compiled policy");
}

static void a_truncated_one_is_refused_at_any_length(void)
{
	fill();
	for (size_t len = 8; len < file.size; len += 7)
		expect_refused("truncated", len, "truncated");
	expect_refused("without its last byte", file.size - 1, "truncated");
}

static void one_of_another_version_is_refused(void)
{
	fill();
	file.version++;
	expect_refused("version", file.size, "another version");
	fill();
	file.size -= 4;
	expect_refused("size", file.size + 4, "another version");
}

static void a_change_of_any_byte_is_found(void)
{
	unsigned char *bytes = (unsigned char *)&file;
	const char *why;
	unsigned missed = 0;

	fill();
	for (size_t i = 0, size = file.size; i < size; i++) {
		bytes[i] ^= 0x40;
		missed += compiled_open(&file, size, &why) != NULL;
		bytes[i] ^= 0x40;
	}
	runner_expect_long("changes missed", 0, missed);
	file.policy.retry.max_attempts++;
	expect_refused("changed", file.size, "corrupted");
}

static void bytes_after_its_end_are_refused(void)
{
	fill();
	expect_refused("longer", file.size + 1, "corrupted");
}

/* Somebody's compiler may be wrong, or hostile: the checksum is right, the values are not. */
static void values_that_would_misbehave_are_refused(void)
{
	struct policy bad;

	fill();
#define REFUSED(change)                                                                            \
	do {                                                                                       \
		fill();                                                                            \
		bad = file.policy;                                                                 \
		change;                                                                            \
		compiled_make(&file, &bad);                                                        \
		expect_refused(#change, file.size, "corrupted");                                   \
	} while (0)
	REFUSED(bad.rule_count = POLICY_RULES_MAX + 1);
	REFUSED(bad.rule_count = UINT32_MAX);
	REFUSED(bad.enabled = 2);
	REFUSED(bad.tls = 1u << 8);
	REFUSED(bad.hold_max_bytes = 1048577);
	REFUSED(bad.methods_always |= method_bit(METHOD_POST));
	REFUSED(bad.retry.methods |= method_bit(METHOD_POST));
	REFUSED(bad.retry.methods |= method_bit(METHOD_OTHER));
	REFUSED(bad.retry.on = 1u << 9);
	REFUSED(bad.retry.max_attempts = 0);
	REFUSED(bad.retry.max_attempts = 11);
	REFUSED(bad.retry.total_timeout_ms = 0);
	REFUSED(bad.retry.total_timeout_ms = 600001);
	REFUSED(bad.retry.connect_timeout_ms = 0);
	REFUSED(bad.retry.connect_timeout_ms = 60001);
	REFUSED(bad.retry.max_request_bytes = 1048577);
	REFUSED(bad.retry.backoff.base_ms = 60001);
	REFUSED(bad.retry.backoff.max_ms = 60001);
	REFUSED(bad.retry.backoff.multiplier_milli = 999);
	REFUSED(bad.retry.backoff.multiplier_milli = 10001);
	REFUSED(bad.retry.backoff.jitter = JITTER_NONE + 1);
	REFUSED(bad.log.sink = SINK_NONE + 1);
	REFUSED(bad.log.format = FORMAT_RFC5424 + 1);
	REFUSED(bad.log.sink = SINK_FILE);
	REFUSED(bad.log.id_header_count = POLICY_ID_HEADERS_MAX + 1);
	REFUSED(memset(bad.log.path, '/', sizeof(bad.log.path)));
	REFUSED(memset(bad.log.id_headers[1], 'x', sizeof(bad.log.id_headers[1])));
	REFUSED(memset(bad.rules[0].host, 'x', sizeof(bad.rules[0].host)));
	REFUSED(memset(bad.rules[0].path, 'x', sizeof(bad.rules[0].path)));
	REFUSED(bad.redact_count = POLICY_REDACT_MAX + 1);
	REFUSED(memset(bad.redact_paths[7], '*', sizeof(bad.redact_paths[7])));
	REFUSED(bad.name_count = POLICY_NAMES_MAX + 1);
	REFUSED(bad.auth_count = POLICY_AUTH_MAX + 1);
	REFUSED(memset(bad.auth_names[7], 'x', sizeof(bad.auth_names[7])));
	REFUSED(strcpy(bad.auth_names[1], "X:"));
	REFUSED(bad.hold_always_bytes = bad.hold_max_bytes + 1);
	REFUSED(bad.name_count = 1);
	REFUSED(bad.retry.key_headers = 1u << 2);
	REFUSED(bad.retry.key_headers = 1u << 31);
	REFUSED(bad.retry.key_headers = 2); /* the rule's attempt_header */
	REFUSED(bad.retry.attempt_header = 3);
	REFUSED(bad.retry.attempt_header = 1);
	REFUSED(bad.rules[0].retry.key_headers = 1u << 2);
	REFUSED(bad.rules[0].retry.attempt_header = UINT32_MAX);
	REFUSED(memset(bad.names[1], 'x', sizeof(bad.names[1])));
	REFUSED(memset(bad.names[7], 'x', sizeof(bad.names[7])));
	REFUSED(strcpy(bad.names[1], "X:"));
	REFUSED(strcpy(bad.names[1], "X\r\nY"));
	REFUSED(bad.names[1][0] = '\0');
	REFUSED(policy_add_status(bad.retry.statuses, 400));
	REFUSED(policy_add_status(bad.retry.statuses, 401));
	REFUSED(policy_add_status(bad.retry.statuses, 403));
	REFUSED(policy_add_status(bad.retry.statuses, 404));
	REFUSED(policy_add_status(bad.rules[0].retry.statuses, 422));
	REFUSED(bad.retry.response_timeout_ms = 600001);
	REFUSED(bad.retry.unacked_timeout_ms = 600001);
	REFUSED(bad.retry.retry_after_max_ms = 600001);
	REFUSED(bad.retry.max_idle_ms = 3600001);
	REFUSED(bad.retry.after_headers = 1);
	REFUSED(bad.rules[0].retry.veto_headers = 1u << 31);
	REFUSED(bad.after_count = POLICY_AFTER_MAX + 1);
	REFUSED(bad.veto_count = POLICY_VETO_MAX + 1);
	REFUSED(bad.after_count = 1);
	REFUSED(bad.veto_count = 1);
	REFUSED(bad.after[11].unit = UNIT_COUNT);
	REFUSED(memset(bad.after[0].name, 'x', sizeof(bad.after[0].name)));
	REFUSED(memset(bad.vetoes[7].value, 'x', sizeof(bad.vetoes[7].value)));
	REFUSED(bad.retry.max_requests = 65536);
	REFUSED(bad.retry.address_max_age_ms = 86400001);
	REFUSED(bad.retry.late_ms = 3600001);
	REFUSED(bad.retry.single_use_auth = 4);
	REFUSED(bad.retry.keep_alive_hints = 2);
	REFUSED(bad.retry.resume = 2);
	REFUSED(bad.retry.add_request_id = 2);
	REFUSED(bad.tcp.keep_alive.idle_s = 32768);
	REFUSED(bad.tcp.keep_alive.interval_s = 32768);
	REFUSED(bad.tcp.keep_alive.count = 128);
	REFUSED((strcpy(bad.stat_dir, "a")));
	REFUSED(memset(bad.stat_dir, '/', sizeof(bad.stat_dir)));
	REFUSED(bad.budget.enabled = 2);
	REFUSED(bad.budget.ratio_milli = 1001);
	REFUSED(bad.budget.min_per_second = 10001);
	REFUSED(bad.budget.window_ms = 999);
	REFUSED(bad.budget.window_ms = 600001);
	REFUSED(bad.breaker.enabled = 2);
	REFUSED(bad.breaker.failure_ratio_milli = 9);
	REFUSED(bad.breaker.failure_ratio_milli = 1001);
	REFUSED(bad.breaker.min_attempts = 0);
	REFUSED(bad.breaker.min_attempts = 100001);
	REFUSED(bad.breaker.window_ms = 999);
	REFUSED(bad.breaker.window_ms = 600001);
	REFUSED(bad.breaker.open_ms = 99);
	REFUSED(bad.breaker.open_ms = 600001);
	REFUSED(bad.breaker.reject = 2);
	REFUSED(bad.rules[0].port = 65536);
	REFUSED(bad.rules[0].retry.methods = method_bit(METHOD_PATCH));
	REFUSED((strcpy(bad.rules[0].path, "/*"), bad.rules[0].retry.methods = POST));
	REFUSED((strcpy(bad.rules[0].path, "/a"), bad.rules[0].retry.methods = ~0u));
	REFUSED(bad.rules[0].retry.max_attempts = 11);
#undef REFUSED
}

static void a_rule_for_a_path_may_hold_post(void)
{
	const char *why = "(none)";
	struct policy policy;

	fill();
	policy = file.policy;
	strcpy(policy.rules[0].path, "/graphql");
	policy.rules[0].retry.methods = POST;
	compiled_make(&file, &policy);
	CU_ASSERT_PTR_NOT_NULL(compiled_open(&file, file.size, &why));
	runner_expect_text("no reason against it", "(none)", why);
}

void suite_compiled(void)
{
	static const struct runner_test tests[] = {
	    TEST(what_was_compiled_is_read_back_byte_for_byte),
	    TEST(text_is_told_from_a_compiled_policy),
	    TEST(a_truncated_one_is_refused_at_any_length),
	    TEST(one_of_another_version_is_refused),
	    TEST(a_change_of_any_byte_is_found),
	    TEST(bytes_after_its_end_are_refused),
	    TEST(values_that_would_misbehave_are_refused),
	    TEST(a_rule_for_a_path_may_hold_post),
	    TEST_END};

	runner_suite("compiled", tests);
}
