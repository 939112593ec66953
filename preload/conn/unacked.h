/* SPDX-License-Identifier: MIT */
/*
 * unacked_timeout_ms: when the path to the peer has silently gone, nothing comes back, not even a
 * reset, and the kernel goes on resending for a quarter of an hour. A limit on how long sent data
 * may stay unacknowledged (tcp(7), TCP_USER_TIMEOUT) makes it say so.
 */
#ifndef REDIAL_CONN_UNACKED_H
#define REDIAL_CONN_UNACKED_H

#include <errno.h>

#include "../process/config.h"
#include "conn.h"

/*
 * Sets the limit on the TCP socket fd, which is connected, unless the program has set one of its
 * own. Not earlier: on a socket that is still connecting it would end the attempt.
 */
void unacked_limit(struct conn *conn, int fd);

static inline bool unacked_is_to_limit(const struct conn *conn)
{
	return __builtin_expect(config.policy->uses & POLICY_USES_UNACKED_TIMEOUT, 0) &&
	       !(conn->flags & CONN_LIMITED);
}

/*
 * Does this errno, of a send or receive, say that the limit was reached? The last ICMP message is
 * told in the place of ETIMEDOUT if there was one. Without a limit of ours it is the program's.
 */
static inline bool unacked_is_over(const struct conn *conn, int error)
{
	return conn->flags & CONN_LIMITED &&
	       (error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH);
}

#endif
