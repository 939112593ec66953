/* SPDX-License-Identifier: MIT */
/*
 * attempt_header: copies of a request that are sent again say so in a header of their own behind
 * the request line. conn.held stays what the program wrote, and offsets are offsets in it: how much
 * of a header is out is counted apart (conn_request.marked).
 */
#ifndef REDIAL_CONN_MARK_H
#define REDIAL_CONN_MARK_H

#include "../conn/conn.h"

/* Room for the header's name, ": ", a number of two digits and CRLF. */
enum { MARK_MAX = POLICY_HEADER_MAX + 6, MARK_PIECES = 3 };

/* All requests that are unanswered now are to be sent again, as the attempt-th sending; 1: are not.
 */
void mark_attempt(struct conn *conn, uint32_t attempt);

/* How often one of them has been sent again so far: with one before it in a pipeline, that is. */
uint32_t mark_repeats(const struct conn *conn);

/*
 * Settles which of them say so, before a byte of that sending is out. `header` is that of struct
 * policy_retry, in names of this policy. A request whose head is not all there does not, for its other end may be on its way
 * as the program wrote it; nor one that has such a header already: the program's own stays.
 */
void mark_choose(struct conn *conn, const struct policy *policy, uint32_t header);

/*
 * The next bytes of the sending, which has got to offset `from` of conn->held and is to go to `to`
 * at most. Fills text and pieces, and returns how many pieces there are: 1 or 3, none of them empty
 * but the first.
 */
int mark_pieces(const struct conn *conn, uint32_t from, uint32_t to, char text[MARK_MAX],
		struct iovec pieces[MARK_PIECES]);

/* So many bytes of those pieces are out: returns the offset that the sending has got to. */
uint32_t mark_taken(struct conn *conn, uint32_t from, size_t taken);

/*
 * Sends them without blocking. Returns how far the offset has moved, which is 0 if nothing but a
 * part of a header was taken, or a negative errno.
 */
long mark_send(struct conn *conn, int fd, uint32_t from, uint32_t to);

#endif
