/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <fcntl.h>

#include "../conn/peer.h"
#include "../conn/registrations.h"
#include "../conn/secured.h"
#include "../os/arena.h"
#include "../process/abandons.h"
#include "../wire/seen.h"
#include "../wire/socket.h"
#include "rescue.h"

/* A number that was closed past the hooks may be another file's by now. */
static bool is_watched_socket(const struct conn *conn)
{
	for (int i = 0; i < conn->alias_count; i++) {
		if (wire_cookie(conn->more->aliases[i]) != conn->cookie)
			return false;
	}
	return conn->cookie && wire_cookie(conn->fd) == conn->cookie;
}

bool rescue_picture_has_answer(const struct conn *conn)
{
	uint8_t bytes[160]; /* two alerts, with the longest MAC and padding */
	if (!wire_has_unread(conn->fd))
		return false;
	long len = wire_peek(conn->fd, bytes, sizeof(bytes));
	return len < 0 || len == sizeof(bytes) || !conn_secured_is_farewell(bytes, (size_t)len);
}

enum reason rescue_picture_check(const struct conn *conn, bool sent, bool answered)
{
	struct wire_seen now;
	const struct wire_seen *seen = &conn->rescue->seen;
	if (!is_watched_socket(conn))
		return REASON_IDENTITY;
	/* A placeholder sends none, nor does a socket to come what the dead one has sent already.
	 */
	if (conn->rescue->file_flags > 0 && conn->rescue->file_flags & O_ASYNC)
		return REASON_SIGNALS;
	if (!arena_is_ours() || conn->writers ||
	    conn->flags & (CONN_CROWDED | CONN_SHARED | CONN_DOUBT))
		return REASON_SHARED;
	if (conn->flags & CONN_UNLIKE)
		return REASON_OPTIONS;
	if (!conn_peer_is_there(conn))
		return REASON_IDENTITY;
	if (conn_is_secured(conn)) {
		const struct wire_carrier *carrier = conn->secured->carrier;
		enum reason reason = carrier ? carrier->may_replace(conn) : REASON_TLS_SESSION;
		if (reason != REASON_NONE)
			return reason;
	}
	if (wire_seen_all_read(seen, conn->received))
		return REASON_NONE;
	/* What lies unread of TLS answers nothing: a close_notify, or before a request a ticket. */
	bool no_answer = conn_is_secured(conn) && (!sent || !rescue_picture_has_answer(conn));
	if (answered || no_answer) /* what of the response is still unread does no harm */
		return wire_read_was(conn->fd, conn->peer.any.sa_family, conn->received)
			   ? REASON_NONE
			   : REASON_UNSEEN_BYTES;
	if (!wire_seen_ended(seen)) { /* more may have come since */
		wire_see(conn->fd, conn->peer.any.sa_family, &now);
		seen = &now;
	}
	if (wire_seen_received(seen, conn->fd, conn->received))
		return REASON_NONE;
	if (!sent)
		return wire_has_408(conn->fd) ? REASON_NONE : REASON_UNSEEN_BYTES;
	/* An early answer, then a reset: the answer is the program's to read. */
	return wire_has_unread(conn->fd) ? REASON_ANSWERED : REASON_UNSEEN_BYTES;
}

enum reason rescue_picture_reader(struct conn *conn)
{
	if (conn->rescue->nonblocking && !conn_wait_is_seen(conn))
		return REASON_UNSEEN_WAIT;
	return abandons_allow(conn->rescue->now_ms) ? REASON_NONE : REASON_ABANDONS;
}
