/* SPDX-License-Identifier: MIT */
/*
 * Calls that move bytes where the tracker does not see them, or too many at once to follow: it
 * follows the connection no further. What the program has written before goes out first, and what
 * it is still owed of a response comes first.
 */
#ifndef REDIAL_CALLS_TRANSFER_H
#define REDIAL_CALLS_TRANSFER_H

#include <sys/socket.h>

#include "sending.h"

/*
 * Makes call->plain on conn, which call->fd was found at, once nothing waits any more to go out
 * before its bytes. call->flags: MSG_DONTWAIT if it must not wait for that, nor for anything else;
 * call->count is SENDING_UNSEEN. Returns what the plain call does, or fails as a write would.
 */
ssize_t call_write_unseen(struct conn *conn, const struct write_call *call);

/* What is to be done before bytes are read so. */
enum unseen {
	UNSEEN_GO_ON, /* make the call */
	UNSEEN_OWED,  /* there is something that the program has to be given, or told, first */
};

/* Called without the lock. */
enum unseen call_read_unseen(struct conn *conn, int fd);

#endif
