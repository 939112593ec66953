/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <stddef.h>

#include "../os/arena.h"
#include "../os/file.h"
#include "../os/mem.h"
#include "../os/sys.h"
#include "../os/ticks.h"
#include "../wire/socket.h"
#include "table.h"

/* A path means something else in another folder, below another root, or once others have it. */
struct conn_local {
	struct os_file file;	 /* that the path names; none for an abstract name */
	uint64_t wrote;		 /* os_ticks() at the last write of the oldest unanswered request */
	socklen_t len;		 /* of addr; 0: it is not known whom the connection leads to */
	struct sockaddr_un addr; /* as connect was given it */
	char end;		 /* 0: sun_path may fill its room (unix(7)) */
};

enum { PATH_AT = offsetof(struct sockaddr_un, sun_path) };

static bool is_local(const struct conn *conn)
{
	return conn->peer.any.sa_family == AF_UNIX;
}

static bool is_abstract(const struct conn_local *local)
{
	return !local->addr.sun_path[0];
}

socklen_t conn_peer(const struct conn *conn, int fd, union os_address *addr)
{
	socklen_t len = sizeof(*addr);
	memset(addr, 0, sizeof(*addr));
	if (is_local(conn) && sys3(getpeername, fd, addr, &len) == 0)
		return len;
	memcpy(addr, &conn->peer, conn->peer_len);
	return conn->peer_len;
}

socklen_t conn_peer_to_dial(const struct conn *conn, union os_address *addr)
{
	const struct conn_local *local = conn->peer.local.at;
	if (!is_local(conn)) {
		memcpy(addr, &conn->peer, conn->peer_len);
		return conn->peer_len;
	}
	if (!local)
		return 0;
	addr->un = local->addr;
	return local->len;
}

void conn_peer_domain(int fd, int domain)
{
	struct conn *conn = table_find(fd);
	if (domain == AF_UNIX && conn)
		conn->peer.any.sa_family = AF_UNIX;
}

void conn_peer_before(int fd, const struct sockaddr *addr)
{
	struct conn *conn = table_find(fd);
	sa_family_t family =
	    conn ? __atomic_load_n(&conn->peer.any.sa_family, __ATOMIC_RELAXED) : 0;
	if (__builtin_expect(family != AF_UNIX, 1) || !conn_lock(conn, fd))
		return;
	if (!is_local(conn)) { /* the number is another connection's by now */
		conn_unlock(conn);
		return;
	}
	struct conn_local *local = conn->peer.local.at;
	os_ticks_begin();
	if (!local)
		local = conn->peer.local.at = arena_alloc(sizeof(*local));
	/* Once it was connected, the program only asks again how that went. */
	if (local && !(conn->flags & CONN_CONNECTED)) {
		local->len = 0;
		local->wrote = 0;
		os_file_at((const char *)addr + PATH_AT, &local->file);
	}
	conn_unlock(conn);
}

void conn_peer_after(struct conn *conn, const struct sockaddr *addr, socklen_t len)
{
	struct conn_local *local = conn->peer.local.at;
	struct os_file file;
	if (!is_local(conn) || !local || len <= PATH_AT || len > sizeof(local->addr))
		return;
	local->len = 0;
	local->end = 0;
	memset(&local->addr, 0, sizeof(local->addr));
	memcpy(&local->addr, addr, len);
	if (is_abstract(local) ||
	    (os_file_at(local->addr.sun_path, &file) && os_file_is(&file, &local->file)))
		local->len = len;
}

bool conn_peer_is_there(const struct conn *conn)
{
	const struct conn_local *local = conn->peer.local.at;
	struct os_file file;
	if (!is_local(conn))
		return true;
	if (!local || !local->len)
		return false;
	return is_abstract(local) ||
	       (os_file_at(local->addr.sun_path, &file) && os_file_is(&file, &local->file));
}

bool conn_peer_is_same(const struct conn *conn, int dead, int fresh)
{
	if (!is_local(conn))
		return true;
	/* Whoever may make a file there may also put another in its place for a moment. */
	return conn_peer_is_there(conn) &&
	       wire_same_peer(dead, fresh, is_abstract(conn->peer.local.at));
}

/* Of several requests the first counts, and the others are not told from it. */
void conn_peer_wrote(struct conn *conn)
{
	struct conn_local *local = conn->peer.local.at;
	if (local && conn->request_count <= 1)
		local->wrote = os_ticks();
}

uint64_t conn_peer_wrote_ms(const struct conn *conn, uint64_t now_ms)
{
	const struct conn_local *local = is_local(conn) ? conn->peer.local.at : NULL;
	return local && local->wrote ? os_ticks_ms(local->wrote, now_ms) : 0;
}

void conn_peer_drop(struct conn *conn)
{
	if (!is_local(conn))
		return;
	arena_free(conn->peer.local.at, sizeof(*conn->peer.local.at));
	conn->peer.local.at = NULL;
}
