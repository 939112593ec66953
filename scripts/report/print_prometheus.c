/* SPDX-License-Identifier: MIT */
#include "print.h"

#include <inttypes.h>
#include <stdio.h>

#include "../prometheus/text.h"

/* name{host="...",method="..." and, if key is not NULL, key="value"} */
static void series(const char *name, const struct tally_row *row, const char *key,
		   const char *value)
{
	printf("%s{", name);
	prometheus_label(stdout, "host", row->host);
	putchar(',');
	prometheus_label(stdout, "method", row->method);
	if (key) {
		putchar(',');
		prometheus_label(stdout, key, value);
	}
	printf("} ");
}

static void print_attempts(const struct tally *tally)
{
	prometheus_head(stdout, PROMETHEUS_ATTEMPTS, "counter", PROMETHEUS_ATTEMPTS_HELP);
	for (size_t i = 0; i < tally->row_count; i++) {
		series(PROMETHEUS_ATTEMPTS, tally->rows[i], NULL, NULL);
		printf("%" PRIu64 "\n", tally->rows[i]->attempts);
	}
}

static void print_outcomes(const struct tally *tally)
{
	static const char *const results[] = {"recovered", "exhausted", "abandoned"};

	prometheus_head(stdout, PROMETHEUS_OUTCOMES, "counter", PROMETHEUS_OUTCOMES_HELP);
	for (size_t i = 0; i < tally->row_count; i++) {
		const struct tally_row *row = tally->rows[i];
		const uint64_t counts[] = {row->recovered, row->exhausted, row->abandoned};

		for (int j = 0; j < 3; j++) {
			series(PROMETHEUS_OUTCOMES, row, "result", results[j]);
			printf("%" PRIu64 "\n", counts[j]);
		}
	}
}

static void print_refusals(const struct tally *tally)
{
	prometheus_head(stdout, PROMETHEUS_REFUSED, "counter", PROMETHEUS_REFUSED_HELP);
	for (size_t i = 0; i < tally->row_count; i++)
		for (int j = 0; j < TALLY_REASONS; j++) {
			const struct tally_row *row = tally->rows[i];

			if (!row->refusals[j])
				continue;
			series(PROMETHEUS_REFUSED, row, "reason", tally_reason_name(j));
			printf("%" PRIu64 "\n", row->refusals[j]);
		}
}

static void print_causes(const struct tally *tally)
{
	prometheus_head(stdout, "redial_failures_total", "counter",
			"Failures that were met, by cause.");
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
	prometheus_head(stdout, "redial_added_seconds", "summary",
			"Time that rescues took, however they ended.");
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

	prometheus_head(stdout, "redial_breaker_changes_total", "counter",
			"Changes of circuit breakers, by state.");
	for (size_t i = 0; i < tally->peer_count; i++) {
		const struct tally_peer *at = &tally->peers[i];
		const uint64_t counts[] = {at->opened, at->half_opened, at->closed};

		for (int j = 0; j < 3; j++) {
			printf("redial_breaker_changes_total{");
			prometheus_label(stdout, "peer", at->peer);
			putchar(',');
			prometheus_label(stdout, "state", states[j]);
			printf("} %" PRIu64 "\n", counts[j]);
		}
	}
}

static void print_total(const char *name, const char *help, uint64_t value)
{
	prometheus_head(stdout, name, "counter", help);
	printf("%s %" PRIu64 "\n", name, value);
}

void print_prometheus(const struct tally *tally)
{
	print_total("redial_events_total", "Lines of redial's that were read.", tally->events);
	print_total("redial_dropped_lines_total", "Lines that redial could not deliver.",
		    tally->dropped);
	print_total("redial_rehearsed_failures_total", "Failures that a rehearsal made.",
		    tally->rehearsed);
	print_total("redial_resumed_responses_total", "Responses that broke off and went on.",
		    tally->resumed);
	print_total("redial_program_retries_total",
		    "Failures left to programs that try again by themselves.", tally->own);
	print_total("redial_invalid_policies_total", "Processes that could not use their policy.",
		    tally->invalid);
	print_attempts(tally);
	print_outcomes(tally);
	print_refusals(tally);
	print_causes(tally);
	print_added(tally);
	print_breakers(tally);
}
