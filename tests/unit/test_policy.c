/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>
#include <sys/syslog.h>

#include "policy.h"

#define GET_HEAD (UINT32_C(1) << METHOD_GET | UINT32_C(1) << METHOD_HEAD)

static void the_defaults_are_those_of_the_design(void)
{
	struct policy p;

	memset(&p, 0xff, sizeof(p));
	policy_defaults(&p);
	runner_expect_long("enabled", 1, p.enabled);
	runner_expect_long("rules", 0, p.rule_count);
	runner_expect_long("methods", GET_HEAD, p.retry.methods);
	runner_expect_long("on", POLICY_ON_STALE | POLICY_ON_RESET | POLICY_ON_EOF, p.retry.on);
	runner_expect_long("max_attempts", 3, p.retry.max_attempts);
	runner_expect_long("total_timeout_ms", 5000, p.retry.total_timeout_ms);
	runner_expect_long("connect_timeout_ms", 1000, p.retry.connect_timeout_ms);
	runner_expect_long("max_request_bytes", 65536, p.retry.max_request_bytes);
	runner_expect_long("key_headers", 0, p.retry.key_headers);
	runner_expect_long("attempt_header", 0, p.retry.attempt_header);
	for (unsigned status = 0; status < 1000; status++)
		runner_expect_long("status", 0, policy_has_status(p.retry.statuses, status));
	runner_expect_long("response_timeout_ms", 0, p.retry.response_timeout_ms);
	runner_expect_long("unacked_timeout_ms", 0, p.retry.unacked_timeout_ms);
	runner_expect_long("retry_after_max_ms", 2000, p.retry.retry_after_max_ms);
	runner_expect_long("max_idle_ms", 0, p.retry.max_idle_ms);
	runner_expect_text("stat.dir", "", p.stat_dir);
	runner_expect_long("max_requests", 0, p.retry.max_requests);
	runner_expect_long("keep_alive", 0, p.tcp.keep_alive.idle_s);
	runner_expect_long("address_max_age_ms", 0, p.retry.address_max_age_ms);
	runner_expect_long("late_ms", 2000, p.retry.late_ms);
	runner_expect_long("single_use_auth", 3, p.retry.single_use_auth);
	runner_expect_text("a scheme", "OAuth", p.auth_names[0]);
	runner_expect_text("another", "DPoP", p.auth_names[1]);
	runner_expect_long("keep_alive_hints", 0, p.retry.keep_alive_hints);
	runner_expect_long("resume", 0, p.retry.resume);
	runner_expect_long("add_request_id", 0, p.retry.add_request_id);
	runner_expect_long("budget", 1, p.budget.enabled);
	runner_expect_long("ratio", 200, p.budget.ratio_milli);
	runner_expect_long("min_per_second", 10, p.budget.min_per_second);
	runner_expect_long("budget.window_ms", 10000, p.budget.window_ms);
	runner_expect_long("breaker", 1, p.breaker.enabled);
	runner_expect_long("failure_ratio", 500, p.breaker.failure_ratio_milli);
	runner_expect_long("min_attempts", 20, p.breaker.min_attempts);
	runner_expect_long("breaker.window_ms", 10000, p.breaker.window_ms);
	runner_expect_long("open_ms", 5000, p.breaker.open_ms);
	runner_expect_long("reject", 0, p.breaker.reject);
	runner_expect_long("tls", POLICY_TLS_ALL, p.tls);
	runner_expect_long("uses", POLICY_USES_TLS, p.uses);
	runner_expect_long("names", 0, p.name_count);
	runner_expect_long("base_ms", 25, p.retry.backoff.base_ms);
	runner_expect_long("max_ms", 1000, p.retry.backoff.max_ms);
	runner_expect_long("multiplier", 2000, p.retry.backoff.multiplier_milli);
	runner_expect_long("jitter", JITTER_FULL, p.retry.backoff.jitter);
	runner_expect_long("sink", SINK_SYSLOG, p.log.sink);
	runner_expect_long("format", FORMAT_RFC3164, p.log.format);
	runner_expect_long("facility", LOG_USER, p.log.facility);
	runner_expect_long("id headers", 2, p.log.id_header_count);
	runner_expect_text("id header 0", "X-Request-Id", p.log.id_headers[0]);
	runner_expect_text("id header 1", "X-Correlation-Id", p.log.id_headers[1]);
	runner_expect_long("hold_max_bytes", 65536, p.hold_max_bytes);
	runner_expect_long("hold_always_bytes", 65536, p.hold_always_bytes);
	runner_expect_long("methods_always", GET_HEAD, p.methods_always);
}

static void the_largest_request_of_any_rule_is_held(void)
{
	struct policy p;

	policy_defaults(&p);
	p.rule_count = 2;
	p.rules[0].set = POLICY_KEY_MAX_REQUEST;
	p.rules[0].retry.max_request_bytes = 100000;
	p.rules[1].retry.max_request_bytes = 200000; /* not set */
	policy_finish(&p);
	runner_expect_long("larger in a rule", 100000, p.hold_max_bytes);
	runner_expect_long("nowhere less", 65536, p.hold_always_bytes);
	p.rules[0].retry.max_request_bytes = 10;
	policy_finish(&p);
	runner_expect_long("smaller in a rule", 65536, p.hold_max_bytes);
	runner_expect_long("there less", 10, p.hold_always_bytes);
}

static void a_method_is_always_resent_only_if_every_rule_resends_it(void)
{
	static const struct {
		const char *what;
		uint32_t set;
		struct policy_retry retry;
		uint32_t always;
	} rows[] = {
	    {"rule without settings", 0, {0}, GET_HEAD},
	    {"rule with GET and PUT",
	     POLICY_KEY_METHODS,
	     {.methods = UINT32_C(1) << METHOD_GET | UINT32_C(1) << METHOD_PUT},
	     UINT32_C(1) << METHOD_GET},
	    {"rule without reset", POLICY_KEY_ON, {.on = POLICY_ON_STALE | POLICY_ON_EOF}, 0},
	    {"rule without eof", POLICY_KEY_ON, {.on = POLICY_ON_STALE | POLICY_ON_RESET}, 0},
	    {"rule without stale",
	     POLICY_KEY_ON,
	     {.on = POLICY_ON_RESET | POLICY_ON_EOF},
	     GET_HEAD},
	    {"rule with one attempt", POLICY_KEY_MAX_ATTEMPTS, {.max_attempts = 1}, 0},
	};
	struct policy p;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		policy_defaults(&p);
		p.rule_count = 1;
		p.rules[0].set = rows[i].set;
		p.rules[0].retry = rows[i].retry;
		policy_finish(&p);
		runner_expect_long(rows[i].what, rows[i].always, p.methods_always);
	}
	policy_defaults(&p);
	p.retry.on &= ~POLICY_ON_RESET;
	policy_finish(&p);
	runner_expect_long("retry without reset", 0, p.methods_always);
}

static void a_sink_is_syslog_none_or_an_absolute_file(void)
{
	struct policy_log log = {.sink = SINK_SYSLOG};

	runner_expect_long("none", 0, policy_parse_sink(&log, "none"));
	runner_expect_long("none", SINK_NONE, log.sink);
	runner_expect_long("file", 0, policy_parse_sink(&log, "file:/var/log/x"));
	runner_expect_long("file", SINK_FILE, log.sink);
	runner_expect_text("path", "/var/log/x", log.path);
	runner_expect_long("syslog", 0, policy_parse_sink(&log, "syslog"));
	runner_expect_long("syslog", SINK_SYSLOG, log.sink);
	runner_expect_text("no path", "", log.path);
}

static void any_other_sink_is_refused_and_changes_nothing(void)
{
	static const char *const bad[] = {"",	    "SYSLOG", "syslogd", "file",  "file:", "file:/",
					  "file:x", "/x",     "nones",	 " none", "stderr"};
	struct policy_log log = {.sink = SINK_FILE, .path = "/kept"};
	char text[POLICY_SINK_MAX + 16] = "file:/";

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		runner_expect_long(bad[i], -1, policy_parse_sink(&log, bad[i]));
	memset(text + 6, 'x', POLICY_SINK_MAX - 2);
	runner_expect_long("longest path", 0, policy_parse_sink(&log, text));
	runner_expect_long("its length", POLICY_SINK_MAX - 1, (long)strlen(log.path));
	strcpy(log.path, "/kept");
	text[strlen(text)] = 'x';
	runner_expect_long("one byte more", -1, policy_parse_sink(&log, text));
	runner_expect_text("path", "/kept", log.path);
	runner_expect_long("sink", SINK_FILE, log.sink);
}

void suite_policy(void)
{
	static const struct runner_test tests[] = {
	    TEST(the_defaults_are_those_of_the_design),
	    TEST(the_largest_request_of_any_rule_is_held),
	    TEST(a_method_is_always_resent_only_if_every_rule_resends_it),
	    TEST(a_sink_is_syslog_none_or_an_absolute_file),
	    TEST(any_other_sink_is_refused_and_changes_nothing),
	    TEST_END};

	runner_suite("policy", tests);
}
