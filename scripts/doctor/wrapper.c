/* SPDX-License-Identifier: MIT */
#include "wrapper.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "find.h"

enum { VARIABLES_MAX = 64, NAME_ROOM = 40, VALUE_ROOM = 256, LINE_ROOM = 1024 };

struct script {
	unsigned count;
	struct {
		char name[NAME_ROOM], value[VALUE_ROOM];
	} variables[VARIABLES_MAX];
};

bool wrapper_is_shell(const char *interpreter)
{
	static const char *const shells[] = {"sh", "dash", "bash", "ash", "ksh", "zsh", "mksh"};

	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++)
		if (strcmp(find_name(interpreter), shells[i]) == 0)
			return true;
	return false;
}

static size_t name_len(const char *text)
{
	size_t len = 0;

	if (isdigit((unsigned char)*text))
		return 0;
	while (isalnum((unsigned char)text[len]) || text[len] == '_')
		len++;
	return len;
}

static const char *value_of(const struct script *script, const char *name, size_t len)
{
	for (unsigned i = 0; i < script->count; i++)
		if (strlen(script->variables[i].name) == len &&
		    strncmp(script->variables[i].name, name, len) == 0)
			return script->variables[i].value;
	return NULL;
}

/* $NAME or ${NAME} at *at, into `to`; NULL if it is nothing that is known. */
static char *put_variable(const struct script *script, const char **at, char *to, const char *end)
{
	bool braced = (*at)[1] == '{';
	const char *name = *at + 1 + braced, *value;
	size_t len = name_len(name);

	if (!len || (braced && name[len] != '}'))
		return NULL;
	value = value_of(script, name, len);
	if (!value || strlen(value) >= (size_t)(end - to))
		return NULL;
	*at = name + len + braced;
	return stpcpy(to, value);
}

/* The first word of `text` as the shell would make it. false: it needs more than what is known. */
static bool expand(const struct script *script, const char *text, char *to, size_t room)
{
	const char *end = to + room - 1;
	char quote = '\0';

	for (; *text && (quote || !strchr(" \t;&|<>()", *text));) {
		if (*text == quote) {
			quote = '\0';
			text++;
		} else if (!quote && (*text == '"' || *text == '\'')) {
			quote = *text++;
		} else if (*text == '`' || *text == '\\' || (!quote && strchr("*?[~#", *text))) {
			return false;
		} else if (*text == '$' && quote != '\'') {
			to = put_variable(script, &text, to, end);
			if (!to)
				return false;
		} else if (to == end) {
			return false;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
	return !quote;
}

/* NAME=VALUE. One whose value cannot be told, or has two, is not known any more. */
static void take_note(struct script *script, const char *line)
{
	size_t len = name_len(line);
	char value[VALUE_ROOM];
	unsigned i = 0;
	bool told;

	if (!len || line[len] != '=' || len >= NAME_ROOM)
		return;
	told = expand(script, line + len + 1, value, sizeof(value));
	while (i < script->count && (strlen(script->variables[i].name) != len ||
				     strncmp(script->variables[i].name, line, len) != 0))
		i++;
	if (i == VARIABLES_MAX || (i == script->count && !told))
		return;
	if (i < script->count && (!told || strcmp(script->variables[i].value, value) != 0)) {
		script->variables[i].name[0] = '\0';
		return;
	}
	snprintf(script->variables[i].name, NAME_ROOM, "%.*s", (int)len, line);
	strcpy(script->variables[i].value, value);
	script->count += i == script->count;
}

/* Behind the word exec, where a command may stand on the line; NULL if it is not there. */
static const char *behind_exec(const char *line)
{
	static const char *const before[] = {"&& ", "|| ", "; ", "then ", "else ", "do "};

	if (strncmp(line, "exec ", 5) == 0)
		return line + 5;
	for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
		const char *found = strstr(line, before[i]);

		if (found && strncmp(found + strlen(before[i]), "exec ", 5) == 0)
			return found + strlen(before[i]) + 5;
	}
	return NULL;
}

/* false if what the line execs is another program than `path`, which was "" to begin with. */
static bool look_at(const struct script *script, const char *line, char path[PATH_MAX])
{
	const char *command = behind_exec(line);
	char word[PATH_MAX], found[PATH_MAX];

	if (!command)
		return true;
	command += strspn(command, " \t");
	if (isdigit((unsigned char)*command) || *command == '-' ||
	    !expand(script, command, word, sizeof(word)) || !*word ||
	    find_program(word, found) != FIND_FOUND)
		return true;
	if (*path && strcmp(path, found) != 0)
		return false;
	strcpy(path, found);
	return true;
}

bool wrapper_program(const char *data, size_t size, char path[PATH_MAX])
{
	struct script script = {0};
	char line[LINE_ROOM];

	*path = '\0';
	for (size_t at = 0; at < size;) {
		const char *end = memchr(data + at, '\n', size - at);
		size_t len = (end ? (size_t)(end - data) : size) - at, skipped = 0;

		while (skipped < len && (data[at + skipped] == ' ' || data[at + skipped] == '\t'))
			skipped++;
		snprintf(line, sizeof(line), "%.*s",
			 (int)(len - skipped < LINE_ROOM ? len - skipped : 0), data + at + skipped);
		take_note(&script, strncmp(line, "export ", 7) == 0 ? line + 7 : line);
		if (!look_at(&script, line, path))
			return false;
		at += len + 1;
	}
	return *path;
}
