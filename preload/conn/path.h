/* SPDX-License-Identifier: MIT */
/*
 * A path to the peer that has silently gone: nothing comes back, not even a reset. The kernel is
 * made to notice while bytes are sent, by a limit on how long they may stay unacknowledged
 * (unacked_timeout_ms: tcp(7), TCP_USER_TIMEOUT; without it, it goes on for a quarter of an hour),
 * and while none are, by probes (tcp.keep_alive: SO_KEEPALIVE and its kin), which also keep the
 * path known to what lies on it.
 */
#ifndef REDIAL_CONN_PATH_H
#define REDIAL_CONN_PATH_H

#include <errno.h>

#include "../process/config.h"
#include "conn.h"

/*
 * Sets both on the TCP socket fd, which is connected, as the policy wants them, but for what the
 * program has set of its own. Not earlier: on a socket that is still connecting the limit would end
 * the attempt.
 */
void path_watch(struct conn *conn, int fd);

static inline bool path_is_to_watch(const struct conn *conn)
{
	const uint32_t uses = POLICY_USES_UNACKED_TIMEOUT | POLICY_USES_KEEP_ALIVE;
	return __builtin_expect(config.policy->uses & uses, 0) &&
	       !(conn->flags & CONN_WATCHED);
}

/*
 * Does this errno, of a send or receive, say that the path has gone? The last ICMP message is told
 * in the place of ETIMEDOUT if there was one. Where nothing of ours watches it is the program's.
 */
static inline bool path_is_gone(const struct conn *conn, int error)
{
	return conn->flags & CONN_WATCHED &&
	       (error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH);
}

#endif
