/* SPDX-License-Identifier: MIT */
#include "greet.h"

#include <errno.h>

#include "../conn/end.h"
#include "../conn/greeting.h"
#include "../os/address.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "../process/peers.h"
#include "../wire/socket.h"
#include "bytes.h"

/* Whom the socket leads to: another preload may have taken it elsewhere than the program asked. */
static bool note_peer(struct conn *conn)
{
	union os_address peer;
	socklen_t len = sizeof(peer);
	memset(&peer, 0, sizeof(peer));
	if (sys3(getpeername, conn->fd, &peer, &len) < 0 ||
	    (peer.any.sa_family != AF_INET && peer.any.sa_family != AF_INET6))
		return false;
	if (!(conn->flags & CONN_CONNECTED) || memcmp(&conn->peer, &peer, conn->peer_len) != 0)
		conn_connected(conn, &peer.any, len, wire_cookie(conn->fd),
			       peers_at(&peer.any, len));
	return conn->cookie;
}

static bool begin(struct conn *conn)
{
	if (conn->received || !note_peer(conn))
		return false;
	conn->greeting = greeting_make();
	return conn->greeting;
}

/* Makes room for len bytes more. */
static bool widen(struct conn *conn, size_t len)
{
	while (len > (size_t)(conn->greeting->room - conn->greeting->len)) {
		struct greeting *wider = greeting_widen(conn->greeting);
		if (!wider)
			return false;
		conn->greeting = wider;
	}
	return true;
}

/* SOCKS has its version in front, CONNECT its name. */
static bool is_likely(const struct conn *conn, const struct write_call *call)
{
	int i = 0;
	if (conn->greeting)
		return true;
	while (i < call->count - 1 && !call->iov[i].iov_len)
		i++;
	const char *bytes = call->iov[i].iov_base;
	size_t len = call->iov[i].iov_len;
	if (len >= TUNNEL_BEGINS_LEN && memcmp(bytes, TUNNEL_BEGINS, TUNNEL_BEGINS_LEN) == 0)
		return true;
	return len && (*bytes == 4 || *bytes == 5);
}

bool call_greets(struct conn *conn, const struct write_call *call, size_t len)
{
	enum { NEVER = CONN_REUSED | CONN_ANSWERING | CONN_DOUBT | CONN_OPAQUE | CONN_SHUT_DOWN };
	if (!len || conn->flags & NEVER || conn->busy || conn->rescue || conn->writers ||
	    conn->popped || conn->request_count || call->flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT) ||
	    call->message || call->count < 1 || !bytes_are_known(call->iov, call->count, len) ||
	    !is_likely(conn, call))
		return false;
	if (!conn->greeting && !begin(conn))
		return false;
	if (conn->received != conn->greeting->received || !widen(conn, len) ||
	    !greeting_sent(conn->greeting, call->iov, call->count, len))
		return false;
	conn->flags |= CONN_GREETING;
	conn->care |= CARE_GREETING;
	return true;
}

void call_greeted(struct conn *conn, const struct read_call *call, size_t len)
{
	if (call->flags & MSG_PEEK) { /* it is read yet */
		conn_unlock(conn);
		return;
	}
	if (!bytes_are_known(call->iov, call->count, len) ||
	    !greeting_received(conn->greeting, call->iov, call->count, len)) {
		conn_end(conn, WHY_PASSED);
		return;
	}
	conn->received = conn->greeting->received;
	if (greeting_is_over(conn->greeting)) {
		conn->flags &= ~(uint32_t)CONN_GREETING;
		conn->care &= (uint8_t)~CARE_GREETING;
	}
	conn_unlock(conn);
}
