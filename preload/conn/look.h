/* SPDX-License-Identifier: MIT */
/* Is a connection dead before a request goes out on it? A header for speed alone. */
#ifndef REDIAL_CONN_LOOK_H
#define REDIAL_CONN_LOOK_H

#include "conn.h"
#include "../process/config.h"
#include "../wire/socket.h"

/* Could it not be sent again later, if it were sent? */
static inline bool is_only_once(const struct conn *conn)
{
	return conn->flags & (CONN_UNHELD | CONN_LARGE) ||
	       !(config.policy->methods_always & method_bit(conn->exchange->request.method));
}

/*
 * Only a request that could not be sent again later needs a look before its first byte goes out:
 * the others are rescued afterwards, at no cost while nothing fails.
 */
static inline bool needs_a_look(const struct conn *conn, const struct conn_mark *mark)
{
	return conn_idle_before(conn, mark) && is_only_once(conn) && config.policy->enabled;
}

/* The same of a connection's first request, which a policy may take for as good. */
static __attribute__((noinline)) bool needs_a_first_look(const struct conn *conn,
							 const struct conn_mark *mark)
{
	return config.policy->uses & POLICY_USES_FIRST_USE && conn_idle_before(conn, mark) &&
	       is_only_once(conn);
}

/*
 * Is the connection at its end before the request goes out? One that has never been used is asked
 * only whether its peer has ended it: what has become of its connect is not for us to say.
 */
static inline bool is_found_dead(const struct conn *conn, const struct conn_mark *mark)
{
	if (__builtin_expect(conn->flags & CONN_REUSED, 1))
		return needs_a_look(conn, mark) && wire_is_dead(conn->fd);
	return needs_a_first_look(conn, mark) && wire_has_fin(conn->fd, conn->peer.any.sa_family);
}

#endif
