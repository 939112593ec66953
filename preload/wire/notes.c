/* SPDX-License-Identifier: MIT */
#include "notes.h"

#include "../os/arena.h"
#include "../os/mem.h"

/*
 * A note is the place of its option in wire_options and a byte that says what its value is, the
 * value's bytes behind it if they are more: a small int itself, EXACT + the count of bytes, or CUT
 * + their count where all others up to the option's full length are zero. Of the first options that
 * is one byte, from ON on, if the value is the int 1.
 */
enum { ON = WIRE_OPTIONS_MAX, SMALL = 0xc0, EXACT = SMALL, CUT = 0xe0 };

enum { WIRE_NOTES_MORE = 0xff, NOTE_MAX = 2 + WIRE_VALUE_MAX };

/* It may grow once: the smallest memory that there is does for nearly all programs. */
enum { MORE_SIZE = ARENA_BYTES_MIN, MORE_SIZE_MAX = 1024 };

struct wire_notes_more {
	uint16_t len;
	uint16_t size; /* of all this */
	uint8_t bytes[];
};
_Static_assert(EXACT + WIRE_VALUE_MAX < CUT && CUT + WIRE_VALUE_MAX <= 0xff, "a byte tells them");

static struct wire_notes_more *get_more(const struct wire_notes *notes)
{
	struct wire_notes_more *more;
	memcpy(&more, notes->few, sizeof(more));
	return more;
}

static const uint8_t *get_bytes(const struct wire_notes *notes, size_t *len)
{
	if (notes->len == WIRE_NOTES_MORE) {
		const struct wire_notes_more *more = get_more(notes);
		*len = more->len;
		return more->bytes;
	}
	*len = notes->len;
	return notes->few;
}

static size_t write_note(const struct wire_note *note, uint8_t *bytes)
{
	int small = -1;
	size_t len = note->len;
	if (len == sizeof(small))
		memcpy(&small, note->value, sizeof(small));
	if (small == 1 && note->option < 0x100 - ON) {
		bytes[0] = (uint8_t)(ON + note->option);
		return 1;
	}
	bytes[0] = note->option;
	bytes[1] = (uint8_t)small;
	if (small >= 0 && small < SMALL)
		return 2;
	bool whole = len == wire_options[note->option].len;
	while (whole && len && !note->value[len - 1])
		len--;
	bytes[1] = (uint8_t)((whole ? CUT : EXACT) + len);
	memcpy(bytes + 2, note->value, len);
	return 2 + len;
}

/* Returns how many bytes it was. */
static size_t read_note(const uint8_t *bytes, struct wire_note *note)
{
	int small = 1;
	*note = (struct wire_note){.option = bytes[0], .len = sizeof(small)};
	if (bytes[0] >= ON)
		note->option = (uint8_t)(bytes[0] - ON);
	else
		small = bytes[1];
	if (small < SMALL) {
		memcpy(note->value, &small, sizeof(small));
		return bytes[0] >= ON ? 1 : 2;
	}
	bool whole = small >= CUT;
	size_t len = (size_t)small - (whole ? CUT : EXACT);
	note->len = whole ? wire_options[note->option].len : (uint8_t)len;
	memcpy(note->value, bytes + 2, len);
	return 2 + len;
}

bool wire_notes_next(const struct wire_notes *notes, size_t *at, struct wire_note *note)
{
	size_t len;
	const uint8_t *bytes = get_bytes(notes, &len);
	if (*at >= len)
		return false;
	*at += read_note(bytes + *at, note);
	return true;
}

bool wire_notes_have(const struct wire_notes *notes, int option)
{
	struct wire_note note;
	for (size_t at = 0; wire_notes_next(notes, &at, &note);) {
		if (note.option == option)
			return true;
	}
	return false;
}

/* All notes but that of one option. Returns their length; to may be where they are already. */
static size_t copy_but(const struct wire_notes *notes, int option, uint8_t *to)
{
	struct wire_note note;
	size_t len, copied = 0;
	const uint8_t *bytes = get_bytes(notes, &len);
	for (size_t at = 0, next = 0; wire_notes_next(notes, &next, &note); at = next) {
		if (note.option == option)
			continue;
		memmove(to + copied, bytes + at, next - at);
		copied += next - at;
	}
	return copied;
}

/* Memory for so many of them; NULL: there is none, or no more. */
static struct wire_notes_more *make_more(struct wire_notes *notes, size_t size)
{
	struct wire_notes_more *more = size <= MORE_SIZE_MAX ? arena_alloc(size) : NULL;
	if (!more)
		return NULL;
	more->size = (uint16_t)size;
	memcpy(notes->few, &more, sizeof(more));
	notes->len = WIRE_NOTES_MORE;
	return more;
}

/* Where there is room for one more note; NULL: nowhere. */
static struct wire_notes_more *widen(struct wire_notes *notes)
{
	struct wire_notes_more *more = get_more(notes);
	if (sizeof(*more) + more->len + NOTE_MAX <= more->size)
		return more;
	struct wire_notes_more *wider = make_more(notes, (size_t)more->size * 4);
	if (!wider)
		return NULL;
	memcpy(wider->bytes, more->bytes, more->len);
	wider->len = more->len;
	arena_free(more, more->size);
	return wider;
}

bool wire_notes_add(struct wire_notes *notes, const struct wire_note *note)
{
	uint8_t few[WIRE_NOTES_FEW + NOTE_MAX];
	struct wire_notes_more *more;
	size_t len;
	if (notes->len == WIRE_NOTES_MORE) {
		more = widen(notes);
		if (!more)
			return false;
		len = copy_but(notes, note->option, more->bytes);
		more->len = (uint16_t)(len + write_note(note, more->bytes + len));
		return true;
	}
	len = copy_but(notes, note->option, few);
	len += write_note(note, few + len);
	if (len <= sizeof(notes->few)) {
		memcpy(notes->few, few, len);
		notes->len = (uint8_t)len;
		return true;
	}
	more = make_more(notes, MORE_SIZE);
	if (!more)
		return false;
	memcpy(more->bytes, few, len);
	more->len = (uint16_t)len;
	return true;
}

void wire_notes_drop(struct wire_notes *notes)
{
	if (notes->len == WIRE_NOTES_MORE)
		arena_free(get_more(notes), get_more(notes)->size);
	notes->len = 0;
}
