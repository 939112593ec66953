/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <sys/wait.h>

#include "print.h"

static void put_text(FILE *to, const char *text)
{
	fputc('"', to);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;
		if (byte == '"' || byte == '\\')
			fprintf(to, "\\%c", byte);
		else if (byte < 0x20 || byte >= 0x7f)
			fprintf(to, "\\u%04x", byte);
		else
			fputc(byte, to);
	}
	fputc('"', to);
}

static void put_key(FILE *to, const char *key, const char *text)
{
	fprintf(to, ", \"%s\": ", key);
	put_text(to, text);
}

static void put_rows(FILE *to, const struct sums *sums)
{
	for (size_t i = 0; i < sums->row_count; i++) {
		const struct row *row = &sums->rows[i];
		fprintf(to, "%s\n  {\"kind\": ", i ? "," : "");
		put_text(to, fault_name(row->fault));
		put_key(to, "method", row->method);
		put_key(to, "host", row->host);
		fprintf(to, ", \"made\": %zu, \"saved\": %zu, \"given\": %zu", row->made,
			row->saved, row->given);
		put_key(to, "why", row->why);
		fputc('}', to);
	}
}

static void put_faults(FILE *to, const struct rehearsed *r)
{
	for (size_t i = 0; i < r->list->count; i++) {
		const struct made *made = &r->list->all[i];
		fprintf(to, "%s\n  {\"at_ms\": %" PRId64, i ? "," : "",
			made->time_ms - r->start_ms);
		put_key(to, "kind", fault_name(made->fault));
		put_key(to, "method", made->method);
		put_key(to, "host", made->host);
		put_key(to, "path", made->path);
		fprintf(to, ", \"pid\": %" PRIu32 ", \"saved\": %s", made->pid,
			made->fate == FATE_SAVED ? "true" : "false");
		if (made->fate == FATE_SAVED)
			fprintf(to, ", \"added_ms\": %" PRIu64 "}", made->added_ms);
		else {
			put_key(to, "reason", made->reason);
			fputc('}', to);
		}
	}
}

void print_json(FILE *to, const struct rehearsed *r)
{
	char end[128];

	tell_end(&r->end, end, sizeof(end));
	fprintf(to, "{\"command\": [");
	for (char **word = r->options->command; *word; word++) {
		fputs(word == r->options->command ? "" : ", ", to);
		put_text(to, *word);
	}
	fprintf(to, "], \"bare\": %s, \"started_ms\": %" PRId64 ", \"lasted_ms\": %" PRId64,
		r->options->bare ? "true" : "false", r->start_ms, r->end_ms - r->start_ms);
	put_key(to, "ended", end);
	fprintf(to,
		",\n \"requests\": %" PRIu64 ", \"reused\": %" PRIu64 ", \"connections\": %" PRIu64,
		r->counts.requests, r->counts.reused, r->counts.connections);
	fprintf(to, ", \"tls\": %" PRIu64 ", \"http2\": %" PRIu64, r->counts.secured,
		r->counts.http2);
	fprintf(to, ",\n \"made\": %zu, \"saved\": %zu, \"given\": %zu, \"lost\": %zu",
		r->sums.made, r->sums.saved, r->sums.given, r->sums.due);
	fprintf(to, ", \"added_median_ms\": %" PRIu64 ", \"added_max_ms\": %" PRIu64,
		r->sums.added_median_ms, r->sums.added_max_ms);
	fprintf(to, ",\n \"status\": %d", r->status);
	put_key(to, "judgement", r->judgement);
	fputs(",\n \"rows\": [", to);
	put_rows(to, &r->sums);
	fputs("],\n \"faults\": [", to);
	put_faults(to, r);
	fputs("]}\n", to);
}
