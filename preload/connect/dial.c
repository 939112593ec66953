/* SPDX-License-Identifier: MIT */
#include "dial.h"

#include <errno.h>
#include <netinet/in.h>

#include "../../policy/match.h"
#include "../process/config.h"
#include "../wire/socket.h"
#include "block.h"
#include "loopback.h"
#include "../os/blocking.h"
#include "../os/real.h"
#include "../rescue/machine.h"
#include "../rescue/room.h"
#include "../rescue/dial.h"
#include "reject.h"
#include "../process/resolved.h"
#include "../conn/end.h"
#include "../conn/registrations.h"
#include "../conn/settings.h"
#include "../os/epoll.h"
#include "../os/sys.h"
#include "../conn/table.h"

bool dial_is_passing(const struct sockaddr *addr, int error)
{
	/* A name that is not there (ENOENT) mostly means that there is no such service. */
	if (addr->sa_family == AF_UNIX)
		return error == ECONNREFUSED;
	return error == ECONNREFUSED || error == ECONNRESET || error == ETIMEDOUT ||
	       error == EHOSTUNREACH || error == ENETUNREACH || error == ENETDOWN;
}

enum cause dial_cause(int error)
{
	return error == ETIMEDOUT || error == EINPROGRESS ? CAUSE_CONNECT_TIMEOUT : CAUSE_CONNECT;
}

static void find_settings(const struct sockaddr *addr, struct policy_retry *settings)
{
	/* sin_port and sin6_port lie at the same place. */
	const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
	unsigned port = addr->sa_family == AF_UNIX ? 0 : __builtin_bswap16(in->sin_port);
	match_connection(config.policy, port, settings);
}

bool dial_is_ours(int fd, const struct sockaddr *addr)
{
	struct policy_retry settings;
	if (!table_find(fd))
		return false;
	find_settings(addr, &settings);
	return settings.max_attempts > 1 &&
	       settings.on & (POLICY_ON_CONNECT | POLICY_ON_CONNECT_TIMEOUT);
}

/* Returns 0 or an errno. */
static int connect_once(int fd, const struct sockaddr *addr, socklen_t len)
{
	return real.connect(fd, addr, len) < 0 ? get_errno() : 0;
}

static int dial_blocking(const struct handle *handle, const struct sockaddr *addr, socklen_t len)
{
	struct policy_retry settings;
	find_settings(addr, &settings);
	int error = block_connect(handle, addr, len, &settings);
	if (!error)
		resolved_worked(addr);
	else if (dial_is_passing(addr, error))
		resolved_failed(addr);
	return error;
}

bool dial_waits(int fd, const struct sockaddr *addr, int error)
{
	return (error == EINPROGRESS || dial_is_passing(addr, error)) &&
	       addr->sa_family != AF_UNIX && os_is_nonblocking(fd);
}

int dial(const struct handle *handle, const struct sockaddr *addr, socklen_t len)
{
	int kept = get_errno(), fd = handle->fd;
	if (os_is_nonblocking(fd)) {
		int begun = connect_once(fd, addr, len);
		if (begun && !dial_waits(fd, addr, begun)) /* else dial_rescue takes note */
			reject_note_failure(fd, addr, len, begun);
		set_errno(begun ? begun : kept);
		return begun ? -1 : 0;
	}
	int error = dial_blocking(handle, addr, len);
	set_errno(error ? error : kept);
	return error ? -1 : 0;
}

bool dial_is_under_way(int fd, bool connects, int *error)
{
	struct conn *conn = table_find(fd);
	if (!conn || !__atomic_load_n(&conn->busy, __ATOMIC_ACQUIRE) || !conn_lock(conn, fd))
		return false;
	if (!conn->busy) {
		conn_unlock(conn);
		return false;
	}
	bool dials = rescue_is_dial(conn->rescue) && conn->rescue->unsent;
	if (!dials || rescue_step(conn) != RESCUE_FAILED) {
		*error = !dials ? EISCONN : conn->busy ? EALREADY : 0;
		conn_unlock(conn);
		return true;
	}
	*error = rescue_error(conn);
	if (connects) /* the kernel has told it us, not the program */
		wire_disconnect(rescue_dead_socket(conn));
	conn_end(conn, WHY_TOLD);
	return true;
}

/* Is it one of a connect of which nothing more is known than that it was made? */
static bool is_new(const struct conn *conn)
{
	/* The address of a local socket is not kept. */
	return conn->flags & CONN_CONNECTED && conn->peer.any.sa_family != AF_UNIX && !conn->busy &&
	       !conn->rescue && !conn->request_count && !conn->received && !conn->popped &&
	       conn_may_be_waited_for(conn);
}

static bool is_wanted(const struct conn *conn, uint32_t on)
{
	struct policy_retry settings;
	settings_of_connection(config.policy, conn, &settings);
	return settings.on & on && settings.max_attempts > 1 &&
	       !resolved_has_alternative(&conn->peer.any) &&
	       !loopback_other_listens(&conn->peer.any);
}

/*
 * Would nobody see the program wait for what is to lie at its number? Of a placeholder an io_uring
 * tells no room, and without a hook nothing goes on. Asked before the first wait on an epoll set.
 */
static bool is_awaited_unseen(const struct conn *conn)
{
	return __atomic_load_n(&os_last_epoll_set, __ATOMIC_RELAXED) < 0 &&
	       os_is_nonblocking(conn->fd) && os_ring_may_poll();
}

bool dial_may_rescue(const struct conn *conn, int error)
{
	const struct sockaddr *addr = &conn->peer.any;
	bool begun = error == EINPROGRESS;
	/* A reset comes after the connection stood. */
	if (!is_new(conn) || !(begun || (dial_is_passing(addr, error) && error != ECONNRESET)))
		return false;
	/* Over loopback it mostly stands at once, and neither failed nor is there to be watched. */
	if (!wire_is_dead(conn->fd)) {
		if (begun)
			resolved_worked(addr);
		return false;
	}
	/* Or has failed at once: that is found out where the program waits, if that can be seen. */
	if (begun && !wire_is_connecting(conn->fd))
		return false;
	if (!begun)
		resolved_failed(addr);
	return is_wanted(conn, dial_cause(error) == CAUSE_CONNECT ? POLICY_ON_CONNECT
								  : POLICY_ON_CONNECT_TIMEOUT) &&
	       !is_awaited_unseen(conn);
}

bool dial_is_awaited(const struct conn *conn)
{
	return config.policy->uses & POLICY_USES_CONNECT && is_new(conn);
}

bool dial_would_rescue(const struct conn *conn)
{
	return is_new(conn) && wire_is_dead(conn->fd) &&
	       is_wanted(conn, POLICY_ON_CONNECT | POLICY_ON_CONNECT_TIMEOUT);
}

bool dial_begin(struct conn *conn, int error)
{
	struct rescue_start start = {
	    .cause = dial_cause(error),
	    .unsent = true,
	    .connecting = error == EINPROGRESS,
	    .error = error == EINPROGRESS ? ETIMEDOUT : error,
	};
	if (rescue_begin(conn, &start) != REASON_NONE)
		return false;
	rescue_is_full(conn); /* no room is told of before it stands */
	return true;
}

int dial_rescue(const struct handle *handle, int error)
{
	struct conn *conn = handle->conn;
	if (!handle_lock_answered(handle))
		return error;
	if (!dial_may_rescue(conn, error)) {
		conn_unlock(conn);
		if (error != EINPROGRESS)
			reject_note_error(handle, error);
		return error;
	}
	if (!dial_begin(conn, error)) {
		if (error == EINPROGRESS)
			conn_unlock(conn);
		else
			conn_end(conn, WHY_TOLD);
		return error;
	}
	enum rescue_result result = rescue_step(conn);
	if (result == RESCUE_FAILED || result == RESCUE_LOST) {
		if (result == RESCUE_FAILED) /* of a connect that was watched it may be another */
			error = rescue_error(conn);
		conn_end(conn, result == RESCUE_LOST ? WHY_LOST : WHY_TOLD);
		return error;
	}
	conn_unlock(conn);
	return 0;
}

int dial_error(struct conn *conn)
{
	int error = 0;
	bool told = rescue_is_dial(conn->rescue) || rescue_has_failed(conn);
	if (!told || rescue_step(conn) != RESCUE_FAILED) {
		conn_unlock(conn);
		return 0;
	}
	error = rescue_error(conn);
	conn_end(conn, WHY_TOLD);
	return error;
}
