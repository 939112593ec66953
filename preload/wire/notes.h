/* SPDX-License-Identifier: MIT */
/*
 * What a program has set of a socket, to be set again on the one that takes its place: of each
 * option the latest value, in the order in which these were set. The common ones of most programs
 * take few bytes; where they do not do there is more in the arena.
 */
#ifndef REDIAL_WIRE_NOTES_H
#define REDIAL_WIRE_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "option.h"

enum { WIRE_NOTES_FEW = 8 };

/* All zero: nothing was set. */
struct wire_notes {
	uint8_t few[WIRE_NOTES_FEW]; /* the notes, or the address of struct wire_notes_more */
	uint8_t len;		     /* bytes of the notes, or WIRE_NOTES_MORE */
};

/* One of them, as setsockopt was given it. */
struct wire_note {
	uint8_t option; /* its place in wire_options */
	uint8_t len;
	uint8_t value[WIRE_VALUE_MAX];
};

/* Notes that. Returns false if there is no memory: then the notes are as they were. */
bool wire_notes_add(struct wire_notes *notes, const struct wire_note *note);

/* The note at *at, which goes on to the next one; false at their end. *at is 0 for the first. */
bool wire_notes_next(const struct wire_notes *notes, size_t *at, struct wire_note *note);

/* Is there one of this option? */
bool wire_notes_have(const struct wire_notes *notes, int option);

/* Forgets them all, and gives their memory back. */
void wire_notes_drop(struct wire_notes *notes);

#endif
