/* SPDX-License-Identifier: MIT */
/* What the program has set of a connection's socket, by whichever of its numbers. */
#ifndef REDIAL_CONN_OPTIONS_H
#define REDIAL_CONN_OPTIONS_H

#include "conn.h"

/*
 * The kernel has accepted this of setsockopt(2): takes note of it, for the sockets that may take
 * this one's place. If they could not be given it the connection is CONN_UNLIKE from now on.
 * Returns whether there is such a note, which is in *note then.
 */
bool conn_note_option(struct conn *conn, int level, int name, const void *value, socklen_t len,
		      struct wire_note *note);

#endif
