/* SPDX-License-Identifier: MIT */
/*
 * The usual read: it gives a whole response to the only request that waits for one. All else is
 * read.c's.
 */
#include "../os/real.h"
#include "../conn/secured.h"
#include "../conn/usual.h"
#include "secured_piece.h"
#include "settle.h"

/* Of a call's flags, those that change nothing about what is read. */
#define USUAL_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

#define CALL                                                                                       \
	(&(struct read_call){.real = real_call,                                                    \
			     .fd = fd,                                                             \
			     .flags = flags,                                                       \
			     .iov = &(struct iovec){buf, len},                                     \
			     .count = 1})

/* The call by way of read.c; past: what the kernel has said to it, or NULL. */
static TRACKED ssize_t read_otherwise(struct conn *conn, const struct read_call *call,
				      const struct past *past)
{
	return past ? settle_read(conn, call, past) : call_read(conn, call);
}

static inline __attribute__((always_inline)) ssize_t read_piece(struct conn *conn, int fd,
								void *buf, size_t len, int flags,
								read_function *real_call,
								bool by_read)
{
	if (flags & ~USUAL_FLAGS)
		return read_otherwise(conn, CALL, NULL);

	const uint64_t before = conn_life_and_epoch(conn);
	ssize_t result = by_read ? real.read(fd, buf, len) : real.recv(fd, buf, len, flags);
	if (__builtin_expect(result > 0 && conn_lock(conn, fd), 1)) {
		bool is_over = conn_life_and_epoch(conn) == before && !conn->busy_or_care &&
			       conn_answered_whole(conn, buf, (size_t)result);
		conn_unlock(conn);
		if (__builtin_expect(is_over, 1))
			return result;
	}
	const struct past past = {.life_and_epoch = before, .result = result};
	return read_otherwise(conn, CALL, &past);
}

/* Each of these apart, so that only what needs them saves registers. */
static TRACKED ssize_t read_plain(struct conn *conn, int fd, void *buf, size_t len,
				  read_function *real_read)
{
	return read_piece(conn, fd, buf, len, 0, real_read, true);
}

static TRACKED ssize_t recv_plain(struct conn *conn, int fd, void *buf, size_t len, int flags,
				  read_function *real_recv)
{
	return read_piece(conn, fd, buf, len, flags, real_recv, false);
}

/* Something is up on the connection. */
static TRACKED ssize_t recv_with_care(struct conn *conn, int fd, void *buf, size_t len, int flags,
				      read_function *real_call)
{
	return read_otherwise(conn, CALL, NULL);
}

ssize_t call_read_piece(struct conn *conn, int fd, void *buf, size_t len, read_function *real_read)
{
	uint16_t busy_or_care = __atomic_load_n(&conn->busy_or_care, __ATOMIC_ACQUIRE);
	if (__builtin_expect(!busy_or_care, 1))
		return read_plain(conn, fd, buf, len, real_read);
	return busy_or_care == CONN_SECURED_ALONE
		   ? secured_read_piece(conn, fd, buf, len, real_read)
		   : recv_with_care(conn, fd, buf, len, 0, real_read);
}

ssize_t call_recv_piece(struct conn *conn, int fd, void *buf, size_t len, int flags,
			read_function *real_recv)
{
	uint16_t busy_or_care = __atomic_load_n(&conn->busy_or_care, __ATOMIC_ACQUIRE);
	if (__builtin_expect(!busy_or_care, 1))
		return recv_plain(conn, fd, buf, len, flags, real_recv);
	return busy_or_care == CONN_SECURED_ALONE
		   ? secured_recv_piece(conn, fd, buf, len, flags, real_recv)
		   : recv_with_care(conn, fd, buf, len, flags, real_recv);
}
