/* SPDX-License-Identifier: MIT */
#include "pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "mark.h"
#include "machine.h"

/* What surely fits an empty send buffer, so that no turn has to be taken in two. */
enum { TURNS_MAX = 16384 };

uint32_t rescue_first_share(const struct conn *conn)
{
	bool by_turns = conn->request_count > 1 && conn->held_len <= TURNS_MAX;
	return by_turns ? conn->requests[0].len : conn->held_len;
}

void rescue_end_writing(struct conn *conn)
{
	if (conn->unsent) {
		conn->flags |= CONN_ENDING;
		return;
	}
	conn->flags &= ~(uint32_t)CONN_ENDING;
	sys2(shutdown, conn->fd, SHUT_WR);
}

/* How often to look again, a millisecond later, whether the peer takes more. */
enum { NAPS = 1000 };

/* Sends the next len bytes that wait. A connection that fails here fails the next read as well. */
static void send_waiting(struct conn *conn, uint32_t len, int naps)
{
	static const struct timespec nap = {0, 1000000};
	while (len) {
		uint32_t from = conn->held_len - conn->unsent;
		long taken = mark_send(conn, conn->fd, from, from + len);
		if (taken == -EAGAIN || taken == -EINTR) {
			if (naps-- == 0)
				break;
			sys2(nanosleep, &nap, 0);
		} else if (taken < 0) {
			return;
		} else {
			conn->unsent -= (uint32_t)taken;
			len -= (uint32_t)taken;
		}
	}
	if (conn->flags & CONN_ENDING)
		rescue_end_writing(conn);
}

void rescue_send_next(struct conn *conn)
{
	if (conn->unsent && conn->unsent == conn->held_len)
		send_waiting(conn, conn->requests[0].len, NAPS);
}

void rescue_send_rest(struct conn *conn)
{
	bool patient = !(sys3(fcntl, conn->fd, F_GETFL, 0) & O_NONBLOCK);
	send_waiting(conn, conn->unsent, patient ? NAPS : 0);
}
