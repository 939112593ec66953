/* SPDX-License-Identifier: MIT */
#include "unacked.h"

#include <netinet/tcp.h>

#include "settings.h"
#include "../os/sys.h"

void unacked_limit(struct conn *conn, int fd)
{
	struct policy_retry settings;
	unsigned limit_ms = 0;
	socklen_t len = sizeof(limit_ms);
	if (conn->peer.any.sa_family == AF_UNIX)
		return;
	settings_of_connection(conn, &settings);
	if (!settings.unacked_timeout_ms)
		return;
	conn->flags |= CONN_LIMITED;
	sys6(getsockopt, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, &len, 0);
	if (limit_ms)
		return;
	limit_ms = settings.unacked_timeout_ms;
	sys6(setsockopt, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms), 0);
}
