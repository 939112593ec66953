/* SPDX-License-Identifier: MIT */
#include "turns.h"

#include <errno.h>

#include "../os/sys.h"
#include "../wire/socket.h"
#include "mark.h"

/* What surely fits an empty send buffer, so that no turn has to be taken in two. */
enum { TURNS_MAX = 16384 };

uint32_t conn_first_share(const struct conn *conn)
{
	bool by_turns = conn->request_count > 1 && conn->held_len <= TURNS_MAX;
	return by_turns ? conn->exchange->requests[0].len : conn->held_len;
}

void conn_end_writing(struct conn *conn)
{
	if (conn->unsent) {
		conn->flags |= CONN_ENDING;
		return;
	}
	conn->flags &= ~(uint32_t)CONN_ENDING;
	sys2(shutdown, conn->fd, SHUT_WR);
}

/*
 * With as much room in the socket's buffer as they take: nobody would send them later, for the
 * program waits for answers now.
 */
static long send_with_room(struct conn *conn, int fd, uint32_t from, uint32_t to)
{
	int half = wire_widen(fd, to - from);
	long taken = mark_send(conn, fd, from, to);
	wire_narrow(fd, half);
	return taken;
}

/* Sends the first `len` of the bytes that wait. */
static int send_waiting(struct conn *conn, int fd, uint32_t len, bool widens)
{
	for (bool wide = false; len;) {
		uint32_t from = conn->held_len - conn->unsent;
		long taken = wide ? send_with_room(conn, fd, from, from + len)
				  : mark_send(conn, fd, from, from + len);
		if (taken == -EINTR || (wire_took_nothing(taken) && widens && !wide)) {
			wide |= taken != -EINTR;
			continue;
		}
		if (taken < 0)
			return (int)taken;
		conn->unsent -= (uint32_t)taken;
		len -= (uint32_t)taken;
	}
	return 0;
}

static int send_at_number(struct conn *conn, uint32_t len, bool widens)
{
	/* Closed past the hooks, the number may be another file's by now. */
	if (wire_cookie(conn->fd) != conn->cookie)
		return -EBADF;
	int error = send_waiting(conn, conn->fd, len, widens);
	if (!error && conn->flags & CONN_ENDING)
		conn_end_writing(conn);
	return error;
}

int conn_send_next(struct conn *conn)
{
	uint32_t sent = conn->held_len - conn->unsent;
	if (!conn->unsent || sent >= conn->exchange->requests[0].len)
		return 0;
	int error = send_at_number(conn, conn->exchange->requests[0].len - sent, true);
	/* There is no later chance, and the program waits for its answer: it finds the end instead.
	 */
	if (wire_took_nothing(error))
		sys2(shutdown, conn->fd, SHUT_RDWR);
	return error;
}

int conn_send_rest(struct conn *conn, bool widens)
{
	return conn->unsent ? send_at_number(conn, conn->unsent, widens) : 0;
}

void conn_send_rest_on(struct conn *conn, int fd)
{
	send_waiting(conn, fd, conn->unsent, true);
}
