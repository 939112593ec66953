/* SPDX-License-Identifier: MIT */
#include "secure.h"

#include <sys/epoll.h>

#include "../conn/mark.h"
#include "../conn/secured.h"
#include "rescue.h"

enum wire_secured rescue_secure(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	enum wire_secured secured =
	    conn->secured->carrier->secure(conn, rescue->fresh, !rescue->secures);
	rescue->elsewhere = secured == WIRE_ELSEWHERE;
	if (!rescue->elsewhere)
		rescue->secures = true;
	if (secured == WIRE_UNDER_WAY)
		rescue->fresh_events = EPOLLIN;
	else if (secured == WIRE_FULL)
		rescue->fresh_events = EPOLLOUT;
	return secured;
}

long rescue_send_some(struct conn *conn, int to, uint32_t end)
{
	struct rescue *rescue = conn->rescue;
	if (!conn_is_secured(conn))
		return mark_send(conn, to, rescue->sent, end);
	rescue->fresh_events = EPOLLOUT;
	rescue->elsewhere = true; /* unless it is done */
	return conn->secured->carrier->send(conn, to, conn->held + rescue->sent,
					    end - rescue->sent);
}
