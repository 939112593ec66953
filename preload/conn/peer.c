/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include "../os/mem.h"
#include "../os/sys.h"

socklen_t conn_peer(const struct conn *conn, int fd, union os_address *addr)
{
	socklen_t len = sizeof(*addr);
	memset(addr, 0, sizeof(*addr));
	if (conn->peer.any.sa_family == AF_UNIX && sys3(getpeername, fd, addr, &len) == 0)
		return len;
	memcpy(addr, &conn->peer, conn->peer_len);
	return conn->peer_len;
}
