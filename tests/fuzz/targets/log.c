/* SPDX-License-Identifier: MIT */
/* Any line of a log is redial's or not, and what is found in it lies in it, fit for a terminal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../../scripts/report/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct entry *entry, const char *text, size_t size)
{
	for (int i = 0; i < ENTRY_FIELD_COUNT; i++) {
		const char *field = entry->field[i];
		if (*field && (field < text || field > text + size))
			abort();
		for (const char *at = field; *at; at++)
			if (*at < ' ' || *at > '~')
				abort();
		entry_number(entry, (enum entry_field)i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	if (!text)
		abort();
	for (size_t at = 0; at < size;) {
		struct entry entry;
		const uint8_t *end = memchr(data + at, '\n', size - at);
		size_t len = end ? (size_t)(end - data) - at : size - at;
		memcpy(text, data + at, len);
		text[len] = '\0';
		if (entry_read(&entry, text, INT64_C(1764000000000)))
			check(&entry, text, len);
		at += len + 1;
	}
	free(text);
	return 0;
}
