/* SPDX-License-Identifier: MIT */
#include "http1.h"
#include "scan.h"

static const struct http1_text nothing = {"", 0};

/* The next LF from `at` on, or end; bytes from head on may be read. */
static const char *line_feed(const char *at, const char *head, const char *end)
{
	for (;;) {
		at = scan(at, head, end, SCAN_LINE);
		if (!at || *at == '\n')
			return at ? at : end;
		at++;
	}
}

/* Lines end with LF; a CR before it is not part of them. */
static struct http1_text line_until(const char *at, const char *feed)
{
	size_t len = (size_t)(feed - at);
	if (len > 0 && at[len - 1] == '\r')
		len--;
	return (struct http1_text){at, len};
}

/* The word of the request line after so many spaces. */
static struct http1_text request_word(const char *head, size_t len, int spaces)
{
	struct http1_text line = line_until(head, line_feed(head, head, head + len));
	size_t from = 0;
	for (; spaces > 0 && from < line.len; from++)
		spaces -= line.text[from] == ' ';
	size_t to = from;
	while (to < line.len && line.text[to] != ' ')
		to++;
	return to > from ? (struct http1_text){line.text + from, to - from} : nothing;
}

struct http1_text http1_head_method(const char *head, size_t len)
{
	return request_word(head, len, 0);
}

struct http1_text http1_head_target(const char *head, size_t len)
{
	return request_word(head, len, 1);
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

/* How long the name and its colon are, if the line begins with them; else 0. */
static size_t name_len(struct http1_text line, const char *name)
{
	size_t i = 0;
	for (; name[i] != '\0'; i++) {
		if (i == line.len || lower(line.text[i]) != lower(name[i]))
			return 0;
	}
	return i > 0 && i < line.len && line.text[i] == ':' ? i + 1 : 0;
}

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\t';
}

static struct http1_text trim(struct http1_text text)
{
	while (text.len > 0 && is_space(text.text[text.len - 1]))
		text.len--;
	for (; text.len > 0 && is_space(*text.text); text.text++)
		text.len--;
	return text;
}

bool http1_head_find(const char *head, size_t len, const char *name, struct http1_text *value)
{
	const char *end = head + len;
	const char *feed = line_feed(head, head, end);
	while (end - feed > 1) {
		const char *at = feed + 1;
		feed = line_feed(at, head, end);
		struct http1_text line = line_until(at, feed);
		if (line.len == 0)
			break;
		size_t skip = name_len(line, name);
		if (skip == 0)
			continue;
		*value = trim((struct http1_text){line.text + skip, line.len - skip});
		return true;
	}
	return false;
}

struct http1_text http1_head_value(const char *head, size_t len, const char *name)
{
	struct http1_text value = nothing;
	http1_head_find(head, len, name, &value);
	return value;
}

bool http1_head_has(const char *head, size_t len, const char *name)
{
	struct http1_text value;
	return http1_head_find(head, len, name, &value);
}
