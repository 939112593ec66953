/* SPDX-License-Identifier: MIT */
/* The calls that make a connection: where tracking begins. */
#include <errno.h>
#include <netinet/in.h>

#include "../calls/placeholder.h"
#include "../process/config.h"
#include "../conn/end.h"
#include "../conn/peer.h"
#include "../connect/dial.h"
#include "../wire/socket.h"
#include "../os/mem.h"
#include "../process/peers.h"
#include "../os/real.h"
#include "../rescue/machine.h"
#include "../connect/reject.h"
#include "../conn/table.h"
#include "../conn/unacked.h"

/* TCP, and the local sockets that daemons offer an API at; MPTCP and SCTP have ways of their own.
 */
static bool may_carry_http(int domain, int type, int protocol)
{
	if ((type & 0xf) != SOCK_STREAM)
		return false;
	return domain == AF_UNIX || ((domain == AF_INET || domain == AF_INET6) &&
				     (protocol == 0 || protocol == IPPROTO_TCP));
}

static bool is_trackable(const struct sockaddr *addr, socklen_t len)
{
	if (len < sizeof(sa_family_t))
		return false;
	if (addr->sa_family == AF_UNIX)
		return true;
	return (addr->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) ||
	       (addr->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6));
}

HOOK int socket(int domain, int type, int protocol)
{
	int fd = real.socket(domain, type, protocol);
	if (fd < 0 || !config.active)
		return fd;
	int kept = get_errno();
	rescue_sweep();
	/* From here, not from connect on: many add a socket to epoll before they connect it. */
	if (may_carry_http(domain, type, protocol)) {
		conn_open(fd);
		conn_peer_domain(fd, domain);
	} else {
		conn_end_fd(fd, WHY_LOST);
	}
	set_errno(kept);
	return fd;
}

HOOK int bind(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct conn *conn = table_find(fd);
	if (__builtin_expect(conn != NULL, 0))
		call_end_rescue(fd, REASON_SHARED);
	int result = real.bind(fd, addr, len);
	if (result == 0 && conn && conn_lock(conn, fd)) {
		conn->flags |= CONN_BOUND;
		conn_unlock(conn);
	}
	return result;
}

/* A connection begins, or a program asks again how the one under way stands. */
static void track(int fd, const struct sockaddr *addr, socklen_t len, bool begun)
{
	uint64_t cookie = wire_cookie(fd);
	struct conn *conn = table_find(fd);
	bool found = !conn || (conn->cookie && conn->cookie != cookie);
	if (found) {
		conn_open(fd); /* inherited, or the number's last socket was closed past us */
		conn = table_find(fd);
	}
	if (!conn || !conn_lock(conn, fd))
		return;
	if (found) /* nor was it seen what was set of it */
		conn->flags |= CONN_UNLIKE;
	if (!conn->cookie || begun) /* or after a failure, perhaps to another address */
		conn_connected(conn, addr, len, cookie, peers_at(addr, len));
	else if (addr->sa_family != AF_UNIX && memcmp(&conn->peer, addr, conn->peer_len) != 0) {
		conn_end(conn, WHY_PASSED); /* connected, but to which of the two? */
		return;
	}
	conn_peer_after(conn, addr, len);
	reject_begin_probe(conn);
	if (!begun && unacked_is_to_limit(conn))
		unacked_limit(conn, fd);
	conn_unlock(conn);
}

/* Is it for dial.h? Only a policy that retries connects pays for the question. */
static inline bool dials(int fd, const struct sockaddr *addr, socklen_t len)
{
	return __builtin_expect(config.active && addr && config.policy->uses & POLICY_USES_CONNECT,
				0) &&
	       is_trackable(addr, len) && dial_is_ours(fd, addr);
}

static inline bool is_rejected(int fd, const struct sockaddr *addr, socklen_t len)
{
	return __builtin_expect(config.active && addr && config.policy->breaker.reject, 0) &&
	       is_trackable(addr, len) && reject_connect(fd, addr, len);
}

/*
 * A non-blocking connect has failed, or may take too long: sees to it if that is ours to do. The
 * program is told in either case that it is under way, and waits. Returns its errno.
 */
static TRACKED int begin(int fd, const struct sockaddr *addr, socklen_t len, int error)
{
	if (!dial_waits(fd, addr, error))
		return error;
	if (error != EINPROGRESS) /* that one is tracked already */
		track(fd, addr, len, true);
	error = dial_rescue(fd, error);
	return error ? error : EINPROGRESS;
}

/* connect for dial.h. */
static TRACKED int connect_or_rescue(int fd, const struct sockaddr *addr, socklen_t len)
{
	int error;
	if (dial_is_under_way(fd, &error)) {
		if (error)
			set_errno(error);
		return error ? -1 : 0;
	}
	if (dial(fd, addr, len) == 0) {
		track(fd, addr, len, false);
		return 0;
	}
	error = get_errno();
	if (error == EINPROGRESS || error == EINTR)
		track(fd, addr, len, error == EINPROGRESS);
	set_errno(begin(fd, addr, len, error));
	return -1;
}

HOOK int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	if (is_rejected(fd, addr, len))
		return -1;
	conn_peer_before(fd, addr);
	if (dials(fd, addr, len))
		return connect_or_rescue(fd, addr, len);
	if (table_find(fd)) /* to whom the program itself goes anew, it goes by its socket */
		call_end_rescue(fd, REASON_SHARED);
	int result = real.connect(fd, addr, len);
	if (!config.active || !addr)
		return result;
	int error = result < 0 ? get_errno() : 0;
	if (error && error != EINPROGRESS && error != EINTR) {
		reject_note_failure(fd, addr, len, error);
		return result;
	}
	if (is_trackable(addr, len))
		track(fd, addr, len, error == EINPROGRESS);
	else
		conn_end_fd(fd, WHY_PASSED);
	if (error)
		set_errno(error);
	return result;
}
