/* SPDX-License-Identifier: MIT */
/*
 * The one exit: redial's part in a connection ends, and each byte that it has taken upon itself is
 * settled. Of the bytes that the program was told are written each is on the socket that lies at
 * the number then, or the program is told by an error of its next call; of those that it is owed
 * each is given to it by its next reads; the old socket is back at its number, or closed.
 */
#ifndef REDIAL_CONN_END_H
#define REDIAL_CONN_END_H

#include "conn.h"

/* Why it ends. */
enum conn_why {
	WHY_CLOSED, /* the program gives up the number, and with it all that it would still be told
		     */
	WHY_LOST,   /* another file lies at the number: it was closed past the hooks */
	WHY_TOLD,   /* the program is being told of the failure, or of the end of the stream */
	WHY_PASSED, /* something that cannot be followed goes over it from now on */
	WHY_MIXED,  /* the program has read bytes of a socket that another one has replaced */
};

/*
 * What is at work on a connection (conn->rescue) as this room knows it: its first member. rescue/
 * has the one that there is.
 */
struct conn_rescue {
	/*
	 * Ends it, and settles what it owes as told above. Returns whether the program is still
	 * owed bytes, or an error: then conn->rescue is still there.
	 */
	bool (*end)(struct conn *conn, enum conn_why why);
	uint16_t status; /* of the first response whose status line has come in meanwhile, else 0 */
};

/*
 * Called with the connection locked, which it leaves without. Returns true if nothing is tracked
 * any more; false if the program is still owed something, or bytes still wait for room in the
 * socket's buffer: then the connection stays until its calls have settled that (CONN_DOUBT).
 */
bool conn_end(struct conn *conn, enum conn_why why);

/* The same by number, with all other numbers of that connection; nothing if there is none. */
void conn_end_fd(int fd, enum conn_why why);

/*
 * fd is about to be closed, or to become something else: the connection ends if it was its only
 * number.
 */
void conn_drop_fd(int fd);

/* conn, not locked, was found at fd, where something else lies: the same, if fd is still its own.
 */
void conn_lost_fd(struct conn *conn, int fd);

#endif
