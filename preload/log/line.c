/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdbool.h>

static void put_char(struct log_line *line, char c)
{
	if (line->len < sizeof(line->text))
		line->text[line->len++] = c;
}

void line_put(struct log_line *line, const char *text)
{
	while (*text)
		put_char(line, *text++);
}

void line_put_padded(struct log_line *line, uint64_t number, int digits)
{
	char reversed[20];
	int count = 0;
	do
		reversed[count++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (digits-- > count)
		put_char(line, '0');
	while (count)
		put_char(line, reversed[--count]);
}

void line_put_number(struct log_line *line, uint64_t number)
{
	line_put_padded(line, number, 1);
}

void line_put_ipv4(struct log_line *line, const uint8_t address[4])
{
	for (int i = 0; i < 4; i++) {
		if (i)
			put_char(line, '.');
		line_put_number(line, address[i]);
	}
}

static char hex_digit(unsigned value)
{
	return "0123456789abcdef"[value & 15];
}

static void put_hex(struct log_line *line, unsigned value)
{
	bool begun = false;
	for (int shift = 12; shift >= 0; shift -= 4) {
		unsigned digit = value >> shift & 15;
		begun |= digit || shift == 0;
		if (begun)
			put_char(line, hex_digit(digit));
	}
}

/* The longest run of two or more zero groups, as RFC 5952 section 4.2 shortens it. */
static int longest_zero_run(const unsigned groups[8], int *length)
{
	int best = -1;
	*length = 1;
	for (int i = 0; i < 8; i++) {
		int end = i;
		while (end < 8 && !groups[end])
			end++;
		if (end - i > *length) {
			best = i;
			*length = end - i;
		}
	}
	return best;
}

void line_put_ipv6(struct log_line *line, const uint8_t address[16])
{
	unsigned groups[8];
	int run_length;
	for (int i = 0; i < 8; i++)
		groups[i] = (unsigned)address[2 * i] << 8 | address[2 * i + 1];
	int run = longest_zero_run(groups, &run_length);
	if (run == 0 && run_length == 5 && groups[5] == 0xffff) {
		line_put(line, "::ffff:");
		line_put_ipv4(line, address + 12);
		return;
	}
	for (int i = 0; i < 8; i++) {
		if (i == run) {
			line_put(line, "::");
			i += run_length - 1;
			continue;
		}
		if (i && i != run + run_length)
			put_char(line, ':');
		put_hex(line, groups[i]);
	}
}

static void put_escaped(struct log_line *line, unsigned char c)
{
	if (c == '"' || c == '\\')
		put_char(line, '\\');
	if (c >= ' ' && c < 0x7f) {
		put_char(line, (char)c);
		return;
	}
	line_put(line, "\\x");
	put_char(line, hex_digit(c >> 4));
	put_char(line, hex_digit(c));
}

static bool needs_quotes(const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;
		/* An apostrophe opens a quotation to some readers. */
		if (c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\' || c == '=')
			return true;
	}
	return false;
}

static void put_key(struct log_line *line, const char *key)
{
	put_char(line, ' ');
	line_put(line, key);
	put_char(line, '=');
}

void line_put_text(struct log_line *line, const char *key, const char *value)
{
	if (!*value)
		return;
	put_key(line, key);
	if (!needs_quotes(value)) {
		line_put(line, value);
		return;
	}
	put_char(line, '"');
	for (; *value; value++)
		put_escaped(line, (unsigned char)*value);
	put_char(line, '"');
}

void line_put_key_number(struct log_line *line, const char *key, uint64_t number)
{
	put_key(line, key);
	line_put_number(line, number);
}

void line_begin(struct log_line *line, const char *event)
{
	line->len = 0;
	line_put(line, "event=");
	line_put(line, event);
}
