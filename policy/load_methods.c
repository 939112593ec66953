/* SPDX-License-Identifier: MIT */
/* The methods that a policy file lists, and where POST and PATCH may stand among them. */
#include <stdio.h>
#include <string.h>

#include "load_values.h"
#include "match.h"
#include "ranges.h"

static enum method method_of(const config_setting_t *element)
{
	const char *name = config_setting_get_string(element); /* NULL if it is no text */

	return name ? method_parse(name, strlen(name)) : METHOD_OTHER;
}

static int refuse_method(struct load_reading *reading, const config_setting_t *setting,
			 enum method method)
{
	char known[128] = "";
	size_t len = 0;

	if (method_bit(method) & METHODS_KEYED)
		return load_fail(reading, setting,
				 "must not be %s: the server may have acted on it before the "
				 "connection broke, sending it again could do it twice; only a "
				 "rule may list it, for a path where it changes nothing",
				 method_name(method));
	if (method == METHOD_CONNECT)
		return load_fail(
		    reading, setting,
		    "must not be CONNECT: it opens a tunnel, what follows is not HTTP");
	for (unsigned i = 0; i < METHOD_COUNT; i++)
		if (METHODS_RESENDABLE & method_bit(i))
			len += snprintf(known + len, sizeof(known) - len, "%s%s",
					len ? " " : "one of ", method_name(i));
	return load_want(reading, setting, known);
}

int load_methods(struct load_reading *reading, const config_setting_t *setting,
		 const struct load_key *key)
{
	bool in_rule = reading->base != reading->policy;
	uint32_t allowed = METHODS_RESENDABLE | (in_rule ? METHODS_KEYED : 0);
	uint32_t mask = 0;

	if (!load_is_list(setting))
		return load_want(reading, setting, "a list such as [\"GET\", \"HEAD\"]");
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);
		enum method method = method_of(element);

		if (!(method_bit(method) & allowed))
			return refuse_method(reading, element, method);
		mask |= method_bit(method);
	}
	*(uint32_t *)((char *)reading->base + key->offset) = mask;
	return 0;
}

int load_rule_methods(struct load_reading *reading, const config_setting_t *setting,
		      const struct policy_rule *rule)
{
	const config_setting_t *methods = config_setting_get_member(setting, "methods");

	if (!(rule->retry.methods & METHODS_KEYED) || match_is_particular(rule->path))
		return 0;
	for (int i = 0;; i++) {
		const config_setting_t *element = config_setting_get_elem(methods, i);

		if (method_bit(method_of(element)) & METHODS_KEYED)
			return refuse_method(reading, element, method_of(element));
	}
}
