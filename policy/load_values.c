/* SPDX-License-Identifier: MIT */
#include "load_values.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ranges.h"

const char *load_name(const config_setting_t *setting, char *buf, size_t size)
{
	const config_setting_t *parent = config_setting_parent(setting);
	size_t len;

	buf[0] = '\0';
	if (!parent)
		return buf;
	load_name(parent, buf, size);
	len = strlen(buf);
	if (setting->name)
		snprintf(buf + len, size - len, "%s%s", len ? "." : "", setting->name);
	else
		snprintf(buf + len, size - len, "[%d]", config_setting_index(setting));
	return buf;
}

int load_fail(struct load_reading *reading, const config_setting_t *setting, const char *format,
	      ...)
{
	struct load_error *error = reading->error;
	va_list args;
	size_t len;

	error->line = config_setting_source_line(setting);
	load_name(setting, error->text, sizeof(error->text) / 2);
	len = strlen(error->text);
	if (len)
		error->text[len++] = ' ';
	va_start(args, format);
	vsnprintf(error->text + len, sizeof(error->text) - len, format, args);
	va_end(args);
	/* An error is one line, whatever text of the file it quotes. */
	for (char *at = error->text; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 127)
			*at = '?';
	return -1;
}

static const char *describe(const config_setting_t *setting, char *buf, size_t size)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(buf, size, "%lld", config_setting_get_int64(setting));
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(buf, size, "%#.4g", config_setting_get_float(setting));
		break;
	case CONFIG_TYPE_STRING:
		snprintf(buf, size, "\"%.40s\"", config_setting_get_string(setting));
		break;
	case CONFIG_TYPE_BOOL:
		return config_setting_get_bool(setting) ? "true" : "false";
	case CONFIG_TYPE_GROUP:
		return "a group";
	case CONFIG_TYPE_ARRAY:
		return config_setting_length(setting) ? "an array" : "an empty array";
	default:
		return config_setting_length(setting) ? "a list" : "an empty list";
	}
	return buf;
}

int load_want(struct load_reading *reading, const config_setting_t *setting, const char *want)
{
	char value[64];

	return load_fail(reading, setting, "must be %s, not %s", want,
			 describe(setting, value, sizeof(value)));
}

static uint32_t *number_at(const struct load_reading *reading, const struct load_key *key)
{
	return (uint32_t *)((char *)reading->base + key->offset);
}

static bool is_text(const config_setting_t *setting)
{
	return config_setting_type(setting) == CONFIG_TYPE_STRING;
}

bool load_is_list(const config_setting_t *setting)
{
	return config_setting_is_array(setting) || config_setting_is_list(setting);
}

int load_bool(struct load_reading *reading, const config_setting_t *setting,
	      const struct load_key *key)
{
	if (config_setting_type(setting) != CONFIG_TYPE_BOOL)
		return load_want(reading, setting, "true or false");
	*number_at(reading, key) = config_setting_get_bool(setting);
	return 0;
}

int load_number(struct load_reading *reading, const config_setting_t *setting,
		const struct load_key *key)
{
	int type = config_setting_type(setting);
	char want[64];
	long long value;

	if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64) {
		value = config_setting_get_int64(setting);
		if (value >= key->min && value <= key->max) {
			*number_at(reading, key) = value;
			return 0;
		}
	}
	snprintf(want, sizeof(want), "a whole number from %u to %u", key->min, key->max);
	return load_want(reading, setting, want);
}

int load_milli(struct load_reading *reading, const config_setting_t *setting,
	       const struct load_key *key)
{
	double value = -1;
	char want[64];

	if (config_setting_type(setting) == CONFIG_TYPE_FLOAT)
		value = config_setting_get_float(setting) * 1000;
	else if (config_setting_is_number(setting))
		value = (double)config_setting_get_int64(setting) * 1000;
	if (value >= key->min && value <= key->max) {
		*number_at(reading, key) = value + 0.5;
		return 0;
	}
	/* %#.3g would print 10 as 10.0, but 1 as 1.00. */
	snprintf(want, sizeof(want),
		 key->min % 1000 ? "a number from %g to %.1f" : "a number from %.1f to %.1f",
		 key->min / 1000.0, key->max / 1000.0);
	return load_want(reading, setting, want);
}

static const struct load_word *find_word(const struct load_word *words,
					 const config_setting_t *setting)
{
	if (is_text(setting))
		for (; words->name; words++)
			if (strcmp(words->name, config_setting_get_string(setting)) == 0)
				return words;
	return NULL;
}

int load_one_word(struct load_reading *reading, const config_setting_t *setting,
		  const struct load_key *key)
{
	const struct load_word *word = find_word(key->words, setting);

	if (!word)
		return load_want(reading, setting, key->want);
	*number_at(reading, key) = word->value;
	return 0;
}

int load_words(struct load_reading *reading, const config_setting_t *setting,
	       const struct load_key *key)
{
	uint32_t mask = 0;
	char want[128];

	snprintf(want, sizeof(want), "a list of %s", key->want);
	if (!load_is_list(setting))
		return load_want(reading, setting, want);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);
		const struct load_word *word = find_word(key->words, element);

		if (!word)
			return load_want(reading, element, key->want);
		mask |= word->value;
	}
	*number_at(reading, key) = mask;
	return 0;
}

int load_text(struct load_reading *reading, const config_setting_t *setting, char *out, size_t size,
	      const char *want)
{
	const char *text;

	if (!is_text(setting))
		return load_want(reading, setting, want);
	text = config_setting_get_string(setting);
	if (strlen(text) >= size)
		return load_fail(reading, setting, "is too long: %zu bytes, at most %zu",
				 strlen(text), size - 1);
	for (size_t i = 0; text[i]; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 127)
			return load_fail(reading, setting, "holds a control character");
	memset(out, 0, size);
	memcpy(out, text, strlen(text));
	return 0;
}

/* An IPv6 address has colons of its own, but stands in brackets in a Host header. */
int load_host(struct load_reading *reading, const config_setting_t *setting,
	      const struct load_key *key)
{
	char *host = (char *)reading->base + key->offset;

	if (load_text(reading, setting, host, POLICY_HOST_MAX, "text such as \"*.internal\""))
		return -1;
	if (strchr(host, '/') || (strchr(host, ':') && host[0] != '['))
		return load_want(reading, setting,
				 "a host alone, port and path have keys of their own");
	return 0;
}

int load_sink(struct load_reading *reading, const config_setting_t *setting,
	      const struct load_key *key)
{
	struct policy_log *log = (struct policy_log *)((char *)reading->base + key->offset);

	if (!is_text(setting) || policy_parse_sink(log, config_setting_get_string(setting)))
		return load_want(reading, setting,
				 "\"syslog\", \"none\" or \"file:PATH\" with an absolute PATH of "
				 "at most 255 bytes");
	return 0;
}

int load_dir(struct load_reading *reading, const config_setting_t *setting,
	     const struct load_key *key)
{
	const char *dir = is_text(setting) ? config_setting_get_string(setting) : "?";

	if (strlen(dir) >= POLICY_SINK_MAX || (*dir && *dir != '/'))
		return load_want(reading, setting,
				 "an absolute path of at most 255 bytes, or \"\"");
	strcpy((char *)reading->base + key->offset, dir);
	return 0;
}

int load_statuses(struct load_reading *reading, const config_setting_t *setting,
		  const struct load_key *key)
{
	uint32_t statuses[POLICY_STATUS_WORDS] = {0};

	if (!load_is_list(setting))
		return load_want(reading, setting, "a list such as [502, 503, 504]");
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);
		int status = config_setting_type(element) == CONFIG_TYPE_INT
				 ? config_setting_get_int(element)
				 : 0;

		if (status < POLICY_STATUS_MIN || status > POLICY_STATUS_MAX)
			return load_want(reading, element, "a status from 400 to 599");
		if (STATUS_IS_FINAL(status))
			return load_fail(reading, element,
					 "must not be %d: it says that the request is wrong, the "
					 "same request would get the same answer",
					 status);
		policy_add_status(statuses, status);
	}
	memcpy((char *)reading->base + key->offset, statuses, sizeof(statuses));
	return 0;
}
