/* SPDX-License-Identifier: MIT */
#include "load_keys.h"

#include <stdio.h>
#include <string.h>

#include "ranges.h"
#include "load_values.h"

static load_value load_group;
static load_value load_rules;

/* `retry` is in the policy and its keys are in a rule: one list, two places for the values. */
#define NUMBER(key, member, low, high, flag)                                                       \
	{                                                                                          \
		.name = key, .read = load_number, .offset = (member), .min = (low), .max = (high), \
		.bit = (flag)                                                                      \
	}

#define BACKOFF_KEYS(at)                                                                           \
	NUMBER("base_ms", (at) + offsetof(struct policy_backoff, base_ms), 0,                      \
	       LIMIT_BACKOFF_MS_MAX, POLICY_KEY_BACKOFF_BASE),                                     \
	    NUMBER("max_ms", (at) + offsetof(struct policy_backoff, max_ms), 0,                    \
		   LIMIT_BACKOFF_MS_MAX, POLICY_KEY_BACKOFF_MAX),                                  \
	    {.name = "multiplier",                                                                 \
	     .read = load_milli,                                                                   \
	     .offset = (at) + offsetof(struct policy_backoff, multiplier_milli),                   \
	     .min = LIMIT_MULTIPLIER_MILLI_MIN,                                                    \
	     .max = LIMIT_MULTIPLIER_MILLI_MAX,                                                    \
	     .bit = POLICY_KEY_BACKOFF_MULTIPLIER},                                                \
	    {.name = "jitter",                                                                     \
	     .read = load_one_word,                                                                \
	     .offset = (at) + offsetof(struct policy_backoff, jitter),                             \
	     .bit = POLICY_KEY_BACKOFF_JITTER,                                                     \
	     .words = load_jitter_words,                                                           \
	     .want = "\"full\", \"equal\" or \"none\""},                                           \
	{                                                                                          \
		.name = NULL                                                                       \
	}

#define RETRY_KEYS(at, backoff_keys)                                                               \
	{.name = "methods",                                                                        \
	 .read = load_methods,                                                                     \
	 .offset = (at) + offsetof(struct policy_retry, methods),                                  \
	 .bit = POLICY_KEY_METHODS},                                                               \
	    {.name = "on",                                                                         \
	     .read = load_words,                                                                   \
	     .offset = (at) + offsetof(struct policy_retry, on),                                   \
	     .bit = POLICY_KEY_ON,                                                                 \
	     .words = load_on_words,                                                               \
	     .want = "\"stale\", \"reset\", \"eof\", \"first-use\", \"connect\", "                 \
		     "\"connect-timeout\", \"response-timeout\", \"dns\" or \"tls-handshake\""},   \
	    {.name = "idempotency_key_headers",                                                    \
	     .read = load_headers,                                                                 \
	     .offset = (at) + offsetof(struct policy_retry, key_headers),                          \
	     .bit = POLICY_KEY_KEY_HEADERS},                                                       \
	    {.name = "single_use_auth",                                                            \
	     .read = load_auth_names,                                                              \
	     .offset = (at) + offsetof(struct policy_retry, single_use_auth),                      \
	     .bit = POLICY_KEY_SINGLE_USE_AUTH},                                                   \
	    {.name = "attempt_header",                                                             \
	     .read = load_header,                                                                  \
	     .offset = (at) + offsetof(struct policy_retry, attempt_header),                       \
	     .bit = POLICY_KEY_ATTEMPT_HEADER},                                                    \
	    {.name = "statuses",                                                                   \
	     .read = load_statuses,                                                                \
	     .offset = (at) + offsetof(struct policy_retry, statuses),                             \
	     .bit = POLICY_KEY_STATUSES},                                                          \
	    {.name = "after_headers",                                                              \
	     .read = load_after_headers,                                                           \
	     .offset = (at) + offsetof(struct policy_retry, after_headers),                        \
	     .bit = POLICY_KEY_AFTER_HEADERS},                                                     \
	    {.name = "veto_headers",                                                               \
	     .read = load_veto_headers,                                                            \
	     .offset = (at) + offsetof(struct policy_retry, veto_headers),                         \
	     .bit = POLICY_KEY_VETO_HEADERS},                                                      \
	    {.name = "keep_alive_hints",                                                           \
	     .read = load_bool,                                                                    \
	     .offset = (at) + offsetof(struct policy_retry, keep_alive_hints),                     \
	     .bit = POLICY_KEY_KEEP_ALIVE_HINTS},                                                  \
	    {.name = "add_request_id",                                                             \
	     .read = load_bool,                                                                    \
	     .offset = (at) + offsetof(struct policy_retry, add_request_id),                       \
	     .bit = POLICY_KEY_ADD_REQUEST_ID},                                                    \
	    {.name = "resume",                                                                     \
	     .read = load_bool,                                                                    \
	     .offset = (at) + offsetof(struct policy_retry, resume),                               \
	     .bit = POLICY_KEY_RESUME},                                                            \
	    NUMBER("response_timeout_ms",                                                          \
		   (at) + offsetof(struct policy_retry, response_timeout_ms), 0,                   \
		   LIMIT_RESPONSE_TIMEOUT_MAX, POLICY_KEY_RESPONSE_TIMEOUT),                       \
	    NUMBER("unacked_timeout_ms", (at) + offsetof(struct policy_retry, unacked_timeout_ms), \
		   0, LIMIT_UNACKED_TIMEOUT_MAX, POLICY_KEY_UNACKED_TIMEOUT),                      \
	    NUMBER("late_ms", (at) + offsetof(struct policy_retry, late_ms), 0, LIMIT_LATE_MAX,    \
		   POLICY_KEY_LATE),                                                               \
	    NUMBER("retry_after_max_ms", (at) + offsetof(struct policy_retry, retry_after_max_ms), \
		   0, LIMIT_RETRY_AFTER_MAX, POLICY_KEY_RETRY_AFTER_MAX),                          \
	    NUMBER("max_idle_ms", (at) + offsetof(struct policy_retry, max_idle_ms), 0,            \
		   LIMIT_MAX_IDLE_MAX, POLICY_KEY_MAX_IDLE),                                       \
	    NUMBER("max_requests", (at) + offsetof(struct policy_retry, max_requests), 0,          \
		   LIMIT_MAX_REQUESTS_MAX, POLICY_KEY_MAX_REQUESTS),                               \
	    NUMBER("address_max_age_ms", (at) + offsetof(struct policy_retry, address_max_age_ms), \
		   0, LIMIT_ADDRESS_MAX_AGE_MAX, POLICY_KEY_ADDRESS_MAX_AGE),                      \
	    NUMBER("max_attempts", (at) + offsetof(struct policy_retry, max_attempts),             \
		   LIMIT_ATTEMPTS_MIN, LIMIT_ATTEMPTS_MAX, POLICY_KEY_MAX_ATTEMPTS),               \
	    NUMBER("total_timeout_ms", (at) + offsetof(struct policy_retry, total_timeout_ms),     \
		   LIMIT_TOTAL_TIMEOUT_MIN, LIMIT_TOTAL_TIMEOUT_MAX, POLICY_KEY_TOTAL_TIMEOUT),    \
	    NUMBER("connect_timeout_ms", (at) + offsetof(struct policy_retry, connect_timeout_ms), \
		   LIMIT_CONNECT_TIMEOUT_MIN, LIMIT_CONNECT_TIMEOUT_MAX,                           \
		   POLICY_KEY_CONNECT_TIMEOUT),                                                    \
	    NUMBER("max_request_bytes", (at) + offsetof(struct policy_retry, max_request_bytes),   \
		   0, LIMIT_REQUEST_BYTES_MAX, POLICY_KEY_MAX_REQUEST),                            \
	{                                                                                          \
		.name = "backoff", .read = load_group, .keys = (backoff_keys)                      \
	}

#define POLICY_RETRY offsetof(struct policy, retry)
#define RULE_RETRY   offsetof(struct policy_rule, retry)
#define BACKOFF	     offsetof(struct policy_retry, backoff)

static const struct load_key policy_backoff_keys[] = {BACKOFF_KEYS(POLICY_RETRY + BACKOFF)};
static const struct load_key rule_backoff_keys[] = {BACKOFF_KEYS(RULE_RETRY + BACKOFF)};

static const struct load_key retry_keys[] = {RETRY_KEYS(POLICY_RETRY, policy_backoff_keys),
					     {.name = NULL}};

static const struct load_key rule_keys[] = {
    {.name = "host", .read = load_host, .offset = offsetof(struct policy_rule, host)},
    {.name = "path", .read = load_path, .offset = offsetof(struct policy_rule, path)},
    NUMBER("port", offsetof(struct policy_rule, port), 1, LIMIT_PORT_MAX, 0),
    RETRY_KEYS(RULE_RETRY, rule_backoff_keys),
    {.name = NULL}};

#define MILLI(key, member, low, high)                                                              \
	{                                                                                          \
		.name = key, .read = load_milli, .offset = (member), .min = (low), .max = (high)   \
	}

static const struct load_key keep_alive_keys[] = {
    NUMBER("idle_s", offsetof(struct policy, tcp.keep_alive.idle_s), 0, LIMIT_KEEP_ALIVE_IDLE_MAX,
	   0),
    NUMBER("interval_s", offsetof(struct policy, tcp.keep_alive.interval_s), 0,
	   LIMIT_KEEP_ALIVE_INTERVAL_MAX, 0),
    NUMBER("count", offsetof(struct policy, tcp.keep_alive.count), 0, LIMIT_KEEP_ALIVE_COUNT_MAX,
	   0),
    {.name = NULL}};

static const struct load_key tcp_keys[] = {
    {.name = "keep_alive", .read = load_group, .keys = keep_alive_keys}, {.name = NULL}};

static const struct load_key budget_keys[] = {
    {.name = "enabled", .read = load_bool, .offset = offsetof(struct policy, budget.enabled)},
    MILLI("ratio", offsetof(struct policy, budget.ratio_milli), 0, LIMIT_RATIO_MILLI_MAX),
    NUMBER("min_per_second", offsetof(struct policy, budget.min_per_second), 0,
	   LIMIT_PER_SECOND_MAX, 0),
    NUMBER("window_ms", offsetof(struct policy, budget.window_ms), LIMIT_WINDOW_MIN,
	   LIMIT_WINDOW_MAX, 0),
    {.name = NULL}};

static const struct load_key breaker_keys[] = {
    {.name = "enabled", .read = load_bool, .offset = offsetof(struct policy, breaker.enabled)},
    MILLI("failure_ratio", offsetof(struct policy, breaker.failure_ratio_milli),
	  LIMIT_FAILURE_RATIO_MILLI_MIN, LIMIT_RATIO_MILLI_MAX),
    NUMBER("min_attempts", offsetof(struct policy, breaker.min_attempts), LIMIT_MIN_ATTEMPTS_MIN,
	   LIMIT_MIN_ATTEMPTS_MAX, 0),
    NUMBER("window_ms", offsetof(struct policy, breaker.window_ms), LIMIT_WINDOW_MIN,
	   LIMIT_WINDOW_MAX, 0),
    NUMBER("open_ms", offsetof(struct policy, breaker.open_ms), LIMIT_OPEN_MIN, LIMIT_OPEN_MAX, 0),
    {.name = "reject", .read = load_bool, .offset = offsetof(struct policy, breaker.reject)},
    {.name = NULL}};

static const struct load_key log_keys[] = {
    {.name = "sink", .read = load_sink, .offset = offsetof(struct policy, log)},
    {.name = "format",
     .read = load_one_word,
     .offset = offsetof(struct policy, log.format),
     .words = load_format_words,
     .want = "\"rfc3164\" or \"rfc5424\""},
    {.name = "facility",
     .read = load_one_word,
     .offset = offsetof(struct policy, log.facility),
     .words = load_facility_words,
     .want = "a syslog facility such as \"user\", \"daemon\" or \"local0\" to \"local7\""},
    {.name = "request_id_headers", .read = load_id_headers, .offset = offsetof(struct policy, log)},
    {.name = "redact_paths", .read = load_redact_paths},
    {.name = NULL}};

static const struct load_key stat_keys[] = {
    {.name = "dir", .read = load_dir, .offset = offsetof(struct policy, stat_dir)}, {.name = NULL}};

static const struct load_key policy_keys[] = {
    {.name = "enabled", .read = load_bool, .offset = offsetof(struct policy, enabled)},
    {.name = "tls",
     .read = load_words,
     .offset = offsetof(struct policy, tls),
     .words = load_tls_words,
     .want = "\"openssl\" or \"gnutls\""},
    {.name = "retry", .read = load_group, .keys = retry_keys},
    {.name = "tcp", .read = load_group, .keys = tcp_keys},
    {.name = "budget", .read = load_group, .keys = budget_keys},
    {.name = "breaker", .read = load_group, .keys = breaker_keys},
    {.name = "log", .read = load_group, .keys = log_keys},
    {.name = "stat", .read = load_group, .keys = stat_keys},
    {.name = "rules", .read = load_rules},
    {.name = NULL}};

/* Levenshtein's distance, cut off at what is no longer close. */
static unsigned distance(const char *a, const char *b)
{
	size_t width = strlen(b);
	unsigned row[32];

	if (width >= sizeof(row) / sizeof(row[0]))
		return 99;
	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (; *a; a++) {
		unsigned diagonal = row[0]++;

		for (size_t j = 1; j <= width; j++) {
			unsigned best = diagonal + (*a != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[width];
}

static int unknown_key(struct load_reading *reading, const config_setting_t *setting,
		       const struct load_key *keys)
{
	const char *nearest = NULL;
	unsigned least = 3;
	char known[512] = "";
	size_t len = 0;

	for (; keys->name; keys++) {
		unsigned apart = distance(setting->name, keys->name);

		if (apart < least) {
			least = apart;
			nearest = keys->name;
		}
		if (len < sizeof(known))
			len += snprintf(known + len, sizeof(known) - len, "%s%s", len ? ", " : "",
					keys->name);
	}
	if (nearest)
		return load_fail(reading, setting, "is not a known key, did you mean %s?", nearest);
	return load_fail(reading, setting, "is not a known key; known are %s", known);
}

static int load_members(struct load_reading *reading, const config_setting_t *group,
			const struct load_key *keys)
{
	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, i);
		const struct load_key *key = keys;

		while (key->name && strcmp(key->name, setting->name) != 0)
			key++;
		if (!key->name)
			return unknown_key(reading, setting, keys);
		if (key->read(reading, setting, key))
			return -1;
		reading->set |= key->bit;
	}
	return 0;
}

static int load_group(struct load_reading *reading, const config_setting_t *setting,
		      const struct load_key *key)
{
	if (!config_setting_is_group(setting))
		return load_want(reading, setting, "a group, { ... }");
	return load_members(reading, setting, key->keys);
}

static int load_rule(struct load_reading *reading, const config_setting_t *setting,
		     struct policy_rule *rule)
{
	struct load_reading inside = {
	    .error = reading->error, .policy = reading->policy, .base = rule};

	if (!config_setting_is_group(setting))
		return load_want(reading, setting, "a group, { ... }");
	rule->line = config_setting_source_line(setting);
	if (load_members(&inside, setting, rule_keys) || load_rule_methods(&inside, setting, rule))
		return -1;
	rule->set = inside.set;
	return 0;
}

static int load_rules(struct load_reading *reading, const config_setting_t *setting,
		      const struct load_key *key)
{
	struct policy *policy = reading->base;
	int count = config_setting_length(setting);

	(void)key;
	if (!config_setting_is_list(setting))
		return load_want(reading, setting, "a list of groups, ( { ... }, { ... } )");
	if (count > POLICY_RULES_MAX)
		return load_fail(reading, setting, "has %d rules, at most %d are possible", count,
				 POLICY_RULES_MAX);
	for (int i = 0; i < count; i++)
		if (load_rule(reading, config_setting_get_elem(setting, i), &policy->rules[i]))
			return -1;
	policy->rule_count = count;
	return 0;
}

static int check_backoff(struct load_reading *reading, const config_setting_t *setting,
			 uint32_t base_ms, uint32_t max_ms)
{
	if (base_ms <= max_ms)
		return 0;
	return load_fail(reading, setting, "has a backoff.base_ms of %u, above its max_ms of %u",
			 base_ms, max_ms);
}

/* Once all is read: a rule may come before the `retry` that it builds on. */
static int check_backoffs(struct load_reading *reading, const config_setting_t *root)
{
	const struct policy *policy = reading->base;
	const struct policy_backoff *backoff = &policy->retry.backoff;
	const config_setting_t *retry = config_setting_get_member(root, "retry");
	const config_setting_t *rules = config_setting_get_member(root, "rules");

	if (retry && check_backoff(reading, retry, backoff->base_ms, backoff->max_ms))
		return -1;
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		const struct policy_backoff *own = &rule->retry.backoff;

		if (check_backoff(
			reading, config_setting_get_elem(rules, i),
			rule->set & POLICY_KEY_BACKOFF_BASE ? own->base_ms : backoff->base_ms,
			rule->set & POLICY_KEY_BACKOFF_MAX ? own->max_ms : backoff->max_ms))
			return -1;
	}
	return 0;
}

/* The same goes for header names: what is a key here may be an attempt_header there. */
static int check_names(struct load_reading *reading, const config_setting_t *group,
		       uint32_t attempt_header)
{
	if (policy_may_add(reading->policy, attempt_header))
		return 0;
	return load_fail(reading, config_setting_get_member(group, "attempt_header"),
			 "must not be %s: that is an idempotency key's header, the copy would "
			 "carry another key",
			 reading->policy->names[attempt_header - 1]);
}

static int check_all_names(struct load_reading *reading, const config_setting_t *root)
{
	const struct policy *policy = reading->base;
	const config_setting_t *rules = config_setting_get_member(root, "rules");

	if (check_names(reading, config_setting_get_member(root, "retry"),
			policy->retry.attempt_header))
		return -1;
	for (uint32_t i = 0; i < policy->rule_count; i++)
		if (check_names(reading, config_setting_get_elem(rules, i),
				policy->rules[i].retry.attempt_header))
			return -1;
	return 0;
}

int load_keys(const config_setting_t *root, struct policy *policy, struct load_error *error)
{
	struct load_reading reading = {.error = error, .policy = policy, .base = policy};

	if (load_members(&reading, root, policy_keys) || check_backoffs(&reading, root))
		return -1;
	return check_all_names(&reading, root);
}
