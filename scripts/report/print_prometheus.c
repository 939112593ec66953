/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>

/* A label's value: `"` and `\` are escaped; nothing else that a tally holds needs it. */
static void print_label(const char *name, const char *value)
{
	printf("%s=\"", name);
	for (; *value; value++)
		printf(*value == '"' || *value == '\\' ? "\\%c" : "%c", *value);
	putchar('"');
}

static void head(const char *name, const char *type, const char *help)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* name{host="...",method="..." and, if key is not NULL, key="value"} */
static void series(const char *name, const struct tally_row *row, const char *key,
		   const char *value)
{
	printf("%s{", name);
	print_label("host", row->host);
	putchar(',');
	print_label("method", row->method);
	if (key) {
		putchar(',');
		print_label(key, value);
	}
	printf("} ");
}

static void print_attempts(const struct tally *tally)
{
	head("redial_attempts_total", "counter", "Redials and resends that were made.");
	for (size_t i = 0; i < tally->row_count; i++) {
		series("redial_attempts_total", tally->rows[i], NULL, NULL);
		printf("%" PRIu64 "\n", tally->rows[i]->attempts);
	}
}

static void print_outcomes(const struct tally *tally)
{
	static const char *const results[] = {"recovered", "exhausted", "abandoned"};

	head("redial_outcomes_total", "counter", "Rescues that have ended, by result.");
	for (size_t i = 0; i < tally->row_count; i++) {
		const struct tally_row *row = tally->rows[i];
		const uint64_t counts[] = {row->recovered, row->exhausted, row->abandoned};

		for (int j = 0; j < 3; j++) {
			series("redial_outcomes_total", row, "result", results[j]);
			printf("%" PRIu64 "\n", counts[j]);
		}
	}
}

static void print_refusals(const struct tally *tally)
{
	head("redial_refused_total", "counter", "Failures left to the program, by reason.");
	for (size_t i = 0; i < tally->row_count; i++)
		for (int j = 0; j < TALLY_REASONS; j++) {
			const struct tally_row *row = tally->rows[i];

			if (!row->refusals[j])
				continue;
			series("redial_refused_total", row, "reason", tally_reason_name(j));
			printf("%" PRIu64 "\n", row->refusals[j]);
		}
}

static void print_causes(const struct tally *tally)
{
	head("redial_failures_total", "counter", "Failures that were met, by cause.");
	for (size_t i = 0; i < tally->row_count; i++)
		for (int j = 0; j < TALLY_CAUSES; j++) {
			const struct tally_row *row = tally->rows[i];

			if (!row->causes[j])
				continue;
			series("redial_failures_total", row, "cause", tally_cause_name(j));
			printf("%" PRIu64 "\n", row->causes[j]);
		}
}

static void print_seconds(uint64_t ms)
{
	printf("%" PRIu64 ".%03u\n", ms / 1000, (unsigned)(ms % 1000));
}

static void print_added(const struct tally *tally)
{
	head("redial_added_seconds", "summary", "Time that rescues took, however they ended.");
	for (size_t i = 0; i < tally->row_count; i++) {
		const struct tally_row *row = tally->rows[i];

		if (!row->added.count)
			continue;
		series("redial_added_seconds", row, "quantile", "0.5");
		print_seconds(quantile_of(&row->added, 500));
		series("redial_added_seconds", row, "quantile", "0.99");
		print_seconds(quantile_of(&row->added, 990));
		series("redial_added_seconds_sum", row, NULL, NULL);
		print_seconds(row->added.sum);
		series("redial_added_seconds_count", row, NULL, NULL);
		printf("%" PRIu64 "\n", row->added.count);
	}
}

static void print_breakers(const struct tally *tally)
{
	static const char *const states[] = {"open", "half-open", "closed"};

	head("redial_breaker_changes_total", "counter", "Changes of circuit breakers, by state.");
	for (size_t i = 0; i < tally->peer_count; i++) {
		const struct tally_peer *at = &tally->peers[i];
		const uint64_t counts[] = {at->opened, at->half_opened, at->closed};

		for (int j = 0; j < 3; j++) {
			printf("redial_breaker_changes_total{");
			print_label("peer", at->peer);
			putchar(',');
			print_label("state", states[j]);
			printf("} %" PRIu64 "\n", counts[j]);
		}
	}
}

static void print_total(const char *name, const char *help, uint64_t value)
{
	head(name, "counter", help);
	printf("%s %" PRIu64 "\n", name, value);
}

void print_prometheus(const struct tally *tally)
{
	print_total("redial_events_total", "Lines of redial's that were read.", tally->events);
	print_total("redial_dropped_lines_total", "Lines that redial could not deliver.",
		    tally->dropped);
	print_total("redial_invalid_policies_total", "Processes that could not use their policy.",
		    tally->invalid);
	print_attempts(tally);
	print_outcomes(tally);
	print_refusals(tally);
	print_causes(tally);
	print_added(tally);
	print_breakers(tally);
}
