/* SPDX-License-Identifier: MIT */
#include "dial.h"

#include <errno.h>
#include <fcntl.h>

#include "../os/watcher.h"
#include "machine.h"
#include "place.h"
#include "../process/resolved.h"
#include "../os/sys.h"
#include "../wire/socket.h"

enum reason rescue_dial_watch(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	long fresh = sys3(fcntl, conn->fd, F_DUPFD_CLOEXEC, 0);
	if (fresh < 0)
		return REASON_RESOURCES;
	rescue_own(&rescue->fresh, (int)fresh);
	rescue->first = true;
	rescue->told = true;
	rescue->phase = PHASE_CONNECTING;
	rescue->wake_ms = rescue->now_ms + rescue->settings.connect_timeout_ms;
	return REASON_NONE;
}

void rescue_dial_failed(struct conn *conn, int error)
{
	struct rescue *rescue = conn->rescue;
	rescue->error = error;
	if (error == ETIMEDOUT) /* it is given up, and must not come true behind our back */
		wire_disconnect(rescue->fresh);
	resolved_failed(&conn->peer.any);
}

bool rescue_dial_pass(struct conn *conn)
{
	struct rescue *rescue = conn->rescue;
	if (!rescue->first || rescue->taken || conn->held_len)
		return false;
	rescue_close(&rescue->fresh);
	rescue_unplace(conn);
	conn->busy = false;
	rescue_free(conn);
	return true;
}

void rescue_dial_up(struct conn *conn)
{
	if (!conn->rescue->first)
		rescue_tell_recovered(conn, 0);
	resolved_worked(&conn->peer.any);
	rescue_free(conn);
}

bool rescue_dial_hold(struct conn *conn, uint32_t held_len, const struct iovec *iov, int count)
{
	if (!rescue_is_dial(conn->rescue) || !conn->rescue->unsent || conn->flags & CONN_UNHELD)
		return false;
	conn->held_len = held_len;
	conn->request_count = 0;
	conn->flags |= CONN_OPAQUE;
	for (int i = 0; i < count; i++)
		conn_hold(conn, iov[i].iov_base, iov[i].iov_len);
	return !(conn->flags & CONN_UNHELD);
}
