/* SPDX-License-Identifier: MIT */
/* The keys of a policy file that hold patterns of paths. */
#include <string.h>

#include "load_values.h"
#include "path.h"

/*
 * Paths are compared in the form that path.h gives them: a pattern that would be written otherwise
 * there is met by none.
 */
static int check_form(struct load_reading *reading, const config_setting_t *setting,
		      const char *pattern)
{
	char path[POLICY_PATH_MAX + 1] = "/";
	size_t before = *pattern != '/', len = before + strlen(pattern);
	struct path read;
	bool plain;

	if (!*pattern)
		return 0;
	memcpy(path + before, pattern, strlen(pattern) + 1);
	if (path_liberties(path, len, &plain) < 0 || plain || !path_read(&read, path, len, 0) ||
	    read.len <= before)
		return 0;
	return load_fail(reading, setting, "matches no path as it stands, write \"%.*s\"",
			 (int)(read.len - before), read.text + before);
}

static int read_pattern(struct load_reading *reading, const config_setting_t *setting,
			char pattern[POLICY_PATH_MAX], const char *want)
{
	if (load_text(reading, setting, pattern, POLICY_PATH_MAX, want))
		return -1;
	if (pattern[0] && !strchr("/*?", pattern[0]))
		return load_want(reading, setting, "a path that starts with / or *");
	return check_form(reading, setting, pattern);
}

int load_path(struct load_reading *reading, const config_setting_t *setting,
	      const struct load_key *key)
{
	return read_pattern(reading, setting, (char *)reading->base + key->offset,
			    "text such as \"/v1/*\"");
}

int load_redact_paths(struct load_reading *reading, const config_setting_t *setting,
		      const struct load_key *key)
{
	struct policy *policy = reading->policy;

	(void)key;
	if (!load_is_list(setting) || config_setting_length(setting) > POLICY_REDACT_MAX)
		return load_want(reading, setting,
				 "a list of at most 8 paths such as [\"/reset/*\"]");
	memset(policy->redact_paths, 0, sizeof(policy->redact_paths));
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);
		char *pattern = policy->redact_paths[i];

		if (read_pattern(reading, element, pattern, "text such as \"/reset/*\""))
			return -1;
		if (!strchr(pattern, '*'))
			return load_want(reading, element, "a path with a * for what is secret");
	}
	policy->redact_count = config_setting_length(setting);
	return 0;
}
