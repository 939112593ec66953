/* SPDX-License-Identifier: MIT */
#include "match.h"

#include <string.h>

#include "path.h"

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

/* All that a rule asks but its path. */
static bool fits(const struct policy_rule *rule, const struct match_request *request)
{
	if (rule->port && rule->port != request->port)
		return false;
	return !rule->host[0] ||
	       match_glob(rule->host, request->host,
			  host_without_port(request->host, request->host_len), true);
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
	if (rule->set & POLICY_KEY_AFTER_HEADERS)
		settings->after_headers = own->after_headers;
	if (rule->set & POLICY_KEY_VETO_HEADERS)
		settings->veto_headers = own->veto_headers;
	if (rule->set & POLICY_KEY_STATUSES)
		memcpy(settings->statuses, own->statuses, sizeof(settings->statuses));
	if (rule->set & POLICY_KEY_RESPONSE_TIMEOUT)
		settings->response_timeout_ms = own->response_timeout_ms;
	if (rule->set & POLICY_KEY_UNACKED_TIMEOUT)
		settings->unacked_timeout_ms = own->unacked_timeout_ms;
	if (rule->set & POLICY_KEY_LATE)
		settings->late_ms = own->late_ms;
	if (rule->set & POLICY_KEY_SINGLE_USE_AUTH)
		settings->single_use_auth = own->single_use_auth;
	if (rule->set & POLICY_KEY_RETRY_AFTER_MAX)
		settings->retry_after_max_ms = own->retry_after_max_ms;
	if (rule->set & POLICY_KEY_MAX_IDLE)
		settings->max_idle_ms = own->max_idle_ms;
	if (rule->set & POLICY_KEY_MAX_REQUESTS)
		settings->max_requests = own->max_requests;
	if (rule->set & POLICY_KEY_ADDRESS_MAX_AGE)
		settings->address_max_age_ms = own->address_max_age_ms;
	if (rule->set & POLICY_KEY_KEEP_ALIVE_HINTS)
		settings->keep_alive_hints = own->keep_alive_hints;
	if (rule->set & POLICY_KEY_RESUME)
		settings->resume = own->resume;
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
	settings->after_headers |= other->after_headers;
	settings->veto_headers |= other->veto_headers;
	for (unsigned i = 0; i < POLICY_STATUS_WORDS; i++)
		settings->statuses[i] &= other->statuses[i];
	settings->resume &= other->resume;
	if (other->max_attempts < settings->max_attempts)
		settings->max_attempts = other->max_attempts;
	settings->single_use_auth |= other->single_use_auth;
	if (other->late_ms && (!settings->late_ms || other->late_ms < settings->late_ms))
		settings->late_ms = other->late_ms;
	if (other->max_request_bytes < settings->max_request_bytes)
		settings->max_request_bytes = other->max_request_bytes;
	/* 0 is no limit: the largest of all. */
	if (other->address_max_age_ms - 1 < settings->address_max_age_ms - 1)
		settings->address_max_age_ms = other->address_max_age_ms;
}

/* The first rule that matches a request with this path; -1 if none does. */
static int first_rule(const struct policy *policy, const struct match_request *request,
		      const char *path, size_t len)
{
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if (fits(rule, request) &&
		    (!rule->path[0] || match_glob(rule->path, path, len, false)))
			return (int)i;
	}
	return -1;
}

static void settings_of(const struct policy *policy, int rule, struct policy_retry *settings)
{
	*settings = policy->retry;
	if (rule >= 0)
		match_apply(&policy->rules[rule], settings);
}

static void narrow_by(const struct policy *policy, int rule, struct policy_retry *settings)
{
	struct policy_retry other;

	settings_of(policy, rule, &other);
	match_narrow(settings, &other);
}

/* By each rule that the request may come under, if its path can be anything. */
static void narrow_by_all(const struct policy *policy, const struct match_request *request,
			  struct policy_retry *settings)
{
	for (uint32_t i = 0; i < policy->rule_count; i++) {
		if (!fits(&policy->rules[i], request))
			continue;
		narrow_by(policy, (int)i, settings);
		if (!policy->rules[i].path[0])
			return;
	}
	narrow_by(policy, -1, settings);
}

/*
 * A path that servers do not all read alike: it comes under the rule by its first reading, and is
 * allowed what all readings allow. Apart from match_settings: the room is much for a stack.
 */
static __attribute__((noinline)) int match_readings(const struct policy *policy,
						    const struct match_request *request,
						    const char *path, size_t len, int liberties,
						    struct policy_retry *settings, bool *doubt)
{
	struct path read;
	bool known = liberties >= 0 && path_read(&read, path, len, 0);
	int rule = known ? first_rule(policy, request, read.text, read.len)
			 : first_rule(policy, request, path, len);

	settings_of(policy, rule, settings);
	for (unsigned reading = 1; known && reading < PATH_READINGS; reading++) {
		if (reading & ~(unsigned)liberties)
			continue;
		known = path_read(&read, path, len, reading);
		int other = known ? first_rule(policy, request, read.text, read.len) : rule;
		if (other != rule) {
			narrow_by(policy, other, settings);
			*doubt = true;
		}
	}
	if (!known) {
		narrow_by_all(policy, request, settings);
		*doubt = true;
	}
	return rule;
}

static bool names_a_path(const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->rule_count; i++)
		if (policy->rules[i].path[0])
			return true;
	return false;
}

int match_settings_in_doubt(const struct policy *policy, const struct match_request *request,
			    struct policy_retry *settings, bool *doubt)
{
	const char *path = request->path;
	size_t len = 0;
	bool plain = true;
	int liberties = 0, rule;

	*doubt = false;
	if (names_a_path(policy)) {
		len = path_of(request->path, request->path_len, &path);
		liberties = path_liberties(path, len, &plain);
	}
	if (liberties || !plain)
		return match_readings(policy, request, path, len, liberties, settings, doubt);
	rule = first_rule(policy, request, path, len);
	settings_of(policy, rule, settings);
	return rule;
}

int match_settings(const struct policy *policy, const struct match_request *request,
		   struct policy_retry *settings)
{
	bool doubt;

	return match_settings_in_doubt(policy, request, settings, &doubt);
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
