/* SPDX-License-Identifier: MIT */
/*
 * The usual read: it gives a whole response to the only request that waits for one. All else is
 * read.c's.
 */
#include "../os/real.h"
#include "../conn/usual.h"
#include "settle.h"
#include "usual_secured.h"

/* Of a call's flags, those that change nothing about what is read. */
#define USUAL_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

#define CALL                                                                                       \
	(&(struct read_call){.real = real_call,                                                    \
			     .fd = fd,                                                             \
			     .flags = flags,                                                       \
			     .iov = &(struct iovec){buf, len},                                     \
			     .count = 1})

/*
 * The usual read on a connection that TLS goes over: its session's call makes it, for the header of
 * a record or for the rest.
 */
static inline __attribute__((always_inline)) ssize_t read_secured(struct conn *conn, int fd,
								  void *buf, size_t len, int flags,
								  read_function *real_call,
								  bool by_read)
{
	if (flags & ~USUAL_FLAGS || config.policy->uses & POLICY_USES_RESPONSE_TIMEOUT ||
	    !conn_lock(conn, fd))
		return call_read(conn, CALL);
	const uint32_t life = conn->life, epoch = conn->epoch;
	bool is_usual = secured_is_usual(conn);
	conn_unlock(conn);
	if (__builtin_expect(!is_usual, 0))
		return call_read(conn, CALL);

	ssize_t result = by_read ? real.read(fd, buf, len) : real.recv(fd, buf, len, flags);
	if (__builtin_expect(result > 0 && conn_lock(conn, fd), 1)) {
		is_usual = conn->life == life && conn->epoch == epoch && secured_is_usual(conn);
		if (__builtin_expect(is_usual, 1)) {
			conn->received += (uint64_t)result;
			conn_secured_read(conn, &(struct iovec){buf, len}, 1, (size_t)result);
			conn_unlock(conn);
			return result;
		}
		conn_unlock(conn);
	}
	const struct past past = {.life = life, .epoch = epoch, .result = result};
	return settle_secured_read(conn, CALL, &past);
}

/* The call by way of read.c; past: what the kernel has said to it, or NULL. */
static TRACKED ssize_t read_otherwise(struct conn *conn, const struct read_call *call,
				      const struct past *past)
{
	return past ? settle_read(conn, call, past) : call_read(conn, call);
}

static TRACKED ssize_t read_secured_now(struct conn *conn, int fd, void *buf, size_t len,
					read_function *real_call)
{
	return read_secured(conn, fd, buf, len, 0, real_call, true);
}

static TRACKED ssize_t recv_secured_now(struct conn *conn, int fd, void *buf, size_t len, int flags,
					read_function *real_call)
{
	return read_secured(conn, fd, buf, len, flags, real_call, false);
}

static inline __attribute__((always_inline)) ssize_t read_piece(struct conn *conn, int fd,
								void *buf, size_t len, int flags,
								read_function *real_call,
								bool by_read)
{
	if (__builtin_expect(__atomic_load_n(&conn->busy_or_care, __ATOMIC_ACQUIRE), 0) ||
	    flags & ~USUAL_FLAGS)
		return read_otherwise(conn, CALL, NULL);

	const uint32_t life = __atomic_load_n(&conn->life, __ATOMIC_RELAXED);
	const uint32_t epoch = __atomic_load_n(&conn->epoch, __ATOMIC_RELAXED);
	ssize_t result = by_read ? real.read(fd, buf, len) : real.recv(fd, buf, len, flags);
	if (__builtin_expect(result > 0 && conn_lock(conn, fd), 1)) {
		bool is_over = conn->life == life && conn->epoch == epoch && !conn->busy_or_care &&
			       conn_answered_whole(conn, buf, (size_t)result);
		conn_unlock(conn);
		if (__builtin_expect(is_over, 1))
			return result;
	}
	const struct past past = {.life = life, .epoch = epoch, .result = result};
	return read_otherwise(conn, CALL, &past);
}

ssize_t call_read_piece(struct conn *conn, int fd, void *buf, size_t len, read_function *real_read)
{
	if (__builtin_expect(conn->care == CARE_SECURED, 0))
		return read_secured_now(conn, fd, buf, len, real_read);
	return read_piece(conn, fd, buf, len, 0, real_read, true);
}

ssize_t call_recv_piece(struct conn *conn, int fd, void *buf, size_t len, int flags,
			read_function *real_recv)
{
	if (__builtin_expect(conn->care == CARE_SECURED, 0))
		return recv_secured_now(conn, fd, buf, len, flags, real_recv);
	return read_piece(conn, fd, buf, len, flags, real_recv, false);
}
