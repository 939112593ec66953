/* SPDX-License-Identifier: MIT */
/*
 * Children that a program makes while watchers lie at its numbers. A child has copies of all
 * descriptors, but not of what is known of them (arena.h), or no right to it. It puts the sockets
 * to their numbers itself, before it does anything else: its parent's rescues go on undisturbed.
 *
 * What is to be done is noted before the child is made, since nobody else can tell it. Each note is
 * held to what the kernel says before the child acts on it: other threads go on meanwhile, and the
 * child's descriptors are those of one moment, its memory that of another.
 */
#ifndef REDIAL_HEIRS_H
#define REDIAL_HEIRS_H

#include <stdbool.h>

#include "../conn/conn.h"

struct heirs;

/*
 * Notes where watchers lie. NULL if there are none, or no memory; the program's own process only.
 * Called with no connection locked, at most for a moment each is locked by it. Async-signal-safe,
 * as all here.
 */
struct heirs *rescue_heirs_note(void);

/*
 * In the child: puts the sockets to their numbers. `alone`: it has its parent's memory as a copy of
 * its own, and goes on with that; then it also closes its copies of a rescue's descriptors, which
 * would keep connections open, and forgets that any watcher was placed.
 */
void rescue_heirs_settle(const struct heirs *heirs, bool alone);

/* Is this not the process that noted them? */
bool rescue_heirs_are_elsewhere(const struct heirs *heirs);

/* Frees them; NULL is fine. In parent and child, or in one if they share the memory. */
void rescue_heirs_free(struct heirs *heirs);

/*
 * A watcher is about to take conn's numbers, its rescue's descriptors being all there: for children
 * that are just being made. Called with the connection locked.
 */
void rescue_tell_heirs(const struct conn *conn);

#endif
