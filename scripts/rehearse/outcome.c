/* SPDX-License-Identifier: MIT */
#include "outcome.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../policy/decide.h"
#include "../report/entry.h"
#include "options.h"

/*
 * Where the policy or the safety rule says so, the failure is the program's; all else should have
 * been saved.
 */
static bool is_by_rule(const char *reason)
{
	static const enum reason rules[] = {
	    REASON_DISABLED, REASON_CAUSE,	 REASON_METHOD,	    REASON_FIRST_USE,
	    REASON_STARTED,  REASON_TOO_LARGE,	 REASON_LATE,	    REASON_SHUTDOWN,
	    REASON_AUTH,     REASON_ADDRESS_AGE, REASON_SINGLE_USE, REASON_PROGRAM_RETRIES,
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!strcmp(reason, reason_name(rules[i])))
			return true;
	return false;
}

static int fault_of(const char *name)
{
	for (int i = 0; i < FAULT_COUNT; i++)
		if (!strcmp(name, fault_name(i)))
			return i;
	return -1;
}

static void copy(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from);
}

static int add(struct made_list *list, const struct entry *entry, bool bare)
{
	int fault = fault_of(entry->field[ENTRY_KIND]);
	struct made *made;

	if (fault < 0)
		return 0;
	if (list->count % 64 == 0) {
		made = realloc(list->all, (list->count + 64) * sizeof(*made));
		if (!made)
			return -ENOMEM;
		list->all = made;
	}
	made = &list->all[list->count++];
	memset(made, 0, sizeof(*made));
	made->fault = fault;
	made->pid = (uint32_t)entry_number(entry, ENTRY_PID);
	made->fd = *entry->field[ENTRY_FD] ? (int64_t)entry_number(entry, ENTRY_FD) : -1;
	made->time_ms = (int64_t)entry_number(entry, ENTRY_TIME);
	copy(made->method, sizeof(made->method), entry->field[ENTRY_METHOD]);
	copy(made->host, sizeof(made->host), entry->field[ENTRY_HOST]);
	copy(made->path, sizeof(made->path), entry->field[ENTRY_PATH]);
	if (*entry->field[ENTRY_REASON]) { /* the policy has nothing to say about it */
		made->fate = FATE_GIVEN;
		copy(made->reason, sizeof(made->reason), entry->field[ENTRY_REASON]);
	} else if (bare) {
		made->fate = FATE_GIVEN;
		made->due = true;
		copy(made->reason, sizeof(made->reason), "bare");
	}
	return 0;
}

/* The last fault of that process and descriptor of which nothing was heard yet. */
static struct made *find(const struct made_list *list, const struct entry *entry)
{
	uint32_t pid = (uint32_t)entry_number(entry, ENTRY_PID);
	int64_t fd = *entry->field[ENTRY_FD] ? (int64_t)entry_number(entry, ENTRY_FD) : -1;

	for (size_t i = list->count; i-- > 0;)
		if (list->all[i].pid == pid && list->all[i].fd == fd)
			return list->all[i].fate == FATE_OPEN ? &list->all[i] : NULL;
	return NULL;
}

static void resolve(struct made *made, const struct entry *entry)
{
	const char *result = entry->field[ENTRY_RESULT], *reason = entry->field[ENTRY_REASON];

	if (!strcmp(result, "recovered") || !strcmp(result, "kept")) {
		made->fate = FATE_SAVED;
		made->added_ms = entry_number(entry, ENTRY_ELAPSED);
		return;
	}
	made->fate = FATE_GIVEN;
	copy(made->reason, sizeof(made->reason), *reason ? reason : result);
	made->due = !is_by_rule(made->reason);
}

/* Of a request in TLS nothing is seen. */
static bool is_tls(const struct made *made)
{
	return FAULTS_OF_REQUESTS >> made->fault & 1 && !*made->method;
}

static int take(struct made_list *list, char *line, bool bare)
{
	struct entry entry;
	struct made *made;

	line[strcspn(line, "\r\n")] = '\0';
	if (!entry_read(&entry, line, (int64_t)time(NULL) * 1000))
		return 0;
	const char *event = entry.field[ENTRY_EVENT];
	if (!strcmp(event, "fault"))
		return add(list, &entry, bare);
	if (strcmp(event, "outcome") != 0 && strcmp(event, "refused") != 0)
		return 0;
	made = find(list, &entry);
	if (made)
		resolve(made, &entry);
	return 0;
}

int outcome_read(struct made_list *list, const char *log, bool bare)
{
	FILE *file = fopen(log, "re");
	char *line = NULL;
	size_t room = 0;
	int error = file ? 0 : -errno;

	while (!error && getline(&line, &room, file) > 0)
		error = take(list, line, bare);
	free(line);
	if (file)
		fclose(file);
	for (size_t i = 0; i < list->count; i++)
		if (list->all[i].fate == FATE_OPEN) {
			copy(list->all[i].reason, sizeof(list->all[i].reason),
			     is_tls(&list->all[i]) ? "tls-unseen" : "no-word");
			list->all[i].due = true;
		}
	return error;
}

/* The last fault of a process and descriptor. */
static bool is_last(const struct made_list *list, size_t at)
{
	for (size_t i = at + 1; i < list->count; i++)
		if (list->all[i].pid == list->all[at].pid && list->all[i].fd == list->all[at].fd)
			return false;
	return true;
}

static void forgive(struct made_list *list, int64_t since_ms)
{
	for (size_t i = 0; i < list->count; i++) {
		struct made *made = &list->all[i];
		bool under_way = made->fate == FATE_OPEN || !strcmp(made->reason, "abandoned");
		if (under_way && made->time_ms >= since_ms && is_last(list, i)) {
			made->due = false;
			copy(made->reason, sizeof(made->reason), "ended");
		}
	}
}

void outcome_was_ended(struct made_list *list)
{
	forgive(list, INT64_MIN);
}

void outcome_ended_well(struct made_list *list, int64_t at_ms)
{
	forgive(list, at_ms - 1000);
}
