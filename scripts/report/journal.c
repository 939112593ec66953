/* SPDX-License-Identifier: MIT */
#include "journal.h"

#include <stdbool.h>
#include <string.h>

static char *skip_spaces(char *at)
{
	return at + strspn(at, " \t\r\n");
}

static int hex(const char *at)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = at[i] ? strchr(digits, at[i] | ' ') : NULL;

		if (!digit)
			return -1;
		value = value * 16 + (int)(digit - digits);
	}
	return value;
}

/* What the escape at *at stands for; 0 if it is none. redial's lines are ASCII: '?' for the rest.
 */
static char unescape(char **at)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name = **at ? strchr(names, **at) : NULL;
	int code;

	if (name) {
		(*at)++;
		return values[name - names];
	}
	code = **at == 'u' ? hex(*at + 1) : -1;
	if (code < 0)
		return 0;
	*at += 5;
	return code > 0 && code < 0x7f ? (char)code : '?';
}

/* A string at *at, decoded in place; *at moves behind it. NULL if there is none. */
static char *string(char **at)
{
	char *from = *at, *to, *start;

	if (*from++ != '"')
		return NULL;
	start = to = from;
	while (*from && *from != '"') {
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		from++;
		if (!(*to++ = unescape(&from)))
			return NULL;
	}
	if (*from != '"')
		return NULL;
	*to = '\0';
	*at = from + 1;
	return start;
}

/* Skips a value that is no string: a number, a word, an array or an object. */
static bool skip_value(char **at)
{
	int depth = 0;

	for (; **at; (*at)++) {
		if (**at == '"') {
			if (!string(at))
				return false;
			(*at)--;
		} else if (**at == '[' || **at == '{') {
			depth++;
		} else if (**at == ']' || **at == '}') {
			if (depth-- == 0)
				return true;
		} else if (**at == ',' && depth == 0) {
			return true;
		}
	}
	return false;
}

static void keep(struct journal *journal, const char *name, const char *value)
{
	if (!strcmp(name, "MESSAGE"))
		journal->message = value;
	else if (!strcmp(name, "SYSLOG_IDENTIFIER"))
		journal->identifier = value;
	else if (!strcmp(name, "__REALTIME_TIMESTAMP"))
		journal->time_us = value;
}

void journal_read(struct journal *journal, char *text)
{
	char *at = skip_spaces(text);

	*journal = (struct journal){"", "", ""};
	if (*at++ != '{')
		return;
	for (;;) {
		char *name, *value;

		at = skip_spaces(at);
		name = string(&at);
		if (!name)
			return;
		at = skip_spaces(at);
		if (*at++ != ':')
			return;
		at = skip_spaces(at);
		if (*at == '"') {
			value = string(&at);
			if (!value)
				return;
			keep(journal, name, value);
		} else if (!skip_value(&at)) {
			return;
		}
		at = skip_spaces(at);
		if (*at++ != ',')
			return;
	}
}
