/* SPDX-License-Identifier: MIT */
/* Taking a field's value to pieces from its start: each takes what it finds, or returns false. */
#ifndef REDIAL_HTTP1_TAKE_H
#define REDIAL_HTTP1_TAKE_H

#include "http1.h"

/*
 * Takes `count` digits, or as many as there are if count is 0; a number larger than any we need
 * stays that. Returns false if there are none.
 */
static inline bool take_number(struct http1_text *text, size_t count, int64_t *number)
{
	size_t i = 0;
	*number = 0;
	while (i < text->len && text->text[i] >= '0' && text->text[i] <= '9' &&
	       (!count || i < count)) {
		if (*number < INT64_MAX / 10)
			*number = *number * 10 + text->text[i] - '0';
		i++;
	}
	text->text += i;
	text->len -= i;
	return i && (!count || i == count);
}

static inline bool take(struct http1_text *text, const char *word)
{
	size_t i = 0;
	while (word[i] && i < text->len && text->text[i] == word[i])
		i++;
	if (word[i])
		return false;
	text->text += i;
	text->len -= i;
	return true;
}

#endif
