/* SPDX-License-Identifier: MIT */
/* One page without a script, and without anything that is fetched: it can be mailed. */
#include <inttypes.h>
#include <time.h>

#include "print.h"

/* The plot: so many bars, in a drawing of so many units. */
enum { BARS = 60, WIDTH = 720, HEIGHT = 180, LEFT = 40, BOTTOM = 24, TOP = 8 };

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<title>redial rehearse</title>\n<style>\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;"
    "color:#222;background:#fff}\n"
    "table{border-collapse:collapse}th,td{padding:.2rem .8rem;border-bottom:1px solid #ddd;"
    "text-align:left}td.n,th.n{text-align:right}\n"
    ".judgement{padding:.8rem 1rem;border-left:6px solid #888;background:#f4f4f4}\n"
    ".judgement.s0{border-color:#2a7d46}.judgement.s1{border-color:#b3261e}\n"
    "svg{width:100%;height:auto}svg text{font-size:11px;fill:#555}\n"
    ".saved{fill:#2a7d46}.given{fill:#b3261e}\n"
    "</style></head><body>\n";

static void put(FILE *to, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", to);
			break;
		case '<':
			fputs("&lt;", to);
			break;
		case '>':
			fputs("&gt;", to);
			break;
		case '"':
			fputs("&quot;", to);
			break;
		default:
			fputc((unsigned char)*text < 0x20 ? ' ' : *text, to);
		}
	}
}

struct bars {
	size_t saved[BARS], given[BARS], highest;
};

static void count_bars(struct bars *bars, const struct rehearsed *r)
{
	int64_t lasted = r->end_ms > r->start_ms ? r->end_ms - r->start_ms : 1;

	for (size_t i = 0; i < r->list->count; i++) {
		const struct made *made = &r->list->all[i];
		int64_t at = (made->time_ms - r->start_ms) * BARS / lasted;
		at = at < 0 ? 0 : at >= BARS ? BARS - 1 : at;
		(made->fate == FATE_SAVED ? bars->saved : bars->given)[at]++;
		size_t height = bars->saved[at] + bars->given[at];
		bars->highest = height > bars->highest ? height : bars->highest;
	}
}

static void put_bar(FILE *to, const char *class, int bar, double below, double height)
{
	double step = (double)(WIDTH - LEFT) / BARS;

	if (height > 0)
		fprintf(
		    to,
		    "<rect class=\"%s\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\"/>\n",
		    class, LEFT + bar * step, HEIGHT - BOTTOM - below - height, step - 1, height);
}

static void put_plot(FILE *to, const struct rehearsed *r)
{
	struct bars bars = {0};
	double seconds = (double)(r->end_ms - r->start_ms) / 1000;

	count_bars(&bars, r);
	double unit = (double)(HEIGHT - TOP - BOTTOM) / (double)(bars.highest ? bars.highest : 1);
	fprintf(to,
		"<h2>Over time</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" "
		"aria-label=\"failures made over time: saved, and given to the program\">\n",
		WIDTH, HEIGHT);
	for (int i = 0; i < BARS; i++) {
		double saved = (double)bars.saved[i] * unit;
		put_bar(to, "saved", i, 0, saved);
		put_bar(to, "given", i, saved, (double)bars.given[i] * unit);
	}
	fprintf(to, "<path d=\"M%d %dV%dH%d\" fill=\"none\" stroke=\"#888\"/>\n", LEFT, TOP,
		HEIGHT - BOTTOM, WIDTH);
	fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%zu</text>\n", LEFT - 4, TOP + 9,
		bars.highest);
	fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">0</text>\n", LEFT - 4,
		HEIGHT - BOTTOM);
	for (int i = 0; i <= 4; i++)
		fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%.1f s</text>\n",
			LEFT + (WIDTH - LEFT) * i / 4, HEIGHT - 6,
			i == 0	 ? "start"
			: i == 4 ? "end"
				 : "middle",
			seconds * i / 4);
	fputs(
	    "</svg>\n<p><svg viewBox=\"0 0 10 10\" style=\"width:.7em\"><rect class=\"saved\" "
	    "width=\"10\" height=\"10\"/></svg> saved by redial\n&nbsp; <svg viewBox=\"0 0 10 10\" "
	    "style=\"width:.7em\"><rect class=\"given\" width=\"10\" height=\"10\"/></svg> given "
	    "to "
	    "the program</p>\n",
	    to);
}

static void put_rows(FILE *to, const struct sums *sums)
{
	fputs("<h2>Failures made</h2>\n<table><thead><tr><th>fault<th>method<th>host<th "
	      "class=\"n\">made"
	      "<th class=\"n\">saved<th class=\"n\">given<th>why</tr></thead><tbody>\n",
	      to);
	for (size_t i = 0; i < sums->row_count; i++) {
		const struct row *row = &sums->rows[i];
		fprintf(to, "<tr><td>%s<td>", fault_name(row->fault));
		put(to, *row->method ? row->method : "-");
		fputs("<td>", to);
		put(to, *row->host ? row->host : "-");
		fprintf(to, "<td class=\"n\">%zu<td class=\"n\">%zu<td class=\"n\">%zu<td>",
			row->made, row->saved, row->given);
		put(to, row->why);
		fputs("</tr>\n", to);
	}
	fputs("</tbody></table>\n", to);
}

static void put_facts(FILE *to, const struct rehearsed *r)
{
	char end[128], day[64];
	time_t start = (time_t)(r->start_ms / 1000);
	struct tm broken;

	tell_end(&r->end, end, sizeof(end));
	strftime(day, sizeof(day), "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&start, &broken));
	fprintf(to, "<p>%s, %.1f s. Requests: %" PRIu64 ", on used connections: %" PRIu64 ".", day,
		(double)(r->end_ms - r->start_ms) / 1000, r->counts.requests, r->counts.reused);
	if (r->counts.secured)
		fprintf(to, " TLS connections: %" PRIu64 ", that may speak HTTP/2: %" PRIu64 ".",
			r->counts.secured, r->counts.http2);
	if (r->sums.saved)
		fprintf(to, " Time added: median %" PRIu64 " ms, largest %" PRIu64 " ms.",
			r->sums.added_median_ms, r->sums.added_max_ms);
	fputs(" The command: ", to);
	put(to, end);
	fputs(".</p>\n", to);
}

void print_html(FILE *to, const struct rehearsed *r)
{
	fputs(head, to);
	fprintf(to, "<h1>Rehearsal%s</h1>\n<p><code>", r->options->bare ? " without redial" : "");
	for (char **word = r->options->command; *word; word++) {
		fputs(word == r->options->command ? "" : " ", to);
		put(to, *word);
	}
	fprintf(to, "</code></p>\n<p class=\"judgement s%d\">", r->status);
	put(to, r->judgement);
	fputs("</p>\n", to);
	put_facts(to, r);
	if (r->sums.made) {
		put_plot(to, r);
		put_rows(to, &r->sums);
	}
	fputs("</body></html>\n", to);
}
