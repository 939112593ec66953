/* SPDX-License-Identifier: MIT */
/* The keys of a policy file that name headers of responses. */
#include <stdio.h>
#include <string.h>

#include "load_values.h"

/* "NAME" or "NAME:REST", REST without the white space around it; NULL if there is no colon. */
struct pair {
	char name[POLICY_HEADER_MAX];
	char text[2 * POLICY_HEADER_MAX];
	const char *rest;
};

static const char *trim(char *text)
{
	size_t len = strlen(text);

	while (len && text[len - 1] == ' ')
		text[--len] = '\0';
	return text + strspn(text, " ");
}

static int read_pair(struct load_reading *reading, const config_setting_t *setting,
		     const char *want, struct pair *pair)
{
	char *colon;

	if (load_text(reading, setting, pair->text, sizeof(pair->text), want))
		return -1;
	colon = strchr(pair->text, ':');
	if (colon)
		*colon = '\0';
	if (!policy_is_token(pair->text))
		return load_want(reading, setting, want);
	if (strlen(pair->text) >= sizeof(pair->name))
		return load_fail(reading, setting, "has too long a name: %zu bytes, at most %zu",
				 strlen(pair->text), sizeof(pair->name) - 1);
	memset(pair->name, 0, sizeof(pair->name));
	memcpy(pair->name, pair->text, strlen(pair->text));
	pair->rest = colon ? trim(colon + 1) : NULL;
	return 0;
}

/* Finds the place of the header in policy.after, or makes one. */
static int place_after(struct load_reading *reading, const config_setting_t *setting,
		       uint32_t *place)
{
	struct policy *policy = reading->policy;
	const struct load_word *unit = load_unit_words;
	struct pair pair;

	if (read_pair(reading, setting,
		      "a header's name such as \"RateLimit-Reset\", or NAME:UNIT with a UNIT of s, "
		      "ms, date or auto",
		      &pair))
		return -1;
	if (strcasecmp(pair.name, "Retry-After") == 0)
		return load_fail(reading, setting,
				 "need not name Retry-After, which counts in any case");
	while (pair.rest && unit->name && strcmp(unit->name, pair.rest) != 0)
		unit++;
	if (!unit->name)
		return load_fail(reading, setting,
				 "must have a unit of s, ms, date or auto behind the colon, not "
				 "\"%.40s\"",
				 pair.rest);
	uint32_t value = pair.rest ? unit->value : UNIT_AUTO;
	for (*place = 0; *place < policy->after_count; ++*place)
		if (strcasecmp(policy->after[*place].name, pair.name) == 0 &&
		    policy->after[*place].unit == value)
			return 0;
	if (policy->after_count == POLICY_AFTER_MAX)
		return load_fail(reading, setting, "is one header too many: %d are possible",
				 POLICY_AFTER_MAX);
	memcpy(policy->after[policy->after_count].name, pair.name, sizeof(pair.name));
	policy->after[policy->after_count++].unit = value;
	return 0;
}

/* The same for policy.vetoes. */
static int place_veto(struct load_reading *reading, const config_setting_t *setting,
		      uint32_t *place)
{
	struct policy *policy = reading->policy;
	struct policy_veto veto = {"", ""};
	struct pair pair;

	if (read_pair(reading, setting,
		      "a header's name, or NAME: VALUE such as \"x-should-retry: false\"", &pair))
		return -1;
	if (pair.rest && !*pair.rest)
		return load_fail(reading, setting,
				 "must have a value behind the colon, or no colon: then any value "
				 "will do");
	if (pair.rest && strlen(pair.rest) >= sizeof(veto.value))
		return load_fail(reading, setting, "has too long a value: %zu bytes, at most %zu",
				 strlen(pair.rest), sizeof(veto.value) - 1);
	memcpy(veto.name, pair.name, sizeof(veto.name));
	if (pair.rest)
		memcpy(veto.value, pair.rest, strlen(pair.rest));
	for (*place = 0; *place < policy->veto_count; ++*place)
		if (strcasecmp(policy->vetoes[*place].name, veto.name) == 0 &&
		    strcasecmp(policy->vetoes[*place].value, veto.value) == 0)
			return 0;
	if (policy->veto_count == POLICY_VETO_MAX)
		return load_fail(reading, setting, "is one header too many: %d are possible",
				 POLICY_VETO_MAX);
	policy->vetoes[policy->veto_count++] = veto;
	return 0;
}

typedef int place_header(struct load_reading *reading, const config_setting_t *setting,
			 uint32_t *place);

static int load_places(struct load_reading *reading, const config_setting_t *setting,
		       const struct load_key *key, place_header *place_of, const char *want)
{
	uint32_t mask = 0;

	if (!load_is_list(setting))
		return load_want(reading, setting, want);
	for (int i = 0; i < config_setting_length(setting); i++) {
		uint32_t place = 0;

		if (place_of(reading, config_setting_get_elem(setting, i), &place))
			return -1;
		mask |= UINT32_C(1) << place;
	}
	*(uint32_t *)((char *)reading->base + key->offset) = mask;
	return 0;
}

int load_after_headers(struct load_reading *reading, const config_setting_t *setting,
		       const struct load_key *key)
{
	return load_places(reading, setting, key, place_after,
			   "a list such as [\"RateLimit-Reset\", \"retry-after-ms:ms\"]");
}

int load_veto_headers(struct load_reading *reading, const config_setting_t *setting,
		      const struct load_key *key)
{
	return load_places(reading, setting, key, place_veto,
			   "a list such as [\"x-should-retry: false\"]");
}
