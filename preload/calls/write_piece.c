/* SPDX-License-Identifier: MIT */
/*
 * The usual write: a GET whole, on a connection that has answered before and waits for nothing. It
 * is recorded and sent without a detour; all else, and what goes otherwise than it nearly always
 * does, is write.c's.
 */
#include "../os/epoll.h"
#include "../os/memory.h"
#include "../os/real.h"
#include "../process/config.h"
#include "../process/switch.h"
#include "../conn/usual.h"
#include "secured_piece.h"
#include "settle.h"

/* What of a policy there is more to do for. */
#define USES_MORE                                                                                  \
	(POLICY_USES_REQUEST_ID | POLICY_USES_UNACKED_TIMEOUT | POLICY_USES_RESPONSE_TIMEOUT)

/* Of a call's flags, those that change nothing about where the bytes go. */
#define USUAL_FLAGS (MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE)

ssize_t call_quiet_send(const struct write_call *call, int fd)
{
	return real.send(fd, call->iov->iov_base, call->iov->iov_len, call->flags | MSG_NOSIGNAL);
}

/* The arguments of the call. */
struct write_piece {
	write_function *plain;
	int fd, flags;
	const void *bytes;
	size_t len;
};

/* Called with the lock. */
static inline bool is_usual(const struct conn *conn)
{
	const uint32_t looked_at = CONN_CONNECTED | CONN_REUSED | CONN_DOUBT | CONN_OPAQUE |
				   CONN_GREETING | CONN_SECURED | CONN_UNHELD;
	return (conn->flags & looked_at) == (CONN_CONNECTED | CONN_REUSED) &&
	       !(conn->care & CARE_IDLE) && !conn->busy && !conn->request_count && !conn->writers &&
	       conn->peer.any.sa_family != AF_UNIX;
}

/* The call by way of write.c; past: what the kernel has said to it, or NULL. */
static TRACKED ssize_t write_otherwise(struct conn *conn, const struct write_piece *piece,
				       const struct past *past)
{
	struct iovec iov = {(void *)piece->bytes, piece->len};
	struct write_call call = {
	    .plain = piece->plain,
	    .quiet = call_quiet_send,
	    .fd = piece->fd,
	    .flags = piece->flags,
	    .iov = &iov,
	    .count = 1,
	};
	return past ? settle_write(conn, &call, piece->len, past) : call_write(conn, &call);
}

#define PIECE (&(struct write_piece){plain, fd, flags, bytes, len})

static TRACKED ssize_t write_plain(struct conn *conn, int fd, const void *bytes, size_t len,
				   int flags, write_function *plain)
{
	const struct policy *policy = config.policy;
	if (policy->uses & USES_MORE || !(policy->methods_always & method_bit(METHOD_GET)) ||
	    flags & ~USUAL_FLAGS || len < HTTP1_LINES_MIN || !memory_is_known(bytes, len) ||
	    !http1_begins_get(bytes, len) || __builtin_expect(switch_has_changed(), 0) ||
	    !conn_lock(conn, fd))
		return write_otherwise(conn, PIECE, NULL);

	const uint64_t before = conn_life_and_epoch(conn);
	const uint32_t popped = conn->popped;
	if (__builtin_expect(!is_usual(conn) || !conn_record_get(conn, bytes, len), 0)) {
		conn_unlock(conn);
		return write_otherwise(conn, PIECE, NULL);
	}
	conn->waits = os_waits;
	conn->writers++;
	conn_unlock(conn);

	ssize_t result = real.send(fd, bytes, len, flags | MSG_NOSIGNAL);
	if (__builtin_expect(result == (ssize_t)len && conn_lock(conn, fd), 1)) {
		if (__builtin_expect(conn_life_and_epoch(conn) == before, 1)) {
			conn->writers--;
			conn_unlock(conn);
			return result;
		}
		conn_unlock(conn);
	}
	const struct past past = {.life_and_epoch = before, .popped = popped, .result = result};
	return write_otherwise(conn, PIECE, &past);
}

ssize_t call_write_piece(struct conn *conn, int fd, const void *bytes, size_t len,
			 write_function *plain_write)
{
	return __builtin_expect(conn->care == CARE_SECURED, 0)
		   ? secured_write_piece(conn, fd, bytes, len, plain_write)
		   : write_plain(conn, fd, bytes, len, 0, plain_write);
}

ssize_t call_send_piece(struct conn *conn, int fd, const void *bytes, size_t len, int flags,
			write_function *plain_send)
{
	return __builtin_expect(conn->care == CARE_SECURED, 0)
		   ? secured_send_piece(conn, fd, bytes, len, flags, plain_send)
		   : write_plain(conn, fd, bytes, len, flags, plain_send);
}
