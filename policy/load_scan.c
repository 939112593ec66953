/* SPDX-License-Identifier: MIT */
#include "load_scan.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum place { IN_CODE, IN_TEXT, IN_LINE_COMMENT, IN_COMMENT };

struct scan {
	enum place place;
	unsigned line;
	unsigned opened; /* the line where the text or comment begins */
};

static int fail(struct load_error *error, unsigned line, const char *text)
{
	error->line = line;
	snprintf(error->text, sizeof(error->text), "%s", text);
	return -1;
}

static enum place opens(const char *at)
{
	if (*at == '"')
		return IN_TEXT;
	if (*at == '#' || strncmp(at, "//", 2) == 0)
		return IN_LINE_COMMENT;
	return strncmp(at, "/*", 2) == 0 ? IN_COMMENT : IN_CODE;
}

static bool in_name(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("_-*", c));
}

/* Goes over a name or number as a whole, or over one byte of anything else. */
static size_t step_code(struct scan *scan, const char *at)
{
	size_t len = 0;

	while (in_name(at[len]))
		len++;
	if (len)
		return len;
	scan->place = opens(at);
	scan->opened = scan->line;
	return scan->place == IN_COMMENT ? 2 : 1;
}

/* Takes one step; returns how many bytes it went over. */
static size_t step(struct scan *scan, const char *at)
{
	switch (scan->place) {
	case IN_CODE:
		return step_code(scan, at);
	case IN_TEXT:
		if (at[0] == '\\' && (at[1] == '"' || at[1] == '\\'))
			return 2;
		if (at[0] == '"')
			scan->place = IN_CODE;
		return 1;
	case IN_LINE_COMMENT:
		if (at[0] == '\n')
			scan->place = IN_CODE;
		return 1;
	case IN_COMMENT:
		if (strncmp(at, "*/", 2) != 0)
			return 1;
		scan->place = IN_CODE;
		return 2;
	}
	return 1;
}

/* libconfig cuts a whole number to its low 32 bits: 4294967299 would be 3. */
static bool is_too_large(const char *text, const char *at)
{
	bool hex = at[0] == '0' && (at[1] == 'x' || at[1] == 'X');

	if (!isdigit((unsigned char)*at) || (at > text && at[-1] == '.'))
		return false;
	return strtoll(at, NULL, hex ? 16 : 10) > INT_MAX;
}

/* libconfig takes the directive at the start of a line only. */
static bool is_include(const char *text, const char *at)
{
	if (strncmp(at, "@include", 8) != 0)
		return false;
	while (at > text && (at[-1] == ' ' || at[-1] == '\t'))
		at--;
	return at == text || at[-1] == '\n';
}

int load_scan(const char *text, size_t len, struct load_error *error)
{
	struct scan scan = {.place = IN_CODE, .line = 1};
	const char *end = text + len;
	const char *at = text;

	if (strspn(text, " \t\r\n\f") == len)
		return fail(error, 0,
			    "is empty; write `enabled = true;` to have the built-in defaults");
	while (at < end) {
		if (*at == '\0')
			return fail(error, scan.line, "holds a NUL byte, so it is not text");
		if (scan.place == IN_CODE && is_include(text, at))
			return fail(error, scan.line,
				    "@include is not supported: a policy is one file");
		if (scan.place == IN_CODE && is_too_large(text, at))
			return fail(error, scan.line, "number is too large, no key takes it");
		scan.line += *at == '\n';
		at += step(&scan, at);
	}
	if (scan.place == IN_COMMENT)
		return fail(error, scan.opened, "comment is never closed, */ is missing");
	if (scan.place == IN_TEXT)
		return fail(error, scan.opened, "text is never closed, \" is missing");
	return 0;
}
