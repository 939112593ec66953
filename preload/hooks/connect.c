/* SPDX-License-Identifier: MIT */
/* The calls that make a connection: where tracking begins. */
#include <errno.h>
#include <netinet/in.h>

#include "../calls/placeholder.h"
#include "connect.h"
#include "../process/config.h"
#include "../conn/end.h"
#include "../conn/handle.h"
#include "../conn/peer.h"
#include "../conn/secured.h"
#include "../connect/dial.h"
#include "../log/told.h"
#include "../os/copy.h"
#include "../wire/socket.h"
#include "../os/mem.h"
#include "../process/peers.h"
#include "../os/real.h"
#include "../tls/look.h"
#include "../rescue/machine.h"
#include "../connect/reject.h"
#include "../conn/table.h"
#include "../tls/look.h"
#include "../conn/path.h"
#include "../conn/switch.h"

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

/* Nothing is known of the number's socket: inherited, or opened past us. Nor what was set of it. */
static struct conn *begin_anew(int fd)
{
	conn_open(fd);
	struct conn *conn = table_find(fd);
	if (!conn || !conn_lock(conn, fd))
		return NULL;
	conn->flags |= CONN_UNLIKE;
	return conn;
}

/* What connect was called on, locked; NULL if another thread has closed it meanwhile. */
static struct conn *find_again(const struct handle *handle)
{
	struct conn *conn = handle->conn;
	if (!conn)
		return table_find(handle->fd) ? NULL : begin_anew(handle->fd);
	if (!handle_lock_answered(handle))
		return NULL;
	if (!conn->cookie || wire_cookie(conn->fd) == conn->cookie)
		return conn;
	conn_unlock(conn); /* the number's last socket was closed past us */
	return begin_anew(handle->fd);
}

/* A connection begins, or a program asks again how the one under way stands. */
static void track(const struct handle *handle, const struct sockaddr *addr, socklen_t len,
		  bool begun)
{
	/*
	 * What is set of a GnuTLS session is to be seen from the first on, and OpenSSL's handshake
	 * may be made within the first write of the program, which is to come by here.
	 */
	if (config.policy->tls && addr->sa_family != AF_UNIX)
		tls_look();
	struct conn *conn = find_again(handle);
	if (!conn)
		return;
	if (conn_greeting(conn)) { /* another preload led it to a proxy, which is its peer */
		conn_unlock(conn);
		return;
	}
	if (!conn->cookie || begun) /* or after a failure, perhaps to another address */
		conn_connected(conn, addr, len, wire_cookie(conn->fd), peers_at(addr, len));
	else if (addr->sa_family != AF_UNIX && memcmp(&conn->peer, addr, conn->peer_len) != 0) {
		conn_end(conn, WHY_PASSED); /* connected, but to which of the two? */
		return;
	}
	conn_peer_after(conn, addr, len);
	reject_begin_probe(conn);
	if (!begun && path_is_to_watch(conn))
		path_watch(conn, conn->fd);
	conn_unlock(conn);
	told_now(TOLD_CONNECTION);
}

/*
 * A non-blocking connect has failed, or may take too long: sees to it if that is ours to do. The
 * program is told in either case that it is under way, and waits. Returns its errno.
 */
static TRACKED int begin(const struct handle *handle, const struct sockaddr *addr, socklen_t len,
			 int error)
{
	if (!dial_waits(handle->fd, addr, error))
		return error;
	if (error != EINPROGRESS) /* that one is tracked already */
		track(handle, addr, len, true);
	error = dial_rescue(handle, error);
	return error ? error : EINPROGRESS;
}

/* connect for dial.h. */
static TRACKED int connect_or_rescue(const struct handle *handle, const struct sockaddr *addr,
				     socklen_t len)
{
	int error;
	if (dial_is_under_way(handle->fd, true, &error)) {
		if (error)
			set_errno(error);
		return error ? -1 : 0;
	}
	if (dial(handle, addr, len) == 0) {
		track(handle, addr, len, false);
		return 0;
	}
	error = get_errno();
	if (error == EINPROGRESS || error == EINTR)
		track(handle, addr, len, error == EINPROGRESS);
	set_errno(begin(handle, addr, len, error));
	return -1;
}

/* What the program was still to be told was of the connection that it has just given up. */
static void end_failure(int fd)
{
	struct conn *conn = table_find(fd) ? call_find_busy(fd) : NULL;
	if (conn)
		conn_end(conn, WHY_CLOSED);
}

/* Does the policy ask for a look at where a connect goes, before the kernel has had one? */
static inline bool looks_ahead(void)
{
	return __builtin_expect(config.active && (config.policy->uses & POLICY_USES_CONNECT ||
						  config.policy->breaker.reject),
				0);
}

/* If connect is not to be made, or not as it is: *result is the program's. */
static TRACKED bool foresee(const struct handle *handle, const struct sockaddr *addr, socklen_t len,
			    int *result)
{
	struct sockaddr_storage own; /* as the kernel takes it: nothing longer is an address */
	const struct sockaddr *copy = (const struct sockaddr *)&own;
	if (!len || len > sizeof(own) || !copy_in(&own, addr, len) || !is_trackable(copy, len))
		return false;
	*result = -1;
	if (config.policy->breaker.reject && reject_connect(handle->fd, copy, len))
		return true;
	if (!handle->conn || !(config.policy->uses & POLICY_USES_CONNECT) ||
	    !dial_is_ours(handle->fd, copy))
		return false;
	*result = connect_or_rescue(handle, copy, len);
	return true;
}

HOOK int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	int result;
	conn_peer_before(fd, addr);
	struct handle handle;
	handle_find_at(&handle, table_find(fd), fd);
	conn_switch();
	if (looks_ahead() && foresee(&handle, addr, len, &result))
		return result;
	if (handle.conn) /* to whom the program itself goes anew, it goes by its socket */
		call_end_rescue(fd, REASON_SHARED);
	result = real.connect(fd, addr, len);
	if (!config.active || !addr)
		return result;
	/* What else is done with the address is done only if the kernel could read it. */
	int error = result < 0 ? get_errno() : 0;
	if (error && error != EINPROGRESS && error != EINTR) {
		reject_note_failure(fd, addr, len, error);
		return result;
	}
	end_failure(fd);
	if (is_trackable(addr, len))
		track(&handle, addr, len, error == EINPROGRESS);
	else
		conn_end_fd(fd, WHY_PASSED);
	if (error)
		set_errno(error);
	return result;
}

/*
 * Where the policy sees to connects, the bytes follow one instead of going with it: a program that
 * does not wait is told that it is under way, as where the peer has given no cookie yet.
 */
static ssize_t connect_then_write(const struct write_call *call, const struct sockaddr *addr,
				  socklen_t len)
{
	struct write_call rest = *call;
	struct conn *conn;
	if (connect(call->fd, addr, len) < 0)
		return -1;
	conn = table_find(call->fd);
	rest.flags &= ~MSG_FASTOPEN;
	return conn ? call_write_pieces(conn, &rest) : rest.plain(&rest, rest.fd);
}

ssize_t connect_and_write(const struct write_call *call, const struct sockaddr *addr, socklen_t len)
{
	struct handle handle;
	handle_find_at(&handle, table_find(call->fd), call->fd);
	if (looks_ahead())
		return connect_then_write(call, addr, len);
	if (handle.conn)
		call_end_rescue(call->fd, REASON_SHARED);
	ssize_t result = call->plain(call, call->fd);
	int error = result < 0 ? get_errno() : 0;
	if (error && error != EINPROGRESS)
		return result;
	if (!is_trackable(addr, len)) {
		conn_end_fd(call->fd, WHY_PASSED);
		return result;
	}
	track(&handle, addr, len, error);
	struct conn *conn = table_find(call->fd);
	if (conn && result > 0)
		call_note_written(conn, call, (size_t)result);
	if (error)
		set_errno(error);
	return result;
}
