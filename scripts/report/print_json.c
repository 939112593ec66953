/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>

#include "stamp.h"

/* Everything that a tally holds is printable ASCII. */
static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++)
		printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	putchar('"');
}

static void print_time(const char *key, bool timed, int64_t ms)
{
	char text[STAMP_MAX];

	stamp_write(ms, text);
	if (timed)
		printf("  \"%s\": \"%s\",\n", key, text);
	else
		printf("  \"%s\": null,\n", key);
}

static void print_counts(const char *key, const uint64_t *counts, int count,
			 const char *(*name)(int))
{
	const char *comma = "";

	printf("      \"%s\": {", key);
	for (int i = 0; i < count; i++) {
		if (!counts[i])
			continue;
		printf("%s\"%s\": %" PRIu64, comma, name(i), counts[i]);
		comma = ", ";
	}
	puts("},");
}

static void print_row(const struct tally_row *row)
{
	const struct quantile *added = &row->added;

	printf("    {\n      \"host\": ");
	print_text(row->host);
	printf(",\n      \"method\": ");
	print_text(row->method);
	printf(",\n      \"requests\": %" PRIu64 ",\n", tally_touched(row));
	printf("      \"attempts\": %" PRIu64 ",\n", row->attempts);
	printf("      \"recovered\": %" PRIu64 ",\n", row->recovered);
	printf("      \"exhausted\": %" PRIu64 ",\n", row->exhausted);
	printf("      \"abandoned\": %" PRIu64 ",\n", row->abandoned);
	printf("      \"refused\": %" PRIu64 ",\n", row->refused);
	print_counts("causes", row->causes, TALLY_CAUSES, tally_cause_name);
	print_counts("refused_reasons", row->refusals, TALLY_REASONS, tally_reason_name);
	print_counts("exhausted_reasons", row->exhaustions, TALLY_REASONS, tally_reason_name);
	printf("      \"added_ms\": {\"count\": %" PRIu64 ", \"sum\": %" PRIu64, added->count,
	       added->sum);
	printf(", \"median\": %" PRIu64 ", \"p99\": %" PRIu64 ", \"max\": %" PRIu64 "}\n    }",
	       quantile_of(added, 500), quantile_of(added, 990), added->max);
}

/* What follows an element of a list; and its end. */
static const char *comma_of(size_t i, size_t count)
{
	return i + 1 < count ? ",\n" : "\n";
}

static void print_breakers(const struct tally *tally)
{
	puts("  \"breakers\": [");
	for (size_t i = 0; i < tally->peer_count; i++) {
		const struct tally_peer *at = &tally->peers[i];

		printf("    {\"peer\": ");
		print_text(at->peer);
		printf(", \"opened\": %" PRIu64 ", \"half_open\": %" PRIu64, at->opened,
		       at->half_opened);
		printf(", \"closed\": %" PRIu64 "}%s", at->closed, comma_of(i, tally->peer_count));
	}
	puts("  ],");
}

static void print_ids(const struct tally *tally, size_t ids)
{
	const struct busy_id *top[PRINT_TOP_MAX];
	size_t count = busy_top(&tally->busy, top, ids);

	puts("  \"request_ids\": [");
	for (size_t i = 0; i < count; i++) {
		printf("    {\"request_id\": ");
		print_text(top[i]->id);
		printf(", \"failures\": %" PRIu64 ", \"trace_id\": ", top[i]->count - top[i]->over);
		if (*top[i]->trace)
			print_text(top[i]->trace);
		else
			printf("null");
		printf("}%s", comma_of(i, count));
	}
	printf("  ],\n  \"request_ids_exact\": %s,\n", tally->busy.exact ? "true" : "false");
}

static void print_invalid(const struct tally *tally)
{
	if (!tally->invalid) {
		puts("  \"invalid_policies\": null");
		return;
	}
	printf("  \"invalid_policies\": {\"count\": %" PRIu64 ", \"file\": ", tally->invalid);
	print_text(tally->invalid_file);
	printf(", \"line\": ");
	print_text(tally->invalid_line);
	printf(", \"error\": ");
	print_text(tally->invalid_error);
	puts("}");
}

void print_json(const struct tally *tally, size_t ids)
{
	printf("{\n  \"lines\": %" PRIu64 ",\n  \"events\": %" PRIu64 ",\n", tally->lines,
	       tally->events);
	printf("  \"damaged\": %" PRIu64 ",\n  \"dropped\": %" PRIu64 ",\n", tally->damaged,
	       tally->dropped);
	printf("  \"rehearsed\": %" PRIu64 ",\n  \"resumed\": %" PRIu64 ",\n", tally->rehearsed,
	       tally->resumed);
	printf("  \"program_retries\": %" PRIu64 ",\n", tally->own);
	print_time("from", tally->timed, tally->first_ms);
	print_time("to", tally->timed, tally->last_ms);
	puts("  \"rows\": [");
	for (size_t i = 0; i < tally->row_count; i++) {
		print_row(tally->rows[i]);
		printf("%s", comma_of(i, tally->row_count));
	}
	puts("  ],");
	print_breakers(tally);
	print_ids(tally, ids);
	print_invalid(tally);
	puts("}");
}
