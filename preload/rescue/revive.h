/* SPDX-License-Identifier: MIT */
/*
 * A socket whose connection was reset can be connected anew (connect(2), AF_UNSPEC): it keeps its
 * number, its options, whoever set them, and its registrations in epoll sets, so that nothing has
 * to be asked, copied or put back. That is only done with what the kernel has ended already, so
 * that nothing is lost if no new connection is to be had, and where no other socket than an
 * ordinary one would differ from a new one. All functions are called with the connection locked.
 */
#ifndef REDIAL_RESCUE_REVIVE_H
#define REDIAL_RESCUE_REVIVE_H

#include <stdbool.h>

#include "../conn/conn.h"

/* Makes it conn->rescue->fresh, ready to be dialed. false: there has to be a new one. */
bool rescue_revive(struct conn *conn);

/* It has been dialed without a wait: calls that the program makes on it may wait again. */
void rescue_revive_dialed(struct conn *conn);

/* A watcher is about to take the number: fresh is to be a number of ours. 0 or a negative errno. */
int rescue_revive_move(struct conn *conn);

/* It stands, and is at its number, or about to be put back there: it is the program's again. */
void rescue_revived(struct conn *conn);

/* It is given up, if there is such a one: what the program has is at its end, as it was before. */
void rescue_revive_end(struct conn *conn);

/* The process starts another program: a socket whose number that inherits is not connected anew. */
void rescue_revive_note_program(void);

#endif
