/* SPDX-License-Identifier: MIT */
/* How a rescue ends when it has not run its course. Called with the connection locked. */
#ifndef REDIAL_RESCUE_END_H
#define REDIAL_RESCUE_END_H

#include "../conn/end.h"

/* struct conn_rescue's: ends what there is of a rescue, for conn_end alone. */
bool rescue_end(struct conn *conn, enum conn_why why);

/*
 * The program writes while its last request is being repeated because of the status of its
 * response: that response will be its answer after all. The connection is as it was, but for what
 * is still to be given. Nothing if no response is held back, or the repeated request is out.
 */
void rescue_settle(struct conn *conn);

/*
 * This error was taken from the socket, and the program has not been told: its next call is.
 * Returns false if there is no memory.
 */
bool rescue_owe_error(struct conn *conn, int error);

/*
 * No further attempt is made: the socket that the program had, or had its answer from, is back at
 * its number.
 */
void rescue_end_attempts(struct conn *conn);

/*
 * The same where all attempts have failed. Of what the program was told is written some may lie
 * nowhere then: a server that has only ended its own direction is not to read what the program
 * writes behind that, which fails as on a connection that was reset.
 */
void rescue_fail_attempts(struct conn *conn);

/*
 * The program needs a number that a rescue of ours uses: ends all that are under way. No connection
 * is locked by the caller.
 */
void rescue_yield_numbers(void);

/* The process ends: what was taken and can still be had by a socket of its own is given to it. */
void rescue_leave_rest(void);

#endif
