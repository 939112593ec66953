/* SPDX-License-Identifier: MIT */
#include "compiled.h"

#include <string.h>

#include "ranges.h"

/* No padding in what is hashed and compared, on any machine. */
_Static_assert(sizeof(struct policy_rule) % 4 == 0 && sizeof(struct policy_log) % 4 == 0 &&
		   sizeof(struct policy) == 16 + sizeof(struct policy_retry) +
						sizeof(struct policy_log) +
						POLICY_RULES_MAX * sizeof(struct policy_rule),
	       "struct policy has padding");

typedef uint32_t __attribute__((may_alias)) word;

/* How many bytes of a policy there are, up to its last rule. */
static size_t used_bytes(const struct policy *policy)
{
	uint32_t rules =
	    policy->rule_count < POLICY_RULES_MAX ? policy->rule_count : POLICY_RULES_MAX;

	return offsetof(struct policy, rules) + rules * sizeof(struct policy_rule);
}

/*
 * By words, a process start should not pay for bytes. Each step is a bijection, so a change of any
 * one word always shows.
 */
static uint64_t checksum(const struct policy *policy)
{
	const word *at = (const word *)policy;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < used_bytes(policy) / sizeof(*at); i++)
		sum = (sum ^ at[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static bool in_range(uint32_t value, uint32_t min, uint32_t max)
{
	return value >= min && value <= max;
}

/* A rule's unset members are zero. */
static bool retry_ok(const struct policy_retry *retry, bool may_be_unset)
{
	const struct policy_backoff *backoff = &retry->backoff;
	uint32_t floor = may_be_unset ? 0 : 1;

	return !(retry->methods & ~METHODS_RESENDABLE) && !(retry->on & ~POLICY_ON_ALL) &&
	       in_range(retry->max_attempts, floor, LIMIT_ATTEMPTS_MAX) &&
	       in_range(retry->total_timeout_ms, floor, LIMIT_TOTAL_TIMEOUT_MAX) &&
	       in_range(retry->connect_timeout_ms, floor, LIMIT_CONNECT_TIMEOUT_MAX) &&
	       retry->max_request_bytes <= LIMIT_REQUEST_BYTES_MAX &&
	       backoff->base_ms <= LIMIT_BACKOFF_MS_MAX &&
	       backoff->max_ms <= LIMIT_BACKOFF_MS_MAX &&
	       in_range(backoff->multiplier_milli, floor * LIMIT_MULTIPLIER_MILLI_MIN,
			LIMIT_MULTIPLIER_MILLI_MAX) &&
	       backoff->jitter <= JITTER_NONE;
}

static bool ends(const char *text, size_t size)
{
	return text[size - 1] == '\0';
}

static bool log_ok(const struct policy_log *log)
{
	if (log->sink > SINK_NONE || log->id_header_count > POLICY_ID_HEADERS_MAX ||
	    !ends(log->path, sizeof(log->path)) || (log->sink == SINK_FILE && log->path[0] != '/'))
		return false;
	for (uint32_t i = 0; i < POLICY_ID_HEADERS_MAX; i++)
		if (!ends(log->id_headers[i], sizeof(log->id_headers[i])))
			return false;
	return true;
}

static bool policy_ok(const struct policy *policy)
{
	if (policy->enabled > 1 || policy->rule_count > POLICY_RULES_MAX ||
	    policy->hold_max_bytes > LIMIT_REQUEST_BYTES_MAX ||
	    policy->methods_always & ~policy->retry.methods || !retry_ok(&policy->retry, false) ||
	    !log_ok(&policy->log))
		return false;
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (!ends(rule->host, sizeof(rule->host)) ||
		    !ends(rule->path, sizeof(rule->path)) || rule->port > LIMIT_PORT_MAX ||
		    !retry_ok(&rule->retry, true))
			return false;
	}
	return true;
}

bool compiled_is(const void *data, size_t len)
{
	const struct compiled *file = data;

	return len >= sizeof(file->magic) &&
	       memcmp(file->magic, COMPILED_MAGIC, sizeof(file->magic)) == 0;
}

const struct policy *compiled_open(const void *data, size_t len, const char **why)
{
	const size_t head = offsetof(struct compiled, policy);
	const struct compiled *file = data;

	if (!compiled_is(data, len))
		*why = "not a compiled policy";
	else if (len < head + offsetof(struct policy, rules) || len < file->size)
		*why = "compiled policy is truncated, compile it again";
	else if (file->version != POLICY_VERSION || file->size != head + used_bytes(&file->policy))
		*why = "compiled policy is of another version of redial, compile it again";
	else if (len > file->size || file->checksum != checksum(&file->policy) ||
		 !policy_ok(&file->policy))
		*why = "compiled policy is corrupted, compile it again";
	else
		return &file->policy;
	return NULL;
}

void compiled_make(struct compiled *out, const struct policy *policy)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->magic, COMPILED_MAGIC, sizeof(out->magic));
	out->version = POLICY_VERSION;
	out->size = (uint32_t)(offsetof(struct compiled, policy) + used_bytes(policy));
	memcpy(&out->policy, policy, used_bytes(policy));
	out->checksum = checksum(&out->policy);
}

void compiled_copy(struct policy *to, const struct policy *found)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, found, used_bytes(found));
}
