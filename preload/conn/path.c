/* SPDX-License-Identifier: MIT */
#include "path.h"

#include <netinet/tcp.h>

#include "settings.h"
#include "../os/sys.h"

static bool has_set(const struct conn *conn, int level, int name)
{
	return wire_notes_have(&conn->options, wire_option_find(level, name, false));
}

static void set(int fd, int name, uint32_t value)
{
	if (value)
		sys6(setsockopt, fd, IPPROTO_TCP, name, &value, sizeof(value), 0);
}

static void limit_unacked(struct conn *conn, int fd)
{
	struct policy_retry settings;
	settings_of_connection(config.policy, conn, &settings);
	if (!settings.unacked_timeout_ms)
		return;
	conn->flags |= CONN_WATCHED;
	if (!has_set(conn, IPPROTO_TCP, TCP_USER_TIMEOUT))
		set(fd, TCP_USER_TIMEOUT, settings.unacked_timeout_ms);
}

static void probe(struct conn *conn, int fd)
{
	const struct policy_keep_alive *wanted = &config.policy->tcp.keep_alive;
	const int on = 1;
	conn->flags |= CONN_WATCHED;
	if (has_set(conn, SOL_SOCKET, SO_KEEPALIVE) || has_set(conn, IPPROTO_TCP, TCP_KEEPIDLE) ||
	    has_set(conn, IPPROTO_TCP, TCP_KEEPINTVL) || has_set(conn, IPPROTO_TCP, TCP_KEEPCNT))
		return;
	/* The times first: with it switched on, the first probe is due after the kernel's hours. */
	set(fd, TCP_KEEPIDLE, wanted->idle_s);
	set(fd, TCP_KEEPINTVL, wanted->interval_s);
	set(fd, TCP_KEEPCNT, wanted->count);
	sys6(setsockopt, fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on), 0);
}

void path_watch(struct conn *conn, int fd)
{
	if (conn->peer.any.sa_family == AF_UNIX)
		return;
	if (config.policy->uses & POLICY_USES_UNACKED_TIMEOUT)
		limit_unacked(conn, fd);
	if (config.policy->uses & POLICY_USES_KEEP_ALIVE)
		probe(conn, fd);
}
