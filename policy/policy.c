/* SPDX-License-Identifier: MIT */
#include "policy.h"

#include <string.h>

#include "match.h"

/* LOG_USER; <sys/syslog.h> is not for the freestanding half of us. */
#define FACILITY_USER (1u << 3)

#define SAFE_METHODS (UINT32_C(1) << METHOD_GET | UINT32_C(1) << METHOD_HEAD)

const struct policy policy_builtin = {
	.enabled = 1,
	.tls = POLICY_TLS_ALL,
	.uses = POLICY_USES_TLS,
	.hold_max_bytes = 65536,
	.hold_always_bytes = 65536,
	.methods_always = SAFE_METHODS,
	.retry.methods = SAFE_METHODS,
	.retry.on = POLICY_ON_STALE | POLICY_ON_RESET | POLICY_ON_EOF,
	.retry.max_attempts = 3,
	.retry.total_timeout_ms = 5000,
	.retry.connect_timeout_ms = 1000,
	.retry.late_ms = 2000,
	.retry.retry_after_max_ms = 2000,
	.retry.single_use_auth = 1 << 0 | 1 << 1,
	.retry.max_request_bytes = 65536,
	.retry.backoff.base_ms = 25,
	.retry.backoff.max_ms = 1000,
	.retry.backoff.multiplier_milli = 2000,
	.retry.backoff.jitter = JITTER_FULL,
	.budget = {.enabled = 1, .ratio_milli = 200, .min_per_second = 10, .window_ms = 10000},
	.breaker = {.enabled = 1,
		    .failure_ratio_milli = 500,
		    .min_attempts = 20,
		    .window_ms = 10000,
		    .open_ms = 5000},
	.log.sink = SINK_SYSLOG,
	.log.facility = FACILITY_USER,
	.log.id_header_count = 2,
	.log.id_headers = {"X-Request-Id", "X-Correlation-Id"},
	.auth_count = 2,
	.auth_names = {"OAuth", "DPoP"},
};

void policy_defaults(struct policy *policy)
{
	memcpy(policy, &policy_builtin, sizeof(*policy));
}

static uint32_t methods_after_loss(uint32_t methods, uint32_t on, uint32_t max_attempts)
{
	const uint32_t loss = POLICY_ON_RESET | POLICY_ON_EOF;

	return (on & loss) == loss && max_attempts > 1 ? methods : 0;
}

static uint32_t uses_of(const struct policy_retry *retry)
{
	const uint32_t connects = POLICY_ON_CONNECT | POLICY_ON_CONNECT_TIMEOUT;
	uint32_t statuses = 0;

	for (unsigned i = 0; i < POLICY_STATUS_WORDS; i++)
		statuses |= retry->statuses[i];
	return (statuses ? POLICY_USES_STATUSES : 0) |
	       (retry->max_idle_ms || retry->keep_alive_hints || retry->max_requests
		    ? POLICY_USES_IDLE
		    : 0) |
	       (retry->response_timeout_ms && retry->on & POLICY_ON_RESPONSE_TIMEOUT
		    ? POLICY_USES_RESPONSE_TIMEOUT
		    : 0) |
	       (retry->add_request_id ? POLICY_USES_REQUEST_ID : 0) |
	       (retry->resume ? POLICY_USES_RESUME : 0) |
	       (retry->on & connects ? POLICY_USES_CONNECT : 0) |
	       (retry->unacked_timeout_ms ? POLICY_USES_UNACKED_TIMEOUT : 0) |
	       (retry->on & POLICY_ON_DNS ? POLICY_USES_DNS : 0) |
	       (retry->on & POLICY_ON_FIRST_USE ? POLICY_USES_FIRST_USE : 0) |
	       (retry->on & POLICY_ON_TLS_HANDSHAKE ? POLICY_USES_TLS_HANDSHAKE : 0);
}

void policy_finish(struct policy *policy)
{
	const struct policy_retry *retry = &policy->retry;

	policy->hold_max_bytes = retry->max_request_bytes;
	policy->hold_always_bytes = retry->max_request_bytes;
	policy->methods_always = methods_after_loss(retry->methods, retry->on, retry->max_attempts);
	policy->uses = uses_of(retry) | (policy->tls ? POLICY_USES_TLS : 0) |
		       (policy->tcp.keep_alive.idle_s ? POLICY_USES_KEEP_ALIVE : 0);
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		struct policy_retry inside = *retry;

		match_apply(&policy->rules[i], &inside);
		if (inside.max_request_bytes > policy->hold_max_bytes)
			policy->hold_max_bytes = inside.max_request_bytes;
		if (inside.max_request_bytes < policy->hold_always_bytes)
			policy->hold_always_bytes = inside.max_request_bytes;
		policy->methods_always &=
		    methods_after_loss(inside.methods, inside.on, inside.max_attempts);
		policy->uses |= uses_of(&inside);
	}
}

__attribute__((cold)) bool policy_is_token(const char *name)
{
	static const char others[] = "!#$%&'*+-.^_`|~";
	const char *at = name;

	for (; *at; at++) {
		char folded = (char)(*at | 0x20);
		bool known = (folded >= 'a' && folded <= 'z') || (*at >= '0' && *at <= '9');

		for (const char *other = others; *other && !known; other++)
			known = *at == *other;
		if (!known)
			return false;
	}
	return at > name;
}

__attribute__((cold)) bool policy_may_add(const struct policy *policy, uint32_t attempt_header)
{
	uint32_t keys = policy->retry.key_headers;

	for (uint32_t i = 0; i < policy->rule_count; i++)
		keys |= policy->rules[i].retry.key_headers;
	return !attempt_header || !(keys >> (attempt_header - 1) & 1);
}

static size_t text_len(const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	return len;
}

static bool text_is(const char *text, size_t len, const char *word)
{
	return len == text_len(word) && memcmp(text, word, len) == 0;
}

int policy_parse_sink(struct policy_log *log, const char *text)
{
	size_t len = text_len(text);
	enum policy_sink sink;

	if (text_is(text, len, "syslog"))
		sink = SINK_SYSLOG;
	else if (text_is(text, len, "none"))
		sink = SINK_NONE;
	else if (len > 6 && memcmp(text, "file:/", 6) == 0 && len - 5 < POLICY_SINK_MAX)
		sink = SINK_FILE;
	else
		return -1;
	memset(log->path, 0, sizeof(log->path));
	if (sink == SINK_FILE)
		memcpy(log->path, text + 5, len - 5);
	log->sink = sink;
	return 0;
}
