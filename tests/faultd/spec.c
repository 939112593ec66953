/* SPDX-License-Identifier: MIT */
#include "spec.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum arg_rule { ARG_NONE, ARG_OPTIONAL, ARG_NEEDED };

static const struct {
	const char *name;
	enum action action;
	enum arg_rule arg;
	long min, max;
} actions[] = {
    {"reset", ACT_RESET, ARG_NONE, 0, 0},
    {"close", ACT_CLOSE, ARG_NONE, 0, 0},
    {"reset-unread", ACT_RESET_UNREAD, ARG_NONE, 0, 0},
    {"close-unread", ACT_CLOSE_UNREAD, ARG_NONE, 0, 0},
    {"fin-unread", ACT_FIN_UNREAD, ARG_NONE, 0, 0},
    {"reset-after", ACT_RESET_AFTER, ARG_NEEDED, 0, INT32_MAX},
    {"close-after", ACT_CLOSE_AFTER, ARG_NEEDED, 0, INT32_MAX},
    {"idle-reset", ACT_IDLE_RESET, ARG_OPTIONAL, 0, 600000},
    {"idle-close", ACT_IDLE_CLOSE, ARG_OPTIONAL, 0, 600000},
    {"idle-race", ACT_IDLE_RACE, ARG_NEEDED, 0, 600000},
    {"idle-408", ACT_IDLE_408, ARG_OPTIONAL, 0, 600000},
    {"idle-silent", ACT_IDLE_SILENT, ARG_NONE, 0, 0},
    {"drop", ACT_DROP, ARG_NONE, 0, 0},
    {"delay", ACT_DELAY, ARG_NEEDED, 0, 600000},
    {"status", ACT_STATUS, ARG_NEEDED, 200, 599},
    {"busy", ACT_BUSY, ARG_NEEDED, 0, 100000},
    {"early", ACT_EARLY, ARG_NEEDED, 200, 599},
    {"refuse", ACT_REFUSE, ARG_NEEDED, 1, 1000},
    {"hang-accept", ACT_HANG_ACCEPT, ARG_NEEDED, 1, 32},
    {"shed", ACT_SHED, ARG_NEEDED, 1, 100000},
};

#define N_ACTIONS (sizeof actions / sizeof *actions)

/* The whole of text as a number within min..max. */
static int number(const char *text, long min, long max, long *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	*out = strtol(text, &end, 10);
	return errno || *end || *out < min || *out > max ? -1 : 0;
}

static int unknown_action(const char *text, const char *name, char *error, size_t len)
{
	int n = snprintf(error, len, "'%s': unknown action '%s'; one of:", text, name);

	for (size_t i = 0; i < N_ACTIONS && n > 0 && (size_t)n < len; i++)
		n += snprintf(error + n, len - (size_t)n, " %s", actions[i].name);
	return -1;
}

static int parse_action(struct spec *spec, const char *text, char *left, char *error, size_t len)
{
	char *arg = strchr(left, '=');
	size_t i = 0;

	if (arg)
		*arg++ = '\0';
	while (i < N_ACTIONS && strcmp(actions[i].name, left))
		i++;
	if (i == N_ACTIONS)
		return unknown_action(text, left, error, len);
	spec->action = actions[i].action;
	spec->name = actions[i].name;
	spec->arg = -1;
	if (actions[i].arg == ARG_NONE && arg) {
		snprintf(error, len, "'%s': %s takes no argument, but '=%s' was given", text, left,
			 arg);
		return -1;
	}
	if (!arg && actions[i].arg != ARG_NEEDED)
		return 0;
	if (!arg || number(arg, actions[i].min, actions[i].max, &spec->arg)) {
		snprintf(error, len, "'%s': %s needs a number from %ld to %ld, as in %s=%ld@2",
			 text, left, actions[i].min, actions[i].max, left, actions[i].min);
		return -1;
	}
	return 0;
}

/* FROM-TO */
static int parse_time(struct when *when, char *text)
{
	char *dash = strchr(text, '-');

	if (!dash)
		return -1;
	*dash = '\0';
	return number(text, 0, INT32_MAX - 1, &when->from_ms) ||
	       number(dash + 1, when->from_ms + 1, INT32_MAX, &when->to_ms);
}

/* N, N+ or C.N */
static int parse_position(struct when *when, char *text)
{
	size_t len = strlen(text);
	char *dot = strchr(text, '.');
	long n;

	if (len && text[len - 1] == '+') {
		text[len - 1] = '\0';
		when->onwards = true;
	}
	if (dot) {
		*dot = '\0';
		if (number(text, 1, INT32_MAX, &n))
			return -1;
		when->conn = (unsigned)n;
		text = dot + 1;
	}
	if (number(text, 1, INT32_MAX, &n))
		return -1;
	when->nth = (unsigned)n;
	return 0;
}

static int parse_condition(struct when *when, char *text)
{
	long n;

	while (!strncmp(text, "once:", 5)) {
		when->once = true;
		text += 5;
	}
	if (!strncmp(text, "every:", 6)) {
		if (number(text + 6, 1, INT32_MAX, &n))
			return -1;
		when->every = (unsigned)n;
		return 0;
	}
	if (!strncmp(text, "during:", 7))
		return parse_time(when, text + 7);
	if (!strncmp(text, "path:", 5)) {
		when->path = text + 5;
		return text[5] ? 0 : -1;
	}
	if (!strncmp(text, "method:", 7)) {
		when->method = text + 7;
		return text[7] ? 0 : -1;
	}
	return parse_position(when, text);
}

int spec_add(struct spec_list *list, const char *text, char *error, size_t len)
{
	char *copy, *when, *rest;
	struct spec spec = {0};

	if (list->count == SPEC_MAX) {
		snprintf(error, len, "'%s': more than %d faults", text, SPEC_MAX);
		return -1;
	}
	copy = strdup(text); /* kept: the conditions point into it */
	if (!copy) {
		snprintf(error, len, "out of memory");
		return -1;
	}
	when = strchr(copy, '@');
	if (!when || !when[1]) {
		snprintf(error, len, "'%s': no WHEN; write ACTION@WHEN, as in reset@2", text);
		goto bad;
	}
	*when++ = '\0';
	if (parse_action(&spec, text, copy, error, len))
		goto bad;
	while (when) {
		rest = strchr(when, ',');
		if (rest)
			*rest++ = '\0';
		if (parse_condition(&spec.when, when)) {
			snprintf(
			    error, len,
			    "'%s': bad WHEN near '%s'; one of: N N+ C.N every:N during:FROM-TO "
			    "path:TEXT method:NAME once:WHEN, or several joined by commas",
			    text, when);
			goto bad;
		}
		when = rest;
	}
	list->item[list->count++] = spec;
	return 0;
bad:
	free(copy);
	return -1;
}

static bool holds(const struct when *when, const struct occasion *now)
{
	if (when->conn && when->conn != now->conn)
		return false;
	if (when->nth && now->nth != when->nth && !(when->onwards && now->nth > when->nth))
		return false;
	if (when->every && now->total % when->every)
		return false;
	if (when->to_ms && (now->ms < when->from_ms || now->ms >= when->to_ms))
		return false;
	if (when->path && !strstr(now->path, when->path))
		return false;
	return !when->method || !strcmp(when->method, now->method);
}

const struct spec *spec_find(struct spec_list *list, const struct occasion *now)
{
	for (size_t i = 0; i < list->count; i++) {
		struct spec *spec = &list->item[i];

		if (spec->spent || !holds(&spec->when, now))
			continue;
		spec->spent = spec->when.once;
		return spec;
	}
	return NULL;
}

bool spec_is_unread(const struct spec *spec)
{
	return spec && (spec->action == ACT_RESET_UNREAD || spec->action == ACT_CLOSE_UNREAD ||
			spec->action == ACT_FIN_UNREAD);
}
