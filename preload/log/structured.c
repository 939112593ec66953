/* SPDX-License-Identifier: MIT */
#include "structured.h"

#include <stdbool.h>

/* One field's way from event to line; nothing is put once something did not fit. */
struct passage {
	const char *at;
	const char *end;
	struct log_line *line;
	bool fits;
};

/* One byte is kept for the bracket at the end. */
static void put(struct passage *passage, char c)
{
	struct log_line *line = passage->line;
	passage->fits &= line->len + 1 < sizeof(line->text);
	if (passage->fits)
		line->text[line->len++] = c;
}

static void put_text(struct passage *passage, const char *text)
{
	while (*text)
		put(passage, *text++);
}

/* PARAM-VALUE, section 6.3.3: `"`, `\` and `]` have a backslash in front, nothing else has. */
static void put_value_char(struct passage *passage, char c)
{
	if (c == '"' || c == '\\' || c == ']')
		put(passage, '\\');
	put(passage, c);
}

/* Behind the opening quote; leaves the place behind the closing one. false if there is none. */
static bool put_quoted(struct passage *passage)
{
	while (passage->at < passage->end && *passage->at != '"') {
		const char *next = passage->at + 1;
		if (*passage->at == '\\' && next < passage->end && (*next == '"' || *next == '\\'))
			passage->at++;
		put_value_char(passage, *passage->at++);
	}
	return passage->at++ < passage->end;
}

static bool put_bare(struct passage *passage)
{
	while (passage->at < passage->end && *passage->at != ' ')
		put_value_char(passage, *passage->at++);
	return true;
}

/* " key=value" or, for the first one, "key=value". */
static void put_field(struct passage *passage)
{
	size_t len = passage->line->len;
	passage->fits = true;
	put(passage, ' ');
	while (passage->at < passage->end && *passage->at != '=')
		put(passage, *passage->at++);
	bool whole = passage->at++ < passage->end;
	put_text(passage, "=\"");
	bool quoted = passage->at < passage->end && *passage->at == '"';
	passage->at += quoted;
	whole &= quoted ? put_quoted(passage) : put_bare(passage);
	put(passage, '"');
	if (!whole || !passage->fits)
		passage->line->len = len;
	passage->at++;
}

void line_put_structured(struct log_line *line, const struct log_line *event)
{
	struct passage passage = {event->text, event->text + event->len, line, true};
	line_put(line, "[redial@32473");
	while (passage.at < passage.end)
		put_field(&passage);
	line_put(line, "]");
}

void line_put_hostname(struct log_line *line, const char *name)
{
	const char *end = name;
	while (*end > ' ' && *end < 0x7f)
		end++;
	line_put(line, end == name || *end ? "-" : name);
}

void line_put_msgid(struct log_line *line, const struct log_line *event)
{
	struct passage passage = {event->text, event->text + event->len, line, true};
	while (passage.at < passage.end && *passage.at++ != '=')
		;
	while (passage.at < passage.end && *passage.at != ' ')
		put(&passage, *passage.at++);
}
