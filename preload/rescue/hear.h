/* SPDX-License-Identifier: MIT */
/*
 * Placeholders that the program has registered past the hooks, as newest libuv does by io_uring. Of
 * a connect that is tried again, which is registered once it is under way, nothing would be told:
 * a placeholder is never writable, and that is what was asked for.
 */
#ifndef REDIAL_RESCUE_HEAR_H
#define REDIAL_RESCUE_HEAR_H

#include "../conn/conn.h"

/* A placeholder lies at the number: the next waits are to look whether it has come into their sets.
 */
void rescue_hear_begin(const struct conn *conn);

/*
 * The program is about to wait on this set, and some placeholder may have come into it unseen: has
 * it register for what a placeholder tells. Called with no connection locked.
 */
void rescue_hear(int epfd);

#endif
