/* SPDX-License-Identifier: MIT */
/*
 * A rescue that has to give way: the program does something to its descriptor that only the socket
 * itself can bear, or lets others have it, who would meet the watcher there.
 */
#ifndef REDIAL_YIELD_H
#define REDIAL_YIELD_H

#include <stdbool.h>

#include "../conn/conn.h"

/*
 * Puts the program's socket back to its numbers. A watch has never been; a request that was to
 * leave a living connection goes out on it; any other rescue has failed, for this reason, and the
 * program's next call tells what it began with. Nothing if no watcher is placed. Called with the
 * connection locked.
 */
void rescue_yield(struct conn *conn, enum reason why);

/*
 * The program has just read what the living connection that is being replaced has said of itself.
 * If nothing has gone out on the fresh one yet the old one is its again, and the request goes out
 * there, as bare; the program's next write may have to do that. false: too late, nothing is done.
 * Called with the connection locked, and its rescue under way.
 */
bool rescue_give_back(struct conn *conn);

/* Is what has been laid aside alive, and could be answered, or used, by whoever else has it? */
bool rescue_is_of_living(const struct conn *conn);

#endif
