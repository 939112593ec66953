/* SPDX-License-Identifier: MIT */
/*
 * An idle connection that was to be replaced before its server closes it is still alive: if no new
 * one can be had, the request goes out on it, as bare.
 */
#ifndef REDIAL_RESCUE_STAY_H
#define REDIAL_RESCUE_STAY_H

#include "../conn/conn.h"

/*
 * The redial has failed: goes back to sending, on the old socket. false if that cannot be, because
 * it is dead, was tried already, or bytes of the request are out on the new one.
 */
bool rescue_stay(struct conn *conn);

/* The request is to go out on the old socket, or has just: is it so? */
bool rescue_stays(const struct conn *conn);

/* The request is out on it: puts it back in its place, with all that is known of the connection. */
void rescue_stayed(struct conn *conn);

/* It is dead after all, as sending has just shown: what the program gets if all else fails. */
void rescue_stay_failed(struct conn *conn, int error);

#endif
