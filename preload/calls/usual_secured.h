/* SPDX-License-Identifier: MIT */
/* What the usual read and the usual write ask of a connection that TLS goes over. */
#ifndef REDIAL_CALLS_USUAL_SECURED_H
#define REDIAL_CALLS_USUAL_SECURED_H

#include "../tls/session.h"

/*
 * Is it a call of its session's library that is under way on this thread, for which nothing is to
 * be done but to count? Called with the lock.
 */
static inline bool secured_is_usual(const struct conn *conn)
{
	return !conn->busy && conn->care == CARE_SECURED && !(conn->flags & CONN_DOUBT) &&
	       !conn->secured->owed && tls_session_is_calling(conn);
}

#endif
