/* SPDX-License-Identifier: MIT */
#include "compiled.h"

#include <string.h>

#include "match.h"
#include "ranges.h"

/* No padding in what is hashed and compared, on any machine. */
_Static_assert(sizeof(struct policy_rule) % 4 == 0 && sizeof(struct policy_log) % 4 == 0 &&
		   sizeof(struct policy) ==
		       48 + sizeof(struct policy_retry) + sizeof(struct policy_tcp) +
			   sizeof(struct policy_budget) +
			   sizeof(struct policy_breaker) + sizeof(struct policy_log) +
			   POLICY_SINK_MAX +
			   POLICY_REDACT_MAX * POLICY_PATH_MAX +
			   POLICY_NAMES_MAX * POLICY_HEADER_MAX +
			   POLICY_AFTER_MAX * sizeof(struct policy_after) +
			   POLICY_VETO_MAX * sizeof(struct policy_veto) +
			   POLICY_AUTH_MAX * POLICY_HEADER_MAX +
			   POLICY_RULES_MAX * sizeof(struct policy_rule),
	       "struct policy has padding");

typedef uint32_t __attribute__((may_alias)) word;
typedef uint64_t __attribute__((may_alias, aligned(4))) pair;

/* A process that starts with one comes by once: together at the edge of the code (.text.unlikely). */
#define ONCE __attribute__((cold))

/* How many bytes of a policy there are, up to its last rule. */
static size_t used_bytes(const struct policy *policy)
{
	uint32_t rules =
	    policy->rule_count < POLICY_RULES_MAX ? policy->rule_count : POLICY_RULES_MAX;

	return offsetof(struct policy, rules) + rules * sizeof(struct policy_rule);
}

/*
 * By pairs of words, and in two sums that do not wait for one another: a process start should not
 * pay for bytes. Each step is a bijection, so a change of any one word always shows.
 */
ONCE uint64_t compiled_sum(const struct policy *policy)
{
	const uint64_t prime = UINT64_C(0x100000001b3);
	const word *at = (const word *)policy;
	const word *end = at + used_bytes(policy) / sizeof(*at);
	uint64_t sum = UINT64_C(0xcbf29ce484222325), other = prime;

	for (; end - at >= 4; at += 4) {
		sum = (sum ^ *(const pair *)at) * prime;
		other = (other ^ *(const pair *)(at + 2)) * prime;
	}
	for (; at < end; at++)
		sum = (sum ^ *at) * prime;
	return sum * prime ^ other;
}

static bool in_range(uint32_t value, uint32_t min, uint32_t max)
{
	return value >= min && value <= max;
}

static uint32_t first_bits(uint32_t count)
{
	return (UINT32_C(1) << count) - 1;
}

ONCE static bool names_ok(const struct policy *policy, const struct policy_retry *retry)
{
	return retry->attempt_header <= policy->name_count &&
	       !(retry->key_headers & ~first_bits(policy->name_count)) &&
	       !(retry->after_headers & ~first_bits(policy->after_count)) &&
	       !(retry->veto_headers & ~first_bits(policy->veto_count)) &&
	       !(retry->single_use_auth & ~first_bits(policy->auth_count)) &&
	       policy_may_add(policy, retry->attempt_header);
}

ONCE static bool statuses_ok(const struct policy_retry *retry)
{
	for (unsigned status = 400; status <= 422; status++)
		if (STATUS_IS_FINAL(status) && policy_has_status(retry->statuses, status))
			return false;
	return true;
}

/* A rule's unset members are zero. */
ONCE static bool retry_ok(const struct policy_retry *retry, uint32_t methods, bool may_be_unset)
{
	const struct policy_backoff *backoff = &retry->backoff;
	uint32_t floor = may_be_unset ? 0 : 1;

	return !(retry->methods & ~methods) && !(retry->on & ~POLICY_ON_ALL) &&
	       in_range(retry->max_attempts, floor, LIMIT_ATTEMPTS_MAX) &&
	       in_range(retry->total_timeout_ms, floor, LIMIT_TOTAL_TIMEOUT_MAX) &&
	       in_range(retry->connect_timeout_ms, floor, LIMIT_CONNECT_TIMEOUT_MAX) &&
	       retry->response_timeout_ms <= LIMIT_RESPONSE_TIMEOUT_MAX &&
	       retry->unacked_timeout_ms <= LIMIT_UNACKED_TIMEOUT_MAX &&
	       retry->late_ms <= LIMIT_LATE_MAX &&
	       retry->retry_after_max_ms <= LIMIT_RETRY_AFTER_MAX &&
	       retry->max_idle_ms <= LIMIT_MAX_IDLE_MAX && retry->keep_alive_hints <= 1 &&
	       retry->max_requests <= LIMIT_MAX_REQUESTS_MAX &&
	       retry->address_max_age_ms <= LIMIT_ADDRESS_MAX_AGE_MAX &&
	       retry->add_request_id <= 1 && retry->resume <= 1 && statuses_ok(retry) &&
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

static bool dir_ok(const char *dir)
{
	return ends(dir, POLICY_SINK_MAX) && (!*dir || *dir == '/');
}

ONCE static bool response_headers_ok(const struct policy *policy)
{
	if (policy->after_count > POLICY_AFTER_MAX || policy->veto_count > POLICY_VETO_MAX)
		return false;
	for (uint32_t i = 0; i < POLICY_AFTER_MAX; i++) {
		const struct policy_after *after = &policy->after[i];
		if (!ends(after->name, sizeof(after->name)) || after->unit >= UNIT_COUNT ||
		    (i < policy->after_count && !policy_is_token(after->name)))
			return false;
	}
	for (uint32_t i = 0; i < POLICY_VETO_MAX; i++) {
		const struct policy_veto *veto = &policy->vetoes[i];
		if (!ends(veto->name, sizeof(veto->name)) ||
		    !ends(veto->value, sizeof(veto->value)) ||
		    (i < policy->veto_count && !policy_is_token(veto->name)))
			return false;
	}
	return true;
}

ONCE static bool log_ok(const struct policy_log *log)
{
	if (log->sink > SINK_NONE || log->format > FORMAT_RFC5424 ||
	    log->id_header_count > POLICY_ID_HEADERS_MAX || !ends(log->path, sizeof(log->path)) ||
	    (log->sink == SINK_FILE && log->path[0] != '/'))
		return false;
	for (uint32_t i = 0; i < POLICY_ID_HEADERS_MAX; i++)
		if (!ends(log->id_headers[i], sizeof(log->id_headers[i])))
			return false;
	return true;
}

ONCE static bool pace_ok(const struct policy_budget *budget, const struct policy_breaker *breaker)
{
	return budget->enabled <= 1 && budget->ratio_milli <= LIMIT_RATIO_MILLI_MAX &&
	       budget->min_per_second <= LIMIT_PER_SECOND_MAX &&
	       in_range(budget->window_ms, LIMIT_WINDOW_MIN, LIMIT_WINDOW_MAX) &&
	       breaker->enabled <= 1 && breaker->reject <= 1 &&
	       in_range(breaker->failure_ratio_milli, LIMIT_FAILURE_RATIO_MILLI_MIN,
			LIMIT_RATIO_MILLI_MAX) &&
	       in_range(breaker->min_attempts, LIMIT_MIN_ATTEMPTS_MIN, LIMIT_MIN_ATTEMPTS_MAX) &&
	       in_range(breaker->window_ms, LIMIT_WINDOW_MIN, LIMIT_WINDOW_MAX) &&
	       in_range(breaker->open_ms, LIMIT_OPEN_MIN, LIMIT_OPEN_MAX);
}

static bool tcp_ok(const struct policy_tcp *tcp)
{
	return tcp->keep_alive.idle_s <= LIMIT_KEEP_ALIVE_IDLE_MAX &&
	       tcp->keep_alive.interval_s <= LIMIT_KEEP_ALIVE_INTERVAL_MAX &&
	       tcp->keep_alive.count <= LIMIT_KEEP_ALIVE_COUNT_MAX;
}

/* As many as are used, of so many that there is room for. */
ONCE static bool tokens_ok(const char names[][POLICY_HEADER_MAX], uint32_t room, uint32_t used)
{
	for (uint32_t i = 0; i < room; i++)
		if (!ends(names[i], POLICY_HEADER_MAX) || (i < used && !policy_is_token(names[i])))
			return false;
	return true;
}

ONCE static bool rule_ok(const struct policy *policy, const struct policy_rule *rule)
{
	uint32_t methods = METHODS_RESENDABLE;

	if (!ends(rule->host, sizeof(rule->host)) || !ends(rule->path, sizeof(rule->path)))
		return false;
	if (match_is_particular(rule->path))
		methods |= METHODS_KEYED;
	return rule->port <= LIMIT_PORT_MAX && retry_ok(&rule->retry, methods, true) &&
	       names_ok(policy, &rule->retry);
}

ONCE static bool policy_ok(const struct policy *policy)
{
	if (policy->enabled > 1 || policy->tls > POLICY_TLS_ALL ||
	    policy->rule_count > POLICY_RULES_MAX ||
	    policy->hold_max_bytes > LIMIT_REQUEST_BYTES_MAX ||
	    policy->hold_always_bytes > policy->hold_max_bytes ||
	    policy->methods_always & ~policy->retry.methods ||
	    !retry_ok(&policy->retry, METHODS_RESENDABLE, false) || !log_ok(&policy->log) || !dir_ok(policy->stat_dir) ||
	    policy->redact_count > POLICY_REDACT_MAX || policy->name_count > POLICY_NAMES_MAX ||
	    policy->auth_count > POLICY_AUTH_MAX || !response_headers_ok(policy) ||
	    !names_ok(policy, &policy->retry) || !tcp_ok(&policy->tcp) ||
	    !pace_ok(&policy->budget, &policy->breaker))
		return false;
	for (uint32_t i = 0; i < POLICY_REDACT_MAX; i++)
		if (!ends(policy->redact_paths[i], sizeof(policy->redact_paths[i])))
			return false;
	if (!tokens_ok(policy->names, POLICY_NAMES_MAX, policy->name_count) ||
	    !tokens_ok(policy->auth_names, POLICY_AUTH_MAX, policy->auth_count))
		return false;
	for (uint32_t i = 0; i < policy->rule_count; i++)
		if (!rule_ok(policy, &policy->rules[i]))
			return false;
	return true;
}

ONCE bool compiled_is(const void *data, size_t len)
{
	const struct compiled *file = data;

	return len >= sizeof(file->magic) &&
	       memcmp(file->magic, COMPILED_MAGIC, sizeof(file->magic)) == 0;
}

ONCE const struct policy *compiled_open(const void *data, size_t len, const char **why)
{
	const size_t head = offsetof(struct compiled, policy);
	const struct compiled *file = data;

	if (!compiled_is(data, len))
		*why = "not a compiled policy";
	else if (len < head + offsetof(struct policy, rules) || len < file->size)
		*why = "compiled policy is truncated, compile it again";
	else if (file->version != POLICY_VERSION || file->size != head + used_bytes(&file->policy))
		*why = "compiled policy is of another version of redial, compile it again";
	else if (len > file->size || file->checksum != compiled_sum(&file->policy) ||
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
	out->checksum = compiled_sum(&out->policy);
}

void compiled_copy(struct policy *to, const struct policy *found)
{
	memset(to, 0, sizeof(*to));
	memcpy(to, found, used_bytes(found));
}
