/* SPDX-License-Identifier: MIT */
/*
 * Calls about the socket itself. While a rescue is under way its number holds a watcher: they go
 * to the dead socket, from which the next one is modelled, and to the one being connected.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "../calls/child.h"
#include "../calls/placeholder.h"
#include "../calls/secured.h"
#include "../calls/wait.h"
#include "../process/config.h"
#include "../conn/conn.h"
#include "../conn/hello.h"
#include "../conn/options.h"
#include "../os/copy.h"
#include "../connect/dial.h"
#include "../os/mem.h"
#include "../os/owner.h"
#include "../os/real.h"
#include "../rescue/dial.h"
#include "../rescue/fresh.h"
#include "../rescue/inherit.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../rescue/yield.h"
#include "../connect/reject.h"
#include "../conn/table.h"
#include "../wire/socket.h"

/* How most programs learn that their non-blocking connect has failed. */
static void look_at_error(const struct handle *handle, const void *value)
{
	int error;
	memcpy(&error, value, sizeof(error));
	if (error)
		reject_note_error(handle, error);
}

/* Puts an answer where the program wants it, as much of it as there is room for: as the kernel. */
static int hand_out(void *to, socklen_t *len, const void *answer, socklen_t answer_len)
{
	socklen_t room;
	int error = 0;
	if (!copy_in(&room, len, sizeof(room)))
		error = EFAULT;
	else if (room > INT32_MAX)
		error = EINVAL;
	else if (!copy_out(to, answer, room < answer_len ? room : answer_len) ||
		 !copy_out(len, &answer_len, sizeof(answer_len)))
		error = EFAULT;
	if (error)
		set_errno(error);
	return error ? -1 : 0;
}

/*
 * A program that asks for the error of its handshake's connection before it reads would be told of
 * the end that a read begins a rescue with. Called with the lock, leaves without.
 */
static void begin_rescue(struct conn *conn, int fd)
{
	uint64_t gone_ms; /* this one has not waited */
	bool ends = conn_is_hello(conn) && rescue_would_begin(conn) && wire_is_dead(fd);
	conn_unlock(conn);
	if (ends)
		call_await_end(conn, fd, EPOLLERR | EPOLLHUP, true, &gone_ms);
}

/* The kernel has written it: no more is asked of the program's memory than that. */
static void tell_secured(struct conn *conn, void *value, const socklen_t *len)
{
	int error;
	if (*len != sizeof(error))
		return;
	memcpy(&error, value, sizeof(error));
	error = secured_asked(conn, error);
	memcpy(value, &error, sizeof(error));
}

static TRACKED int getsockopt_tracked(int fd, int level, int name, void *restrict value,
				      socklen_t *restrict len)
{
	struct handle handle;
	int socket;
	struct conn *conn = call_hold_still(fd, &socket);
	if (conn && !conn->busy && level == SOL_SOCKET && name == SO_ERROR) {
		begin_rescue(conn, fd);
		conn = call_hold_still(fd, &socket);
	}
	bool busy = conn && conn->busy;
	bool asks_error = conn && level == SOL_SOCKET && name == SO_ERROR;
	socklen_t room;
	if (busy && asks_error && copy_in(&room, len, sizeof(room)) && room >= sizeof(int) &&
	    room <= INT32_MAX) {
		int error = dial_error(conn); /* 0: so far nothing has failed */
		return hand_out(value, len, &error, sizeof(error));
	}
	int result = real.getsockopt(socket, level, name, value, len);
	if (!conn)
		return result;
	if (!busy && result == 0 && asks_error && conn_is_secured(conn))
		tell_secured(conn, value, len);
	handle_find(&handle, conn, fd);
	conn_unlock(conn);
	if (!busy && result == 0 && asks_error && *len == sizeof(int))
		look_at_error(&handle, value);
	return result;
}

HOOK int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
	return __builtin_expect(!table_find(fd), 1)
		   ? real.getsockopt(fd, level, name, value, len)
		   : getsockopt_tracked(fd, level, name, value, len);
}

/*
 * The dead socket's answer is the program's, as bare. With the lock held until that is noted: no
 * rescue may begin in between.
 */
static TRACKED int setsockopt_tracked(int fd, int level, int name, const void *value, socklen_t len)
{
	struct wire_note note;
	struct conn *conn = table_find(fd);
	if (!conn || !conn_lock(conn, fd) || call_has_lost_number(conn))
		return real.setsockopt(fd, level, name, value, len);
	int to = conn->busy ? rescue_dead_socket(conn) : fd;
	int result = real.setsockopt(to, level, name, value, len);
	if (result >= 0) {
		bool noted = conn_note_option(conn, level, name, value, len, &note);
		rescue_option_set(conn, noted ? &note : NULL);
	}
	conn_unlock(conn);
	return result;
}

HOOK int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	return __builtin_expect(!table_find(fd), 1)
		   ? real.setsockopt(fd, level, name, value, len)
		   : setsockopt_tracked(fd, level, name, value, len);
}

static TRACKED int getpeername_tracked(int fd, struct sockaddr *restrict addr,
				       socklen_t *restrict len)
{
	int socket;
	struct conn *conn = call_hold_still(fd, &socket);
	if (!conn || !conn->busy) {
		int result = real.getpeername(socket, addr, len);
		if (conn)
			conn_unlock(conn);
		return result;
	}
	if (rescue_is_dial(conn->rescue) && conn->rescue->unsent) {
		conn_unlock(conn);
		set_errno(ENOTCONN);
		return -1;
	}
	/* What a connected socket answers; the dead one does not know any more. */
	int result = conn->peer.any.sa_family == AF_UNIX
			 ? real.getpeername(socket, addr, len)
			 : hand_out(addr, len, &conn->peer, conn->peer_len);
	conn_unlock(conn);
	return result;
}

HOOK int getpeername(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	return __builtin_expect(!table_find(fd), 1) ? real.getpeername(fd, addr, len)
						    : getpeername_tracked(fd, addr, len);
}

static TRACKED int getsockname_tracked(int fd, struct sockaddr *restrict addr,
				       socklen_t *restrict len)
{
	int socket;
	struct conn *conn = call_hold_still(fd, &socket);
	int result = real.getsockname(socket, addr, len);
	if (conn)
		conn_unlock(conn);
	return result;
}

HOOK int getsockname(int fd, struct sockaddr *restrict addr, socklen_t *restrict len)
{
	return __builtin_expect(!table_find(fd), 1) ? real.getsockname(fd, addr, len)
						    : getsockname_tracked(fd, addr, len);
}

/*
 * A placeholder sends no signals. Only the kernel is to read what arg says: it is asked with the
 * socket that is laid aside, which could only name the wrong descriptor in its signals.
 */
static int set_signals(struct conn *conn, int fd, void *arg)
{
	int result = real.ioctl(rescue_dead_socket(conn), FIOASYNC, arg);
	if (result || !os_sends_signals(rescue_dead_socket(conn)))
		return result;
	os_send_no_signals(rescue_dead_socket(conn));
	rescue_yield(conn, REASON_SIGNALS);
	return real.ioctl(fd, FIOASYNC, arg);
}

static int ioctl_during_rescue(struct conn *conn, int fd, unsigned long request, void *arg)
{
	if (request == FIOCLEX || request == FIONCLEX) {
		if (!conn->rescue->placed)
			return real.ioctl(fd, request, arg);
		rescue_set_inheritable(conn, fd, request == FIONCLEX);
		return 0;
	}
	if (request == FIOASYNC)
		return set_signals(conn, fd, arg);
	int result = real.ioctl(rescue_dead_socket(conn), request, arg);
	if (request == FIONBIO && result == 0)
		rescue_set_nonblocking(conn, *(const int *)arg != 0);
	return result;
}

static TRACKED int ioctl_tracked(int fd, unsigned long request, void *arg)
{
	if (request == FIONCLEX)
		call_child_keeps(fd);
	int socket;
	struct conn *conn = call_hold_still(fd, &socket);
	int result = conn && conn->busy ? ioctl_during_rescue(conn, fd, request, arg)
					: real.ioctl(fd, request, arg);
	/* What there is to read, where the socket itself may hold only the rest of it. */
	if (conn && request == FIONREAD && result == 0)
		*(int *)arg += (int)rescue_owed(conn);
	if (conn)
		conn_unlock(conn);
	return result;
}

/* Declared here, as sys/ioctl.h declares it with `...`. */
int redial_ioctl(int fd, unsigned long request, void *arg) __asm__("ioctl");

HOOK int redial_ioctl(int fd, unsigned long request, void *arg)
{
	return __builtin_expect(!table_find(fd), 1) ? real.ioctl(fd, request, arg)
						    : ioctl_tracked(fd, request, arg);
}
