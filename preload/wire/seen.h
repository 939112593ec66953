/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says of a socket at one moment (tcp(7), TCP_INFO): asked once, for all that a
 * rescue wants to know. Of one whose end has come no byte is received any more: it stays true.
 */
#ifndef REDIAL_WIRE_SEEN_H
#define REDIAL_WIRE_SEEN_H

#include <stdbool.h>
#include <stdint.h>

struct wire_seen {
	int8_t tcp;    /* enum wire_told */
	uint8_t state; /* 0: it does not tell */
	bool timed;    /* it tells the times */
	bool counted;  /* unacked is true */
	uint64_t received;
	int64_t unacked;	     /* bytes */
	uint32_t sent, acked, heard; /* milliseconds since the last data went out, ... */
};

/* What it tells of received bytes: no such count (a local socket, an old kernel), or it is no TCP.
 */
enum wire_told { WIRE_UNTOLD = 0, WIRE_TOLD = 1, WIRE_NOT_TCP = -1 };

/* Asks. family: of the peer. */
void wire_see(int fd, int family, struct wire_seen *seen);

/* Has its end come, so that what was seen stays true? */
bool wire_seen_ended(const struct wire_seen *seen);

/* Has a reset come, or the connection ended otherwise, so that the kernel does nothing more for it?
 */
bool wire_seen_closed(const struct wire_seen *seen);

/* As wire_is_dead has it, which fd is asked for where TCP does not tell. */
bool wire_seen_dead(const struct wire_seen *seen, int fd);

/* Has it ended, and is what was received, to the byte, what has been read so far? */
bool wire_seen_all_read(const struct wire_seen *seen, uint64_t so_far);

/* As wire_received_was. */
bool wire_seen_received(const struct wire_seen *seen, int fd, uint64_t so_far);

/* As wire_has_unread, so far bytes having been read: the kernel is asked only in doubt. */
bool wire_seen_unread(const struct wire_seen *seen, int fd, uint64_t so_far);

/* What became of the bytes that were sent on a TCP connection that has ended. */
struct wire_sent {
	uint64_t unacked; /* of the last ones, which the peer's kernel has not acknowledged */
	/* From the last byte sent, or the last one that came in, to the end, as far as is known: */
	uint32_t last_ms;
	uint32_t heard_ms;
	bool answered; /* the peer's kernel has acknowledged something since the last byte went out
			*/
};

/*
 * Tells that of seen, if it has ended; after a reset the kernel still knows (tcp(7): TCP_INFO,
 * SIOCOUTQ), but not when it came: till it was seen, then. false if it cannot tell.
 */
bool wire_seen_sent(const struct wire_seen *seen, int fd, struct wire_sent *sent);

#endif
