/* SPDX-License-Identifier: MIT */
#include "secured_piece.h"

#include "../os/real.h"
#include "../tls/quick.h"
#include "settle.h"

/* Of a call's flags, those that change nothing about what is read, or where the bytes go. */
#define USUAL_FLAGS (MSG_DONTWAIT | MSG_NOSIGNAL)

#define READ_CALL                                                                                  \
	(&(struct read_call){.real = real_call,                                                    \
			     .fd = fd,                                                             \
			     .flags = flags,                                                       \
			     .iov = &(struct iovec){buf, len},                                     \
			     .count = 1})

#define WRITE_CALL                                                                                 \
	(&(struct write_call){.plain = plain,                                                      \
			      .quiet = call_quiet_send,                                            \
			      .fd = fd,                                                            \
			      .flags = flags,                                                      \
			      .iov = &(struct iovec){(void *)bytes, len},                          \
			      .count = 1})

static TRACKED ssize_t read_otherwise(struct conn *conn, int fd, void *buf, size_t len, int flags,
				      read_function *real_call)
{
	return call_read(conn, READ_CALL);
}

/* It has been made, and has given something else than it mostly does (result and errno). */
static TRACKED ssize_t read_on(int fd, void *buf, size_t len, int flags, read_function *real_call,
			       const struct tls_session *session, ssize_t result)
{
	struct conn *conn = session->handle.conn;
	const struct past past = {.life = tls_here.life, .epoch = conn->epoch, .result = result};
	return settle_secured_read(conn, READ_CALL, &past);
}

ssize_t secured_read_piece(struct conn *conn, int fd, void *buf, size_t len,
			   read_function *real_read)
{
	if (__builtin_expect(!tls_quick_is_on(conn), 0))
		return read_otherwise(conn, fd, buf, len, 0, real_read);
	struct tls_session *session = tls_here.session;
	ssize_t result = real.read(fd, buf, len);
	if (__builtin_expect(tls_quick_has_read(session, buf, result), 1))
		return result;
	return read_on(fd, buf, len, 0, real_read, session, result);
}

ssize_t secured_recv_piece(struct conn *conn, int fd, void *buf, size_t len, int flags,
			   read_function *real_recv)
{
	if (__builtin_expect(flags & ~USUAL_FLAGS || !tls_quick_is_on(conn), 0))
		return read_otherwise(conn, fd, buf, len, flags, real_recv);
	struct tls_session *session = tls_here.session;
	ssize_t result = real.recv(fd, buf, len, flags);
	if (__builtin_expect(tls_quick_has_read(session, buf, result), 1))
		return result;
	return read_on(fd, buf, len, flags, real_recv, session, result);
}

static TRACKED ssize_t write_otherwise(struct conn *conn, int fd, const void *bytes, size_t len,
				       int flags, write_function *plain)
{
	return call_write(conn, WRITE_CALL);
}

/* It was not taken (result and errno). */
static TRACKED ssize_t write_on(int fd, const void *bytes, size_t len, int flags,
				write_function *plain, const struct tls_session *session,
				ssize_t result)
{
	struct conn *conn = session->handle.conn;
	const struct past past = {
	    .life = tls_here.life, .epoch = conn->epoch, .result = result, .secured = true};
	return settle_write(conn, WRITE_CALL, len, &past);
}

ssize_t secured_write_piece(struct conn *conn, int fd, const void *bytes, size_t len,
			    write_function *plain_write)
{
	if (__builtin_expect(!tls_quick_is_on(conn), 0))
		return write_otherwise(conn, fd, bytes, len, 0, plain_write);
	struct tls_session *session = tls_here.session;
	ssize_t result = real.send(fd, bytes, len, MSG_NOSIGNAL);
	if (__builtin_expect(result <= 0, 0))
		return write_on(fd, bytes, len, 0, plain_write, session, result);
	session->loose.sent += (size_t)result;
	return result;
}

ssize_t secured_send_piece(struct conn *conn, int fd, const void *bytes, size_t len, int flags,
			   write_function *plain_send)
{
	if (__builtin_expect(flags & ~(USUAL_FLAGS | MSG_MORE) || !tls_quick_is_on(conn), 0))
		return write_otherwise(conn, fd, bytes, len, flags, plain_send);
	struct tls_session *session = tls_here.session;
	ssize_t result = real.send(fd, bytes, len, flags | MSG_NOSIGNAL);
	if (__builtin_expect(result <= 0, 0))
		return write_on(fd, bytes, len, flags, plain_send, session, result);
	session->loose.sent += (size_t)result;
	return result;
}
