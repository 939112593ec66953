/* SPDX-License-Identifier: MIT */
/* What lies at the program's descriptor number while, and after, a connection is replaced. */
#ifndef REDIAL_RESCUE_PLACE_H
#define REDIAL_RESCUE_PLACE_H

#include "../conn/conn.h"

/* Puts a watcher there and the dead socket aside. Returns 0, or a negative errno: nothing done. */
int rescue_place(struct conn *conn);

/*
 * Puts the dead socket back; nothing if there is no watcher. false: the number is another file's by
 * now, and that one stays.
 */
bool rescue_unplace(struct conn *conn);

/* Does any watcher lie in a number of the program's, as far as this thread can know? How many? */
bool rescue_any_placed(void);
uint32_t rescue_count_placed(void);

/* In a forked child, which has none of them. */
void rescue_forget_placed(void);

struct rescue;

/*
 * A rescue that only a later call can go on with, or a rest that only waits can tell of (held.h):
 * the program's waits are to be looked at from now on, though no watcher lies there yet, and until
 * then nobody needs one. rescue_is_not_expected ends that, if nothing else has.
 */
bool rescue_any_expected(void);
void rescue_expect(struct conn *conn);
void rescue_is_not_expected(struct rescue *rescue);

/*
 * After all has failed: if a response is held back whose socket has lost the number, makes that
 * socket the one that rescue_unplace puts back, or puts it there if there is no watcher. The
 * second also sets the phase: what is left is to tell the program.
 */
void rescue_bring_back(struct conn *conn);
void rescue_put_answer_back(struct conn *conn);

/*
 * Puts the connected socket there, flagged as the program's was, and closes the dead one, unless a
 * response is held back that comes from it, and the watcher. Returns 0, or a negative errno: then
 * all is as before.
 */
int rescue_install(struct conn *conn);

/* Did the program close the number, and the watcher with it, past the hooks? */
bool rescue_is_displaced(const struct conn *conn);

#endif
