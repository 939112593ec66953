/* SPDX-License-Identifier: MIT */
#include "rate_limit.h"

#include "number.h"
#include "take.h"

/* One limit of the list, as far as it was read. */
struct limit {
	bool begun;
	bool timed;
	bool has_left;
	int64_t left;
	uint32_t ms;
};

bool rate_limit_is(struct http1_text value)
{
	for (size_t i = 0; i < value.len; i++) {
		if (value.text[i] == '=')
			return true;
	}
	return false;
}

static void skip_spaces(struct http1_text *text)
{
	while (take(text, " ") || take(text, "\t"))
		;
}

/* What comes before the next of these, but for what is in quotes; and what it was. */
static struct http1_text take_until(struct http1_text *text, char *separator)
{
	const char *from = text->text;
	bool quoted = false;
	*separator = '\0';
	for (; text->len && !*separator; text->text++, text->len--) {
		char byte = *text->text;
		quoted ^= byte == '"';
		if (!quoted && (byte == ';' || byte == ','))
			*separator = byte;
	}
	size_t len = (size_t)(text->text - from) - (*separator != '\0');
	while (len && (from[len - 1] == ' ' || from[len - 1] == '\t'))
		len--;
	return (struct http1_text){from, len};
}

/* false: there is a limit of which it is not told when it ends. */
static bool end_limit(struct rate_limit *sum, struct limit *limit)
{
	bool exhausted = !limit->has_left || !limit->left;
	uint32_t *ms = exhausted ? &sum->exhausted_ms : &sum->others_ms;
	bool known = !limit->begun || limit->timed || !exhausted;
	if (limit->timed && *ms < limit->ms)
		*ms = limit->ms;
	sum->is_exhausted |= limit->timed && exhausted;
	*limit = (struct limit){0};
	return known;
}

static bool take_parameter(struct limit *limit, struct http1_text text)
{
	if (take(&text, "t=") || take(&text, "reset=")) {
		limit->timed = true;
		limit->ms = http1_seconds_ms(text);
		return limit->ms != UINT32_MAX;
	}
	if (!take(&text, "r=") && !take(&text, "remaining="))
		return true;
	limit->has_left = true;
	return take_number(&text, 0, &limit->left) && !text.len;
}

bool rate_limit_add(struct rate_limit *sum, struct http1_text value)
{
	struct limit limit = {0};
	char before = ',', separator;
	while (value.len) {
		skip_spaces(&value);
		struct http1_text piece = take_until(&value, &separator);
		/* The list's next member; the older form has the parameters alone, with commas. */
		if (before == ',' && !rate_limit_is(piece) && !end_limit(sum, &limit))
			return false;
		limit.begun |= piece.len != 0;
		if (!take_parameter(&limit, piece))
			return false;
		before = separator;
	}
	return end_limit(sum, &limit);
}

uint32_t rate_limit_ms(const struct rate_limit *sum, bool limited)
{
	if (sum->is_exhausted)
		return sum->exhausted_ms;
	return limited ? sum->others_ms : 0;
}
