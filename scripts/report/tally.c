/* SPDX-License-Identifier: MIT */
#include "tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *zeroed(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fputs("redial report: out of memory\n", stderr);
		exit(3);
	}
	return memory;
}

struct tally *tally_new(void)
{
	struct tally *tally = zeroed(sizeof(*tally));

	busy_begin(&tally->busy);
	return tally;
}

const char *tally_cause_name(int cause)
{
	return cause < CAUSE_COUNT ? cause_name((enum cause)cause) : "other";
}

const char *tally_reason_name(int reason)
{
	return reason < REASON_COUNT ? reason_name((enum reason)reason) : "other";
}

static int cause_of(const char *text)
{
	int cause = 0;

	while (cause < CAUSE_COUNT && strcmp(cause_name((enum cause)cause), text) != 0)
		cause++;
	return cause;
}

static int reason_of(const char *text)
{
	int reason = 0;

	while (reason < REASON_COUNT && strcmp(reason_name((enum reason)reason), text) != 0)
		reason++;
	return reason;
}

static void copy_lower(char *to, size_t room, const char *from)
{
	size_t len = 0;

	for (; *from && len < room - 1; from++)
		to[len++] = *from >= 'A' && *from <= 'Z' ? (char)(*from | ' ') : *from;
	to[len] = '\0';
}

/* FNV-1a of both texts and what parts them. */
static uint32_t hash(const char *host, const char *method)
{
	uint32_t sum = 2166136261u;

	for (; *host; host++)
		sum = (sum ^ (unsigned char)*host) * 16777619u;
	sum = (sum ^ '\n') * 16777619u;
	for (; *method; method++)
		sum = (sum ^ (unsigned char)*method) * 16777619u;
	return sum;
}

static struct tally_row *row_of(struct tally *tally, const struct entry *entry)
{
	const char *name =
	    *entry->field[ENTRY_HOST] ? entry->field[ENTRY_HOST] : entry->field[ENTRY_PEER];
	struct tally_row key;
	uint32_t at;

	copy_lower(key.host, sizeof(key.host), *name ? name : "-");
	snprintf(key.method, sizeof(key.method), "%s", entry->field[ENTRY_METHOD]);
	at = hash(key.host, key.method) % TALLY_SLOTS;
	while (tally->slots[at] && (strcmp(tally->slots[at]->host, key.host) != 0 ||
				    strcmp(tally->slots[at]->method, key.method) != 0))
		at = (at + 1) % TALLY_SLOTS;
	if (tally->slots[at])
		return tally->slots[at];
	if (tally->row_count == TALLY_ROWS_MAX) {
		tally->has_others = true;
		return &tally->others;
	}
	tally->slots[at] = zeroed(sizeof(struct tally_row));
	tally->rows[tally->row_count++] = tally->slots[at];
	memcpy(tally->slots[at]->host, key.host, sizeof(key.host));
	memcpy(tally->slots[at]->method, key.method, sizeof(key.method));
	return tally->slots[at];
}

static void note_id(struct tally *tally, const struct entry *entry)
{
	if (*entry->field[ENTRY_REQUEST_ID])
		busy_add(&tally->busy, entry->field[ENTRY_REQUEST_ID],
			 entry->field[ENTRY_TRACEPARENT]);
}

static bool add_attempt(struct tally *tally, const struct entry *entry)
{
	struct tally_row *row = row_of(tally, entry);

	row->attempts++;
	row->causes[cause_of(entry->field[ENTRY_CAUSE])]++;
	note_id(tally, entry);
	return true;
}

static bool add_outcome(struct tally *tally, const struct entry *entry)
{
	const char *result = entry->field[ENTRY_RESULT];
	bool recovered = !strcmp(result, "recovered"), exhausted = !strcmp(result, "exhausted");
	struct tally_row *row;

	if (!recovered && !exhausted && strcmp(result, "abandoned") != 0)
		return false;
	row = row_of(tally, entry);
	row->recovered += recovered;
	tally->resumed += recovered && *entry->field[ENTRY_RESUMED];
	row->exhausted += exhausted;
	row->abandoned += !recovered && !exhausted;
	if (exhausted)
		row->exhaustions[reason_of(entry->field[ENTRY_REASON])]++;
	quantile_add(&row->added, entry_number(entry, ENTRY_ELAPSED));
	return true;
}

static bool add_refused(struct tally *tally, const struct entry *entry)
{
	struct tally_row *row = row_of(tally, entry);

	row->refused++;
	tally->own += !strcmp(entry->field[ENTRY_REASON], "program-retries");
	row->refusals[reason_of(entry->field[ENTRY_REASON])]++;
	row->causes[cause_of(entry->field[ENTRY_CAUSE])]++;
	note_id(tally, entry);
	return true;
}

static bool add_breaker(struct tally *tally, const struct entry *entry)
{
	const char *peer = entry->field[ENTRY_PEER], *state = entry->field[ENTRY_STATE];
	struct tally_peer *at = tally->peers;
	bool open = !strcmp(state, "open"), half_open = !strcmp(state, "half-open");

	if (!open && !half_open && strcmp(state, "closed") != 0)
		return false;
	while (at < tally->peers + tally->peer_count &&
	       strncmp(at->peer, peer, TALLY_NAME_MAX - 1) != 0)
		at++;
	if (at == tally->peers + TALLY_PEERS_MAX) {
		peer = TALLY_OTHERS;
	} else if (at == tally->peers + tally->peer_count) {
		tally->peer_count++;
	}
	snprintf(at->peer, sizeof(at->peer), "%s", peer);
	at->opened += open;
	at->half_opened += half_open;
	at->closed += !open && !half_open;
	return true;
}

static bool add_policy(struct tally *tally, const struct entry *entry)
{
	if (strcmp(entry->field[ENTRY_RESULT], "invalid") != 0)
		return false;
	tally->invalid++;
	snprintf(tally->invalid_file, sizeof(tally->invalid_file), "%s", entry->field[ENTRY_FILE]);
	snprintf(tally->invalid_line, sizeof(tally->invalid_line), "%s", entry->field[ENTRY_LINE]);
	snprintf(tally->invalid_error, sizeof(tally->invalid_error), "%s",
		 entry->field[ENTRY_ERROR]);
	return true;
}

/* Nothing to add up: they are no request's. */
static bool add_untold(struct tally *tally, const struct entry *entry)
{
	(void)tally;
	return strcmp(entry->field[ENTRY_RESULT], "untold") == 0;
}

static bool add_library(struct tally *tally, const struct entry *entry)
{
	(void)tally;
	return strcmp(entry->field[ENTRY_RESULT], "left-alone") == 0;
}

/* What a rehearsal made; what came of it is told by the lines of redial's own. */
static bool add_fault(struct tally *tally, const struct entry *entry)
{
	bool known = *entry->field[ENTRY_KIND];

	tally->rehearsed += known;
	return known;
}

static void note_time(struct tally *tally, const struct entry *entry)
{
	if (!entry->timed)
		return;
	if (!tally->timed || entry->time_ms < tally->first_ms)
		tally->first_ms = entry->time_ms;
	if (!tally->timed || entry->time_ms > tally->last_ms)
		tally->last_ms = entry->time_ms;
	tally->timed = true;
}

void tally_add(struct tally *tally, const struct entry *entry)
{
	static const struct {
		const char *event;
		bool (*add)(struct tally *tally, const struct entry *entry);
	} events[] = {{"attempt", add_attempt},
		      {"outcome", add_outcome},
		      {"refused", add_refused},
		      {"breaker", add_breaker},
		      {"policy", add_policy},
		      {"tls", add_library},
		      {"fault", add_fault},
		      {"state", add_untold}};
	bool known = false;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (!strcmp(events[i].event, entry->field[ENTRY_EVENT]))
			known = events[i].add(tally, entry);
	tally->events += known;
	tally->damaged += !known;
	tally->dropped += entry_number(entry, ENTRY_DROPPED);
	if (known)
		note_time(tally, entry);
}

uint64_t tally_touched(const struct tally_row *row)
{
	return row->recovered + row->exhausted + row->abandoned + row->refused;
}

static int by_name(const void *a, const void *b)
{
	const struct tally_row *x = *(const struct tally_row *const *)a;
	const struct tally_row *y = *(const struct tally_row *const *)b;
	int host = strcmp(x->host, y->host);

	return host ? host : strcmp(x->method, y->method);
}

static int descending(uint64_t x, uint64_t y)
{
	return x == y ? 0 : x < y ? 1 : -1;
}

static int by_trouble(const void *a, const void *b)
{
	const struct tally_row *x = *(const struct tally_row *const *)a;
	const struct tally_row *y = *(const struct tally_row *const *)b;
	int order = descending(x->of_host, y->of_host);

	if (!order)
		order = strcmp(x->host, y->host);
	if (!order)
		order = descending(tally_touched(x), tally_touched(y));
	return order ? order : strcmp(x->method, y->method);
}

static int by_opened(const void *a, const void *b)
{
	const struct tally_peer *x = a, *y = b;
	int order = descending(x->opened, y->opened);

	return order ? order : strcmp(x->peer, y->peer);
}

void tally_sort(struct tally *tally)
{
	struct tally_row **rows = tally->rows;

	qsort(rows, tally->row_count, sizeof(rows[0]), by_name);
	for (size_t from = 0, to; from < tally->row_count; from = to) {
		uint64_t sum = 0;

		for (to = from; to < tally->row_count && !strcmp(rows[to]->host, rows[from]->host);
		     to++)
			sum += tally_touched(rows[to]);
		for (size_t i = from; i < to; i++)
			rows[i]->of_host = sum;
	}
	qsort(rows, tally->row_count, sizeof(rows[0]), by_trouble);
	qsort(tally->peers, tally->peer_count, sizeof(tally->peers[0]), by_opened);
	if (tally->has_others) {
		snprintf(tally->others.host, sizeof(tally->others.host), TALLY_OTHERS);
		rows[tally->row_count++] = &tally->others;
	}
	if (*tally->peers[TALLY_PEERS_MAX].peer)
		tally->peer_count++;
}
