/* SPDX-License-Identifier: MIT */
/*
 * The program's own connects under a policy that retries them (causes connect, connect-timeout).
 * Where the program has another address to go to (resolved.h), all stays as it is.
 */
#ifndef REDIAL_CONNECT_DIAL_H
#define REDIAL_CONNECT_DIAL_H

#include <stdbool.h>
#include <sys/socket.h>

#include "../conn/conn.h"
#include "../conn/handle.h"

/* May connect to this address on fd be any of our business? fd is tracked, addr is trackable. */
bool dial_is_ours(int fd, const struct sockaddr *addr);

/* Does it say that nobody took the connection, for now? connect(2), ip(7), unix(7). */
bool dial_is_passing(const struct sockaddr *addr, int error);

/*
 * connect(2) on handle->fd; on a blocking socket tried again as the policy says (block.h). The
 * peer's breaker is told of what fails; that a connect has succeeded says less than its first
 * response (reject.h).
 */
int dial(const struct handle *handle, const struct sockaddr *addr, socklen_t len);

/* connect on fd gave this error: does the program not wait for it, and may we do something? */
bool dial_waits(int fd, const struct sockaddr *addr, int error);

/*
 * Is a rescue under way at fd? Then the program, which asks again, is told in *error how it is. By
 * a connect of its own, whose failure leaves the socket as new; or else (connects is false) by a
 * call that finds out.
 */
bool dial_is_under_way(int fd, bool connects, int *error);

/*
 * A non-blocking connect, which conn knows of, has failed with this error without a byte written,
 * or is EINPROGRESS and may take too long: is a rescue to begin in the program's stead?
 */
bool dial_may_rescue(const struct conn *conn, int error);
enum cause dial_cause(int error);

/* Is it a connect of the program's that may be under way, and that the policy would retry? */
bool dial_is_awaited(const struct conn *conn);

/*
 * A poll tells of an error or hang-up, whose errno it would take to ask for: would the answer be a
 * rescue, as far as can be told?
 */
bool dial_would_rescue(const struct conn *conn);

/*
 * If so begins it: until it stands, or has failed, nothing is told of it but that it goes on. The
 * connection is locked, and stays so if true is returned; else it may be let go of by the caller.
 */
bool dial_begin(struct conn *conn, int error);

/*
 * The same for the call that handle stands for, without the lock. Returns 0 if it is under way;
 * else the errno that the program is to be told.
 */
int dial_rescue(const struct handle *handle, int error);

/* The program asks for SO_ERROR while one is under way: what it is told. Takes the locked conn. */
int dial_error(struct conn *conn);

#endif
