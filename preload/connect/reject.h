/* SPDX-License-Identifier: MIT */
/*
 * What the program's own connects say of their peers, and breaker.reject: while a peer's breaker is
 * open they fail at once. Nothing here is on the way of a connect that succeeds, unless the policy
 * has `reject`; sockets that are not tracked are left alone. errno is kept, except as told.
 */
#ifndef REDIAL_CONNECT_REJECT_H
#define REDIAL_CONNECT_REJECT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "../conn/conn.h"
#include "../conn/handle.h"

/*
 * Under `reject`, before connect is made: is the peer's breaker open? Then that is logged, errno is
 * ECONNREFUSED, and connect is to return -1. One that is half-open lets one connect through. The
 * address is of a family that is tracked.
 */
bool reject_connect(int fd, const struct sockaddr *addr, socklen_t len);

/* A connect of the program's on fd has failed with this errno: if the peer is to blame, it counts.
 */
void reject_note_failure(int fd, const struct sockaddr *addr, socklen_t len, int error);

/* The program was told this SO_ERROR: so connects that did not block tell that they have failed. */
void reject_note_error(const struct handle *handle, int error);

/* Connected to this peer while its breaker is half-open: the first response says how it does. */
void reject_begin_probe(struct conn *conn);

/*
 * What goes over the connection is no HTTP, and no response will be seen. That the peer has taken
 * the connection is all that can be told of it, and counts as an answer. Called with the connection
 * locked, and no request on it before.
 */
void reject_end_unseen(struct conn *conn);

#endif
