/* SPDX-License-Identifier: MIT */
/*
 * The program's own connects under a policy that retries them (causes connect, connect-timeout).
 * Where the program has another address to go to (resolved.h), all stays as it is.
 */
#ifndef REDIAL_DIAL_H
#define REDIAL_DIAL_H

#include <stdbool.h>
#include <sys/socket.h>

#include "conn.h"

/* May connect to this address on fd be any of our business? fd is tracked, addr is trackable. */
bool dial_is_ours(int fd, const struct sockaddr *addr);

/*
 * connect(2). On a blocking socket tried again as the policy says, on the same socket, each
 * attempt but the first for connect_timeout_ms at most, and the first as well if `on` lists
 * connect-timeout. What fails for good fails with the first attempt's errno, a first attempt that
 * took too long with ETIMEDOUT. EINTR is the program's at once. The peer's breaker is told of what
 * fails; that a connect has succeeded says less than its first response (reject.h).
 */
int dial(int fd, const struct sockaddr *addr, socklen_t len);

#endif
