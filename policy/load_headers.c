/* SPDX-License-Identifier: MIT */
/* The keys of a policy file that name headers. */
#include <stdio.h>
#include <string.h>

#include "load_values.h"

static bool is_text(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_STRING;
}

static uint32_t *number_at(const struct load_reading *reading, const struct load_key *key)
{
	return (uint32_t *)((char *)reading->base + key->offset);
}

/* Of headers that hold secrets, no value may reach a log. */
static bool may_log_header(const char *name)
{
	static const char *const secret[] = {"Authorization", "Proxy-Authorization", "Cookie",
					     "Set-Cookie"};

	for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		if (strcasecmp(name, secret[i]) == 0)
			return false;
	return policy_is_token(name);
}

/* Names of headers or schemes that the policy knows, of all its rules. */
struct names {
	char (*text)[POLICY_HEADER_MAX];
	uint32_t *count;
	uint32_t room;
	const char *what, *example;
};

static struct names header_names(struct policy *policy)
{
	return (struct names){policy->names, &policy->name_count, POLICY_NAMES_MAX, "header name",
			      "Idempotency-Key"};
}

/* The built-in ones stay, whether they are used or not. */
static struct names auth_names(struct policy *policy)
{
	return (struct names){policy->auth_names, &policy->auth_count, POLICY_AUTH_MAX,
			      "scheme or header name", "OAuth"};
}

/* Finds the name's place among them, or makes one. */
static int place_name(struct load_reading *reading, const config_setting_t *setting,
		      const struct names *names, uint32_t *place)
{
	char name[POLICY_HEADER_MAX], want[64];

	snprintf(want, sizeof(want), "a %s", names->what);
	if (load_text(reading, setting, name, sizeof(name), want))
		return -1;
	if (!policy_is_token(name)) {
		snprintf(want, sizeof(want), "a %s such as \"%s\"", names->what, names->example);
		return load_want(reading, setting, want);
	}
	for (*place = 0; *place < *names->count; ++*place)
		if (strcasecmp(names->text[*place], name) == 0)
			return 0;
	if (*names->count == names->room)
		return load_fail(reading, setting, "is one %s too many: %u are possible",
				 names->what, names->room);
	memcpy(names->text[(*names->count)++], name, sizeof(name));
	return 0;
}

static int load_mask(struct load_reading *reading, const config_setting_t *setting,
		     const struct load_key *key, const struct names *names)
{
	uint32_t mask = 0;
	char want[64];

	snprintf(want, sizeof(want), "a list such as [\"%s\"]", names->example);
	if (!load_is_list(setting))
		return load_want(reading, setting, want);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);
		uint32_t place;

		if (place_name(reading, element, names, &place))
			return -1;
		mask |= UINT32_C(1) << place;
	}
	*number_at(reading, key) = mask;
	return 0;
}

int load_headers(struct load_reading *reading, const config_setting_t *setting,
		 const struct load_key *key)
{
	struct names names = header_names(reading->policy);

	return load_mask(reading, setting, key, &names);
}

int load_auth_names(struct load_reading *reading, const config_setting_t *setting,
		    const struct load_key *key)
{
	struct names names = auth_names(reading->policy);

	return load_mask(reading, setting, key, &names);
}

/* Headers that frame, route or describe a message: a second one would change what it is. */
static bool may_add_header(const char *name)
{
	static const char *const own[] = {"Host",
					  "Connection",
					  "Proxy-Connection",
					  "Keep-Alive",
					  "Content-Length",
					  "TE",
					  "Trailer",
					  "Upgrade",
					  "Expect",
					  "Transfer-Encoding",
					  "Authorization",
					  "Proxy-Authorization",
					  "Cookie",
					  "Range"};

	if (strncasecmp(name, "Content-", 8) == 0 || strncasecmp(name, "If-", 3) == 0)
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcasecmp(name, own[i]) == 0)
			return false;
	return true;
}

int load_header(struct load_reading *reading, const config_setting_t *setting,
		const struct load_key *key)
{
	struct names names = header_names(reading->policy);
	uint32_t place;

	*number_at(reading, key) = 0;
	if (is_text(setting) && !*config_setting_get_string(setting))
		return 0;
	if (place_name(reading, setting, &names, &place))
		return -1;
	if (!may_add_header(reading->policy->names[place]))
		return load_want(reading, setting, "a header that says nothing else to the server");
	*number_at(reading, key) = place + 1;
	return 0;
}

int load_id_headers(struct load_reading *reading, const config_setting_t *setting,
		    const struct load_key *key)
{
	struct policy_log *log = (struct policy_log *)((char *)reading->base + key->offset);

	if (!load_is_list(setting) || config_setting_length(setting) > POLICY_ID_HEADERS_MAX)
		return load_want(reading, setting,
				 "a list of at most 4 header names such as [\"X-Request-Id\"]");
	memset(log->id_headers, 0, sizeof(log->id_headers));
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);

		if (load_text(reading, element, log->id_headers[i], POLICY_HEADER_MAX,
			      "a header name"))
			return -1;
		if (!may_log_header(log->id_headers[i]))
			return load_want(reading, element, "the name of a header that holds an id");
	}
	log->id_header_count = config_setting_length(setting);
	return 0;
}
