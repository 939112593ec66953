/* SPDX-License-Identifier: MIT */
/*
 * What a rescue asks of whatever lies between a connection's bytes and its socket. A plain socket
 * has nothing of the kind: it is secured as soon as it stands, and takes the bytes as they are. All
 * are called with the connection locked.
 */
#ifndef REDIAL_WIRE_CARRIER_H
#define REDIAL_WIRE_CARRIER_H

#include <stdbool.h>
#include <stddef.h>

#include "../../policy/decide.h"

struct conn;

enum wire_secured {
	WIRE_SECURED,	/* bytes may be sent */
	WIRE_UNDER_WAY, /* come back when the fresh socket is readable */
	WIRE_FULL,	/* or when it is writable */
	WIRE_ELSEWHERE, /* only a call of the program's to its library can go on */
	WIRE_REFUSED,	/* it is not whom the program spoke to: reason() says why */
	WIRE_LOST,	/* the fresh socket has failed */
};

struct wire_carrier {
	/* Is this thread in a call to the library, which can go on with a rescue once it returns?
	 */
	bool (*is_here)(const struct conn *conn);
	/* Within such a call the end is about to be told: the library is to keep nothing of it. */
	void (*tells)(const struct conn *conn);
	/*
	 * A rescue has begun in such a call, which waits for it: bytes (returns how many) upon
	 * which the library lets go, for a transport that would keep what it is told of an error.
	 * 0: it is told EAGAIN. NULL: always.
	 */
	size_t (*spoils)(const struct conn *conn, char *bytes, size_t room);
	/* May the connection be replaced, as far as the carrier knows? */
	enum reason (*may_replace)(const struct conn *conn);
	/* Goes on with what is to be done on the fresh socket before a byte; `first`: begins it. */
	enum wire_secured (*secure)(struct conn *conn, int fresh, bool first);
	enum reason (*reason)(const struct conn *conn);
	/*
	 * Sends bytes of conn.held; called again with the same ones after -EAGAIN. Returns how many
	 * went out, which is all, or a negative errno.
	 */
	long (*send)(struct conn *conn, int fresh, const char *bytes, size_t len);
	/*
	 * What has been answered there: up to `room` bytes, which are left (takes: are taken) as by
	 * wire_peek and wire_receive of a plain socket; the library keeps what lies behind them.
	 * -EAGAIN also where only a call of the program's can go on. NULL: it cannot be heard.
	 */
	long (*hear)(struct conn *conn, int fresh, char *bytes, size_t room, bool takes);
	/* The fresh socket has taken the number. */
	void (*installed)(struct conn *conn);
	/* The version of what it speaks, for the log. */
	const char *(*version)(const struct conn *conn);
	bool moves; /* once it is secured anew, nothing more can be said on the old socket */
};

#endif
