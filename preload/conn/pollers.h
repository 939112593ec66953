/* SPDX-License-Identifier: MIT */
/*
 * Threads that poll or select a connection, from before they ask the kernel until it has answered.
 * It wakes them by what lay at the number when they began to wait, and has them look then at what
 * lies there by now (fs/select.c, do_poll): a thread that the end of a socket has woken, but that
 * finds another thing in its place, would go on waiting for the socket that has gone.
 */
#ifndef REDIAL_CONN_POLLERS_H
#define REDIAL_CONN_POLLERS_H

#include <stdbool.h>

#include "conn.h"

/*
 * What one thread waits for; of more connections than that the others are not counted. And how
 * often it begins again.
 */
enum { POLLERS_OF_ONE = 6, POLLERS_TRIES = 4 };

struct pollers {
	bool again; /* somebody may not be counted that was */
	int count;
	struct {
		struct conn *conn;
		uint32_t life; /* when it was counted */
		uint8_t weight;
	} polled[POLLERS_OF_ONE];
};

/*
 * conn_lock for a thread that may be counted already: it does not wait while it is, for who has the
 * connection may wait for it. If it would have to, it is counted no more, and `again` is set: it is
 * to begin with the first one again.
 */
bool pollers_lock(struct pollers *self, struct conn *conn, int fd);

/*
 * The thread is about to wait for this one: does its wait end with its peer's stream, or only when
 * all of the connection has? Called with the connection locked.
 */
void pollers_enter(struct pollers *self, struct conn *conn, bool ends_with_stream);

/* It has come back, and has not looked at the connections yet. Called with none of them locked. */
void pollers_leave(struct pollers *self);

/*
 * Waits until those have come back whose wait is over, now that the peer's stream has ended, or the
 * connection altogether (`closed`). false if they have not in reasonable time; then they are
 * counted no more, for a thread that was cancelled in its wait never comes back. Called with the
 * connection locked: from being counted on they wait for no lock. Nor is a thread to wait for
 * itself: true at once if it was the last to be counted.
 */
bool pollers_are_out(struct conn *conn, bool closed);

/* Does any wait for more than the end of the stream, and has to be woken for what comes instead? */
bool pollers_any(const struct conn *conn);

#endif
