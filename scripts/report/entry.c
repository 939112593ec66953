/* SPDX-License-Identifier: MIT */
#include "entry.h"

#include <string.h>

#include "journal.h"
#include "stamp.h"

#define STRUCTURED_ID "redial@32473"

static void make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text >= 0x7f)
			*text = '?';
}

/* The first of two fields with one name counts. */
static void keep(struct entry *entry, const char *key, size_t len, char *value)
{
	static const char *const names[] = {
#define X(name, text) text,
	    ENTRY_FIELDS(X)
#undef X
	};

	for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
		if (strlen(names[i]) != len || memcmp(names[i], key, len) != 0)
			continue;
		if (!*entry->field[i]) {
			make_printable(value);
			entry->field[i] = value;
		}
		return;
	}
}

/*
 * What stands in quotes, at behind the opening one: decoded in place. A backslash stands for
 * itself before anything but these. Returns the place behind the closing quote, NULL if there is
 * none.
 */
static char *quoted(char *at, const char *escaped)
{
	char *to = at;

	for (; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1] && strchr(escaped, at[1]))
			at++;
		*to++ = *at;
	}
	if (!*at)
		return NULL;
	*to = '\0';
	return at + 1;
}

/* key=value key="value" ... */
static void read_pairs(struct entry *entry, char *at)
{
	for (;;) {
		char *key, *value;
		size_t len;

		at += strspn(at, " ");
		key = at;
		len = strcspn(at, "= \"");
		if (!len || at[len] != '=')
			return;
		value = at + len + 1;
		if (*value == '"') {
			at = quoted(++value, "\"\\");
			if (!at)
				return;
		} else {
			at = value + strcspn(value, " ");
			if (*at)
				*at++ = '\0';
		}
		keep(entry, key, len, value);
	}
}

/* The SD-ELEMENT at `at`; returns the place behind it, NULL if it is not whole. */
static char *read_element(struct entry *entry, char *at)
{
	size_t len = strcspn(at, " ]");
	bool ours = len - 1 == strlen(STRUCTURED_ID) && !strncmp(at + 1, STRUCTURED_ID, len - 1);

	at += len;
	while (*at == ' ') {
		char *key = ++at, *value;

		len = strcspn(at, "=]\" ");
		if (at[len] != '=' || at[len + 1] != '"')
			return NULL;
		value = at + len + 2;
		at = quoted(value, "\"\\]");
		if (!at)
			return NULL;
		if (ours)
			keep(entry, key, len, value);
	}
	return *at == ']' ? at + 1 : NULL;
}

static char *next_word(char *at)
{
	at += strcspn(at, " ");
	return at + strspn(at, " ");
}

/* Behind "<14>1 ". The message has what did not fit into the structured data. */
static bool read_structured(struct entry *entry, char *text, int64_t now_ms)
{
	const char *stamp = text;
	char *at;

	entry->timed = stamp_read(&stamp, now_ms, &entry->time_ms);
	at = next_word(next_word(text)); /* past time and host */
	if (strncmp(at, "redial ", 7) != 0)
		return false;
	at = next_word(next_word(next_word(at))); /* past name, process and message id */
	if (*at == '-')
		at++;
	while (at && *at == '[')
		at = read_element(entry, at);
	if (at) {
		at += strspn(at, " ");
		if (!strncmp(at, "event=", 6))
			read_pairs(entry, at);
	}
	return *entry->field[ENTRY_EVENT];
}

/* "redial[4711]: " or "redial: ": the place behind it, else NULL. */
static char *behind_tag(char *at)
{
	if (strncmp(at, "redial", 6) != 0)
		return NULL;
	at += 6;
	if (*at == '[') {
		size_t len = strspn(at + 1, "0123456789");

		if (!len || at[len + 1] != ']')
			return NULL;
		at += len + 2;
	}
	if (*at++ != ':')
		return NULL;
	return at + strspn(at, " ");
}

static bool read_message(struct entry *entry, char *at)
{
	if (strncmp(at, "event=", 6) != 0)
		return false;
	read_pairs(entry, at);
	return true;
}

/* "<14>": its length, else 0. */
static size_t priority(const char *text)
{
	size_t len = *text == '<' ? strspn(text + 1, "0123456789") : 0;

	return len && len <= 3 && text[len + 1] == '>' ? len + 2 : 0;
}

static bool read_plain(struct entry *entry, char *text, int64_t now_ms)
{
	const char *stamp = text;
	char *at, *tag;

	entry->timed = stamp_read(&stamp, now_ms, &entry->time_ms);
	at = text + (stamp - text);
	at += strspn(at, " ");
	tag = behind_tag(at);
	if (!tag && entry->timed) /* the host's name may be in front */
		tag = behind_tag(next_word(at));
	return tag && read_message(entry, tag);
}

static bool read_journal(struct entry *entry, char *text)
{
	struct journal journal;
	int64_t us = 0;

	journal_read(&journal, text);
	if (strcmp(journal.identifier, "redial") != 0)
		return false;
	for (const char *digit = journal.time_us; *digit >= '0' && *digit <= '9'; digit++)
		if (us < INT64_MAX / 100)
			us = us * 10 + (*digit - '0');
	entry->time_ms = us / 1000;
	entry->timed = us > 0;
	return read_message(entry, (char *)journal.message);
}

bool entry_read(struct entry *entry, char *text, int64_t now_ms)
{
	size_t len = priority(text);

	entry->timed = false;
	entry->time_ms = 0;
	for (int i = 0; i < ENTRY_FIELD_COUNT; i++)
		entry->field[i] = "";
	if (*text == '{')
		return read_journal(entry, text);
	if (len && !strncmp(text + len, "1 ", 2))
		return read_structured(entry, text + len + 2, now_ms);
	return read_message(entry, text) || read_plain(entry, text + len, now_ms);
}

uint64_t entry_number(const struct entry *entry, enum entry_field field)
{
	const char *text = entry->field[field];
	uint64_t value = 0;

	if (strlen(text) > 18)
		return 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return 0;
		value = value * 10 + (uint64_t)(*text - '0');
	}
	return value;
}
