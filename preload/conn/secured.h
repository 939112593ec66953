/* SPDX-License-Identifier: MIT */
/*
 * A connection over which TLS goes. Its bytes are followed by their records alone; what they mean
 * is told by the calls to the TLS library that the session belongs to (tls/). All functions are
 * called with the connection locked.
 */
#ifndef REDIAL_CONN_SECURED_H
#define REDIAL_CONN_SECURED_H

#include <stddef.h>

#include "../wire/carrier.h"
#include "conn.h"

enum { CONN_RANDOM_LEN = 32 };

struct conn_secured {
	struct greeting *greeting;	    /* what was said to a proxy before, or NULL */
	struct conn_resume *resume;	    /* of CONN_RESUMES */
	const struct wire_carrier *carrier; /* NULL until the session is found */
	void *session;			    /* tls/session.h */
	uint64_t sent;			    /* bytes that the socket took of the program's */
	uint32_t strangers; /* calls on the socket by nobody who could be the session */
	uint32_t body_left; /* of the record that is being read */
	bool counted;	    /* the session, for redial stat */
	bool apart;	    /* the calls to its library touch no socket: tls/memory.h */
	uint8_t head_len;   /* bytes of its header that were read; 0 between two records */
	uint8_t head[5];
	uint8_t random[CONN_RANDOM_LEN]; /* of the ClientHello */
	int owed; /* an error that the kernel has told, and the program's next call finds */
	/* Of the call to the library that is under way, in which a rescue has begun. */
	bool put_off;	      /* its transport has been told to come back */
	uint64_t patience_ms; /* and would have waited so long */
};

/*
 * How many of them have no session yet: no call to a library can find out that it is one's while
 * there are none. (A forked child may find some counted that it does not have.)
 */
extern uint32_t conn_secured_alone __attribute__((visibility("hidden")));

/* conn.busy_or_care of one of which nothing else is to be seen to. */
enum { CONN_SECURED_ALONE = CARE_SECURED << 8 };
_Static_assert(offsetof(struct conn, care) == offsetof(struct conn, busy_or_care) + 1 &&
		   __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	       "care is the upper half");

/* Is its plaintext told by other calls than those on its socket, at other times? */
static inline bool conn_is_apart(const struct conn *conn)
{
	return conn_is_secured(conn) && conn->secured->apart;
}

/* What was said to a proxy on the connection, TLS or not, or NULL. */
struct greeting *conn_greeting(const struct conn *conn);

/* How many bytes such a proxy has answered. */
uint64_t conn_said_by_proxy(const struct conn *conn);

/*
 * The server has answered the first flight, with len bytes that were counted already: what follows
 * is TLS. false if it cannot be followed, for want of memory.
 */
bool conn_begin_secured(struct conn *conn, const struct iovec *iov, int count, size_t len);

/* Takes note of len bytes more that were read. */
void conn_secured_read(struct conn *conn, const struct iovec *iov, int count, size_t len);

/*
 * So many bytes were read and sent that are not counted yet. None of them is of a record that has
 * been read in part but its header: of that one body_left are to come, 0 if there is none.
 */
void conn_secured_moved(struct conn *conn, uint64_t received, uint64_t sent, uint32_t body_left);

/*
 * Another socket has taken the number, after conn_renewed: so many bytes of records were read from
 * it, and none has been begun.
 */
void conn_secured_renewed(struct conn *conn, uint64_t received);

/* Are these whole records, and none but the alerts by which a server takes its leave? */
bool conn_secured_is_farewell(const uint8_t *bytes, size_t len);

/* Has part of a record been read? */
static inline bool conn_has_part(const struct conn_secured *secured)
{
	return secured->head_len != 0;
}

/* The session is found. */
void conn_secured_meet(struct conn *conn, void *session);

/* Gives back what is kept of it. */
void conn_secured_drop(struct conn *conn);

#endif
