/* SPDX-License-Identifier: MIT */
/*
 * Pipelined requests after a rescue: only the first of them is sent with it, each further one when
 * the one before it has been answered (RFC 9112 section 9.3.2: not pipelined anew at once). What
 * waits for its turn is the end of conn.held, conn.unsent bytes long. Nothing here waits or sleeps.
 */
#ifndef REDIAL_CONN_TURNS_H
#define REDIAL_CONN_TURNS_H

#include "conn.h"

/* How many bytes of conn.held go out with the rescue itself. */
uint32_t conn_first_share(const struct conn *conn);

/*
 * Sends the next request, if it is its turn, or all that are left, because something is to follow
 * them. `widens`: with more room in the socket's buffer if it takes them no other way, since there
 * will be no later chance; the next request always goes so. Return 0 if nothing of that waits any
 * more, a negative errno that wire_took_nothing knows if the peer takes no more for now, -EBADF if
 * another file lies at the number, or another one: then the connection has failed, and the next
 * read will find so.
 */
int conn_send_next(struct conn *conn);
int conn_send_rest(struct conn *conn, bool widens);

/* All that are left to fd, as far as it takes them: the number is not the connection's any more. */
void conn_send_rest_on(struct conn *conn, int fd);

/* Ends the program's direction of the connection (SHUT_WR), now or after what is unsent. */
void conn_end_writing(struct conn *conn);

#endif
