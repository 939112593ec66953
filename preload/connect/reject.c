/* SPDX-License-Identifier: MIT */
#include "reject.h"

#include <errno.h>

#include "../process/config.h"
#include "../conn/peer.h"
#include "../os/address.h"
#include "../os/clock.h"
#include "../conn/who.h"
#include "../os/mem.h"
#include "../process/peers.h"
#include "../rescue/pace.h"
#include "../conn/table.h"

/* Errors of connect that say something of the peer or of the way to it (connect(2), ip(7)). */
static bool is_of_peer(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENETUNREACH:
		return true;
	default:
		return false;
	}
}

static void refuse(int fd, const struct sockaddr *addr)
{
	struct log_request who;
	who_identify_connect(&who, fd, addr);
	log_refused(&who, CAUSE_CONNECT, REASON_BREAKER);
}

/* The program's may end with the path of a local socket, and without a NUL. */
static void copy_address(union os_address *copy, const struct sockaddr *addr, socklen_t len)
{
	memset(copy, 0, sizeof(*copy));
	memcpy(copy, addr, len < sizeof(*copy) ? len : sizeof(*copy));
}

__attribute__((noinline)) bool reject_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct conn *conn = table_find(fd);
	union os_address peer;
	/* After the first one connect is called again only to ask how that stands. */
	if (!conn || conn == &conn_own || conn->flags & CONN_CONNECTED)
		return false;
	copy_address(&peer, addr, len);
	if (!pace_rejects(peers_at(addr, len), &peer.any, os_now_ms()))
		return false;
	refuse(fd, &peer.any);
	set_errno(ECONNREFUSED);
	return true;
}

__attribute__((noinline)) void reject_note_failure(int fd, const struct sockaddr *addr,
						   socklen_t len, int error)
{
	const struct conn *conn = table_find(fd);
	union os_address peer;
	if (!conn || conn == &conn_own || !is_of_peer(error))
		return;
	copy_address(&peer, addr, len);
	pace_failed(peers_at(addr, len), &peer.any, os_now_ms());
}

__attribute__((noinline)) void reject_note_error(const struct handle *handle, int error)
{
	struct conn *conn = handle->conn;
	if (!is_of_peer(error) || !handle_lock_answered(handle))
		return;
	if (conn->flags & CONN_CONNECTED && !conn->request_count && !conn->popped) {
		union os_address peer;
		conn_peer(conn, conn->fd, &peer);
		pace_failed(conn->peer_state, &peer.any, os_now_ms());
	}
	conn_unlock(conn);
}

__attribute__((noinline)) void reject_begin_probe(struct conn *conn)
{
	if (pace_is_half_open(conn->peer_state))
		conn->care |= CARE_PROBE;
}

__attribute__((noinline)) void reject_end_unseen(struct conn *conn)
{
	union os_address peer;
	if (conn->popped)
		return;
	state_answered(conn->peer_state);
	if (!(conn->care & CARE_PROBE))
		return;
	conn_peer(conn, conn->fd, &peer);
	pace_succeeded(conn->peer_state, &peer.any, os_now_ms());
}
