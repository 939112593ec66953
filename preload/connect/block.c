/* SPDX-License-Identifier: MIT */
#include "block.h"

#include <errno.h>
#include <sys/time.h>

#include "../conn/own.h"
#include "../conn/who.h"
#include "../os/address.h"
#include "../os/cancel.h"
#include "../os/clock.h"
#include "../os/mem.h"
#include "../os/real.h"
#include "../os/sys.h"
#include "../os/watcher.h"
#include "../process/peers.h"
#include "../process/resolved.h"
#include "../wire/socket.h"
#include "dial.h"
#include "loopback.h"
#include "persist.h"
#include "reject.h"

static bool get_send_timeout(int fd, struct timeval *limit)
{
	socklen_t len = sizeof(*limit);
	return sys6(getsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, limit, &len, 0) == 0;
}

static void set_send_timeout(int fd, const struct timeval *limit)
{
	sys6(setsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, limit, sizeof(*limit), 0);
}

static bool is_same(const struct timeval *a, const struct timeval *b)
{
	return a->tv_sec == b->tv_sec && a->tv_usec == b->tv_usec;
}

/* Returns 0 or an errno. */
static int connect_once(int fd, const struct sockaddr *addr, socklen_t len)
{
	return real.connect(fd, addr, len) < 0 ? get_errno() : 0;
}

/*
 * The same while SO_SNDTIMEO, which bounds a blocking connect (socket(7)), is ours. *rounded is
 * what the kernel made of it.
 */
static int connect_limited(int fd, const struct sockaddr *addr, socklen_t len, uint64_t limit_ms,
			   struct timeval *rounded)
{
	const struct timeval ours = {(time_t)(limit_ms / 1000),
				     (suseconds_t)(limit_ms % 1000) * 1000};
	set_send_timeout(fd, &ours);
	get_send_timeout(fd, rounded);
	return connect_once(fd, addr, len);
}

/* A call with a time limit is never restarted (signal(7)); but the program has set none. */
static int connect_restarting(int fd, const struct sockaddr *addr, socklen_t len, uint64_t limit_ms,
			      struct timeval *rounded)
{
	uint64_t end_ms = os_now_ms() + limit_ms, now_ms = end_ms - limit_ms;
	int error;
	do {
		error = connect_limited(fd, addr, len, end_ms - now_ms, rounded);
		now_ms = os_now_ms();
	} while (error == EINTR && now_ms < end_ms && os_restarts());
	return error == EALREADY || (error == EINTR && now_ms >= end_ms) ? EINPROGRESS : error;
}

/*
 * Puts the program's own limit back, unless another thread has set one meanwhile, and ends an
 * attempt that has taken too long: the socket is as if it had never been tried.
 */
static int end_limited(int fd, int error, const struct timeval *own, const struct timeval *rounded)
{
	struct timeval now;
	if (get_send_timeout(fd, &now) && is_same(&now, rounded))
		set_send_timeout(fd, own);
	if (error != EINPROGRESS)
		return error;
	wire_disconnect(fd);
	return ETIMEDOUT;
}

/* In milliseconds, rounded up; UINT64_MAX for none. */
static uint64_t limit_of(const struct timeval *own)
{
	if (!own->tv_sec && !own->tv_usec)
		return UINT64_MAX;
	return (uint64_t)own->tv_sec * 1000 + (uint64_t)(own->tv_usec + 999) / 1000;
}

/*
 * The first attempt, by the program's number. It may be another file's once the kernel has
 * answered: what is still to be done is done to the connection's.
 */
static int connect_first(const struct handle *handle, const struct sockaddr *addr, socklen_t len,
			 uint64_t limit_ms, const struct timeval *own)
{
	struct timeval rounded;
	if (addr->sa_family == AF_UNIX || !limit_ms || limit_of(own) <= limit_ms)
		return connect_once(handle->fd, addr, len);
	int error = connect_restarting(handle->fd, addr, len, limit_ms, &rounded);
	if (!handle_lock_answered(handle))
		return error == EINPROGRESS ? ETIMEDOUT : error;
	error = end_limited(handle->conn->fd, error, own, &rounded);
	conn_unlock(handle->conn);
	return error;
}

/* Another one, by a number of ours. Not cancelled: nobody would close that. */
static int connect_again(int fd, const struct sockaddr *addr, socklen_t len, uint64_t limit_ms,
			 const struct timeval *own)
{
	struct timeval rounded;
	int error = UNCANCELLED(connect_restarting(fd, addr, len, limit_ms, &rounded));
	error = end_limited(fd, error, own, &rounded);
	return error == EAGAIN ? ETIMEDOUT : error; /* as unix(7) calls it */
}

static void identify(struct log_request *who, int fd, const struct sockaddr *addr, socklen_t len)
{
	union os_address peer;
	memset(&peer, 0, sizeof(peer));
	memcpy(&peer, addr, len < sizeof(peer) ? len : sizeof(peer));
	who_identify_connect(who, fd, &peer.any);
}

/* How long the next attempt may take. */
static uint64_t patience(const struct persist *persist)
{
	uint64_t gone = os_now_ms() - persist->began_ms;
	uint64_t left = persist->settings.total_timeout_ms > gone
			    ? persist->settings.total_timeout_ms - gone
			    : 1;
	return left < persist->settings.connect_timeout_ms ? left
							   : persist->settings.connect_timeout_ms;
}

/* The first attempt has failed. left_ms: of the program's time. Returns 0 or an errno. */
static TRACKED int try_again(const struct handle *handle, const struct sockaddr *addr,
			     socklen_t len, const struct policy_retry *settings, int first_error,
			     const struct timeval *own, uint64_t left_ms)
{
	int error = first_error;
	if (!handle_lock_answered(handle))
		return first_error;
	int socket = conn_own_dup(handle->conn->fd);
	conn_unlock(handle->conn);
	if (socket < 0)
		return first_error;
	PERSIST persist; /* not before: what ends it would look at it */
	persist_begin(&persist, settings);
	if (left_ms < persist.settings.total_timeout_ms)
		persist.settings.total_timeout_ms = (uint32_t)left_ms;
	identify(&persist.who, handle->fd, addr, len);
	persist.peer = peers_at(addr, len);
	persist.peer_addr = addr;
	while (dial_is_passing(addr, error) && persist_again(&persist, dial_cause(error))) {
		error = connect_again(socket, addr, len, patience(&persist), own);
		if (!error)
			persist_recovered(&persist);
	}
	conn_own_close(socket);
	return error == ETIMEDOUT || dial_is_passing(addr, error) ? first_error : error;
}

int block_connect(const struct handle *handle, const struct sockaddr *addr, socklen_t len,
		  const struct policy_retry *settings)
{
	struct timeval own = {0};
	bool alone = !resolved_has_alternative(addr);
	bool hurried = alone && settings->on & POLICY_ON_CONNECT_TIMEOUT;
	get_send_timeout(handle->fd, &own);
	uint64_t limit_ms = limit_of(&own), began_ms = os_now_ms();
	int error =
	    connect_first(handle, addr, len, hurried ? settings->connect_timeout_ms : 0, &own);
	uint32_t on = error == ETIMEDOUT ? POLICY_ON_CONNECT_TIMEOUT : POLICY_ON_CONNECT;
	uint64_t gone_ms = os_now_ms() - began_ms;
	uint64_t left_ms = gone_ms < limit_ms ? limit_ms - gone_ms : 0;
	if (alone && settings->on & on && dial_is_passing(addr, error) &&
	    !loopback_other_listens(addr))
		error = try_again(handle, addr, len, settings, error, &own, left_ms);
	else if (error)
		reject_note_failure(handle->fd, addr, len, error);
	return error;
}
