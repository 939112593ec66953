/* SPDX-License-Identifier: MIT */
/*
 * The socket that is to take the dead one's place: as like it as can be, and connected to the very
 * same peer, or there is none. All functions are called with the connection locked.
 */
#ifndef REDIAL_RESCUE_FRESH_H
#define REDIAL_RESCUE_FRESH_H

#include "../../policy/decide.h"
#include "../conn/conn.h"

/* Makes it, as conn->rescue->fresh. Returns REASON_NONE, or why there can be none. */
enum reason rescue_fresh_make(struct conn *conn);

/* Starts connecting it. Returns 0 if it stands, -EINPROGRESS, or another negative errno. */
int rescue_fresh_dial(struct conn *conn);

/* How it stands then: wire_connect_result's. */
int rescue_fresh_result(const struct conn *conn);

/*
 * Whether it stands the first bytes of the request tell as well as a question: over loopback, or
 * where it was waited for, they are taken. Not where something else has to be done before.
 */
bool rescue_fresh_tells(const struct conn *conn);

/* Sending them has come to that: is it only known now that the connection does not stand yet? */
bool rescue_fresh_is_not_up(const struct conn *conn, long taken);

/*
 * They were taken, and all others: connect is to say that it stands. Returns 0, or the errno of a
 * connection that has ended since, negative. One to itself, which loopback gives when nobody
 * listens, has told nobody, and is back at PHASE_CONNECTING.
 */
int rescue_fresh_sent(struct conn *conn);

/* It stands: the program's connect is to say so, as of a connection of its own. wire_settle's. */
int rescue_fresh_settle(const struct conn *conn);

/* Now that it stands: may the request be sent on it, as far as the socket and its peer go? */
enum reason rescue_fresh_check(const struct conn *conn);

/* Has the watcher tell of what the machine waits for: of the fresh socket, or of the old one. */
void rescue_fresh_watch(struct conn *conn);

/*
 * The program has set this in the middle of a rescue, of the dead socket: sees to it that others
 * which may have the descriptor next have it too, or that the rescue is given up. note: NULL if
 * there is none, the connection being CONN_UNLIKE or not.
 */
void rescue_option_set(struct conn *conn, const struct wire_note *note);

#endif
