/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "stamp.h"

enum { WIDTH = 80, INDENT = 13 };

/* "name 12, name 3", broken into lines that fit. */
static void print_counts(const char *title, const uint64_t *counts, int count,
			 const char *(*name)(int))
{
	size_t column = 0;

	for (int i = 0; i < count; i++) {
		char text[64];
		size_t len;

		if (!counts[i])
			continue;
		len = (size_t)snprintf(text, sizeof(text), "%s %" PRIu64, name(i), counts[i]);
		if (!column) {
			column = (size_t)printf("    %-*s", INDENT - 4, title);
		} else if (column + len + 3 > WIDTH) {
			printf(",\n%*s", INDENT, "");
			column = INDENT;
		} else {
			column += (size_t)printf(", ");
		}
		column += (size_t)printf("%s", text);
	}
	if (column)
		putchar('\n');
}

static void print_row(const struct tally_row *row)
{
	const struct quantile *added = &row->added;

	printf("  %-7.7s %8" PRIu64 " %8" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %7" PRIu64,
	       *row->method ? row->method : "-", tally_touched(row), row->attempts, row->recovered,
	       row->exhausted, row->abandoned, row->refused);
	if (added->count)
		printf(" %6" PRIu64 " %6" PRIu64 "\n", quantile_of(added, 500),
		       quantile_of(added, 990));
	else
		printf(" %6s %6s\n", "-", "-");
	print_counts("causes", row->causes, TALLY_CAUSES, tally_cause_name);
	print_counts("refused", row->refusals, TALLY_REASONS, tally_reason_name);
	if (row->refusals[REASON_PROGRAM_RETRIES])
		printf("    %-*s%s\n", INDENT - 4, "note",
		       "a program retries by itself here: statuses are left to it");
	print_counts("gave up", row->exhaustions, TALLY_REASONS, tally_reason_name);
}

/* Longer texts are cut, with dots at the end. */
static void print_cut(const char *text, int width)
{
	if (strlen(text) > (size_t)width)
		printf("%.*s...", width - 3, text);
	else
		printf("%s", text);
}

static void print_rows(const struct tally *tally)
{
	const char *host = "";

	if (!tally->row_count)
		return;
	printf("\n%18s %8s %9s %9s %9s %7s  added in ms\n", "", "", "", "", "", "");
	printf("%18s %8s %9s %9s %9s %7s %6s %6s\n", "requests", "attempts", "recovered",
	       "exhausted", "abandoned", "refused", "median", "p99");
	for (size_t i = 0; i < tally->row_count; i++) {
		if (strcmp(host, tally->rows[i]->host) != 0) {
			host = tally->rows[i]->host;
			print_cut(host, WIDTH);
			putchar('\n');
		}
		print_row(tally->rows[i]);
	}
}

static void print_breakers(const struct tally *tally)
{
	if (!tally->peer_count)
		return;
	printf("\n%-50s %9s %9s %9s\n", "breakers", "opened", "half-open", "closed");
	for (size_t i = 0; i < tally->peer_count; i++) {
		const struct tally_peer *at = &tally->peers[i];

		printf("  ");
		print_cut(*at->peer ? at->peer : "-", 48);
		printf("%*s %9" PRIu64 " %9" PRIu64 " %9" PRIu64 "\n",
		       strlen(at->peer) < 48 ? 48 - (int)strlen(at->peer) : 0, "", at->opened,
		       at->half_opened, at->closed);
	}
}

static void print_ids(const struct tally *tally, size_t ids)
{
	const struct busy_id *top[PRINT_TOP_MAX];
	size_t count = busy_top(&tally->busy, top, ids);

	if (!count)
		return;
	printf("\n%-8s %-32s %s\n", tally->busy.exact ? "failures" : "at least", "trace id",
	       "busiest request ids");
	for (size_t i = 0; i < count; i++) {
		printf("%8" PRIu64 " %-32s ", top[i]->count - top[i]->over,
		       *top[i]->trace ? top[i]->trace : "-");
		print_cut(top[i]->id, WIDTH - 42);
		putchar('\n');
	}
}

/* One word after the other, in lines that fit: for text that somebody else has written. */
static void print_folded(const char *text)
{
	size_t column = 2;

	printf(" ");
	while (*text) {
		size_t len = strcspn(text, " ");

		if (len > WIDTH - 4)
			len = WIDTH - 4;
		if (column + len + 1 > WIDTH) {
			printf("\n ");
			column = 2;
		}
		column += (size_t)printf(" %.*s", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void print_invalid(const struct tally *tally)
{
	char text[600];

	if (!tally->invalid)
		return;
	printf("\na policy was invalid and redial stood aside: %" PRIu64
	       " times, the last one being\n",
	       tally->invalid);
	snprintf(text, sizeof(text), "%s%s%s: %s", tally->invalid_file,
		 *tally->invalid_line ? ":" : "", tally->invalid_line, tally->invalid_error);
	print_folded(text);
}

void print_table(const struct tally *tally, size_t ids)
{
	if (!tally->events)
		return;
	printf("%" PRIu64 " event%s", tally->events, tally->events == 1 ? "" : "s");
	if (tally->timed) {
		char first[STAMP_MAX], last[STAMP_MAX];

		stamp_write(tally->first_ms, first);
		stamp_write(tally->last_ms, last);
		printf(" from %s to %s", first, last);
	}
	putchar('\n');
	if (tally->dropped)
		printf("%" PRIu64 " more were lost, the log being full or missing\n",
		       tally->dropped);
	if (tally->rehearsed)
		printf("failures made by a rehearsal: %" PRIu64 "\n", tally->rehearsed);
	if (tally->resumed)
		printf("responses that broke off and went on: %" PRIu64 "\n", tally->resumed);
	if (tally->own)
		printf("failures left to programs that try again by themselves: %" PRIu64 "\n",
		       tally->own);
	print_invalid(tally);
	print_rows(tally);
	print_breakers(tally);
	print_ids(tally, ids);
}
