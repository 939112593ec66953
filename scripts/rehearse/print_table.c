/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "print.h"

static int width_of(const struct sums *sums)
{
	size_t width = 4;

	for (size_t i = 0; i < sums->row_count; i++)
		if (strlen(sums->rows[i].host) > width)
			width = strlen(sums->rows[i].host);
	return width > 32 ? 32 : (int)width;
}

static void print_rows(FILE *to, const struct sums *sums)
{
	int width = width_of(sums);

	fprintf(to, "\n%-8s %-7s %-*s %6s %6s %6s  %s\n", "fault", "method", width, "host", "made",
		"saved", "given", "why");
	for (size_t i = 0; i < sums->row_count; i++) {
		const struct row *row = &sums->rows[i];
		fprintf(to, "%-8s %-7s %-*.32s %6zu %6zu %6zu%s%s\n", fault_name(row->fault),
			*row->method ? row->method : "-", width, *row->host ? row->host : "-",
			row->made, row->saved, row->given, *row->why ? "  " : "", row->why);
	}
	if (sums->saved)
		fprintf(to, "\ntime added    median %" PRIu64 " ms, largest %" PRIu64 " ms\n",
			sums->added_median_ms, sums->added_max_ms);
}

void print_table(FILE *to, const struct rehearsed *r)
{
	char end[128];

	tell_end(&r->end, end, sizeof(end));
	fprintf(to, "\nrehearsal%s of %s: %.1f s\n", r->options->bare ? " (bare)" : "",
		r->options->command[0], (double)(r->end_ms - r->start_ms) / 1000);
	fprintf(to, "requests      %" PRIu64 ", of them on used connections %" PRIu64 "\n",
		r->counts.requests, r->counts.reused);
	if (r->counts.secured)
		fprintf(to,
			"TLS           %" PRIu64 " connections, on which stale alone is made; "
			"may speak HTTP/2, and left alone: %" PRIu64 "\n",
			r->counts.secured, r->counts.http2);
	if (r->sums.made)
		print_rows(to, &r->sums);
	fprintf(to, "%sthe command   %s\n\n%s\n", r->sums.saved ? "" : "\n", end, r->judgement);
}
