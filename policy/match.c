/* SPDX-License-Identifier: MIT */
#include "match.h"

#include <string.h>

static bool same_byte(char a, char b, bool fold_case)
{
	if (fold_case) {
		a = a >= 'A' && a <= 'Z' ? (char)(a + ('a' - 'A')) : a;
		b = b >= 'A' && b <= 'Z' ? (char)(b + ('a' - 'A')) : b;
	}
	return a == b;
}

/* Going back to the latest `*` alone is enough: an earlier one could not match more. */
bool match_glob(const char *pattern, const char *text, size_t len, bool fold_case)
{
	const char *end = text + len;
	const char *after_star = NULL;
	const char *star_text = NULL;

	while (text < end) {
		if (*pattern == '*') {
			after_star = ++pattern;
			star_text = text;
		} else if (*pattern == '?' || (*pattern && same_byte(*pattern, *text, fold_case))) {
			pattern++;
			text++;
		} else if (after_star) {
			pattern = after_star;
			text = ++star_text;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* "api:8080" to "api", "[::1]:8080" to "[::1]". */
static size_t host_without_port(const char *host, size_t len)
{
	size_t i = 0;

	if (len && host[0] == '[')
		while (i < len && host[i] != ']')
			i++;
	while (i < len && host[i] != ':')
		i++;
	return i;
}

/* Where the path of an absolute URI (what proxies are sent) begins; 0 for any other target. */
static size_t authority_end(const char *target, size_t len)
{
	size_t i = 0;

	while (i < len && target[i] != ':' && target[i] != '/' && target[i] != '?')
		i++;
	if (len - i < 3 || memcmp(target + i, "://", 3) != 0)
		return 0;
	i += 3;
	while (i < len && target[i] != '/' && target[i] != '?' && target[i] != '#')
		i++;
	return i;
}

static bool path_matches(const char *pattern, const char *target, size_t len)
{
	size_t start = authority_end(target, len);
	size_t end = start;

	while (end < len && target[end] != '?' && target[end] != '#')
		end++;
	if (start > 0 && end == start)
		return match_glob(pattern, "/", 1, false);
	return match_glob(pattern, target + start, end - start, false);
}

static bool rule_matches(const struct policy_rule *rule, const struct match_request *request)
{
	if (rule->port && rule->port != request->port)
		return false;
	if (rule->host[0] && !match_glob(rule->host, request->host,
					 host_without_port(request->host, request->host_len), true))
		return false;
	return !rule->path[0] || path_matches(rule->path, request->path, request->path_len);
}

bool match_is_particular(const char *pattern)
{
	bool wild = false;
	const char *at = pattern;

	for (; *at == '*' || *at == '?' || *at == '/'; at++)
		wild |= *at != '/';
	return *at || (at > pattern && !wild);
}

void match_apply(const struct policy_rule *rule, struct policy_retry *settings)
{
	const struct policy_retry *own = &rule->retry;

	if (rule->set & POLICY_KEY_METHODS)
		settings->methods = own->methods;
	if (rule->set & POLICY_KEY_ON)
		settings->on = own->on;
	if (rule->set & POLICY_KEY_MAX_ATTEMPTS)
		settings->max_attempts = own->max_attempts;
	if (rule->set & POLICY_KEY_TOTAL_TIMEOUT)
		settings->total_timeout_ms = own->total_timeout_ms;
	if (rule->set & POLICY_KEY_CONNECT_TIMEOUT)
		settings->connect_timeout_ms = own->connect_timeout_ms;
	if (rule->set & POLICY_KEY_MAX_REQUEST)
		settings->max_request_bytes = own->max_request_bytes;
	if (rule->set & POLICY_KEY_KEY_HEADERS)
		settings->key_headers = own->key_headers;
	if (rule->set & POLICY_KEY_STATUSES)
		memcpy(settings->statuses, own->statuses, sizeof(settings->statuses));
	if (rule->set & POLICY_KEY_RESPONSE_TIMEOUT)
		settings->response_timeout_ms = own->response_timeout_ms;
	if (rule->set & POLICY_KEY_UNACKED_TIMEOUT)
		settings->unacked_timeout_ms = own->unacked_timeout_ms;
	if (rule->set & POLICY_KEY_RETRY_AFTER_MAX)
		settings->retry_after_max_ms = own->retry_after_max_ms;
	if (rule->set & POLICY_KEY_MAX_IDLE)
		settings->max_idle_ms = own->max_idle_ms;
	if (rule->set & POLICY_KEY_KEEP_ALIVE_HINTS)
		settings->keep_alive_hints = own->keep_alive_hints;
	if (rule->set & POLICY_KEY_ATTEMPT_HEADER)
		settings->attempt_header = own->attempt_header;
	if (rule->set & POLICY_KEY_ADD_REQUEST_ID)
		settings->add_request_id = own->add_request_id;
	if (rule->set & POLICY_KEY_BACKOFF_BASE)
		settings->backoff.base_ms = own->backoff.base_ms;
	if (rule->set & POLICY_KEY_BACKOFF_MAX)
		settings->backoff.max_ms = own->backoff.max_ms;
	if (rule->set & POLICY_KEY_BACKOFF_MULTIPLIER)
		settings->backoff.multiplier_milli = own->backoff.multiplier_milli;
	if (rule->set & POLICY_KEY_BACKOFF_JITTER)
		settings->backoff.jitter = own->backoff.jitter;
}

void match_narrow(struct policy_retry *settings, const struct policy_retry *other)
{
	settings->methods &= other->methods;
	settings->on &= other->on;
	settings->key_headers &= other->key_headers;
	for (unsigned i = 0; i < POLICY_STATUS_WORDS; i++)
		settings->statuses[i] &= other->statuses[i];
	if (other->max_attempts < settings->max_attempts)
		settings->max_attempts = other->max_attempts;
	if (other->max_request_bytes < settings->max_request_bytes)
		settings->max_request_bytes = other->max_request_bytes;
}

int match_settings(const struct policy *policy, const struct match_request *request,
		   struct policy_retry *settings)
{
	*settings = policy->retry;
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		if (rule_matches(&policy->rules[i], request)) {
			match_apply(&policy->rules[i], settings);
			return (int)i;
		}
	}
	return -1;
}

int match_connection(const struct policy *policy, unsigned port, struct policy_retry *settings)
{
	*settings = policy->retry;
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (rule->host[0] || rule->path[0] || (rule->port && rule->port != port))
			continue;
		match_apply(rule, settings);
		return (int)i;
	}
	return -1;
}
