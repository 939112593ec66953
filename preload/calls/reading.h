/* SPDX-License-Identifier: MIT */
/* What the parts of call_read share. */
#ifndef REDIAL_CALLS_READING_H
#define REDIAL_CALLS_READING_H

#include "../conn/handle.h"
#include "read.h"

/* A call of the program's on its way. */
struct reading {
	const struct read_call *call;
	struct handle handle;
	ssize_t result;	 /* what the program gets, where that is known */
	uint64_t cookie; /* of the socket that it was given a held response of (hold_give) */
};

/* What is to be done with a call that comes while a rescue has the connection. */
enum attended {
	READ_ON,    /* make the real call */
	READ_AGAIN, /* look anew */
	DELIVER,    /* what was found instead, and errno, are the program's */
};

/*
 * The kernel has had the call, and it is to be made again: what counts from here on is the
 * connection, and what is left of the program's time. error: what the kernel said, 0 for the end,
 * or that there was something. Called with the lock.
 */
void reading_note_wait(struct reading *r, int error);

/* May it wait? With the lock. (peep.h has the case of MSG_DONTWAIT on a blocking descriptor.)
 */
bool reading_may_wait(struct reading *r);

/* What the program gets of a connection that has become another one's while the call waited. */
enum attended reading_gone(struct reading *r);

/*
 * A rescue is under way: takes it as far as this call may. Called with the lock, leaves without.
 * READ_ON: make the real call; DELIVER: r->result and errno are what the program gets.
 */
enum attended reading_attend(struct reading *r);

/*
 * The kernel's turn, once the call has waited: true, and r->result and errno are what it says.
 * false: look anew, or (*over) they are the program's. Called without the lock.
 */
bool reading_read_waited(struct reading *r, bool *over);

/* Goes on with a call that has been begun. Returns, and sets errno, as the real call does. */
ssize_t reading_more(struct reading *r);

/*
 * The program has been given a part (r->result) of what it waits for all of (MSG_WAITALL). Returns
 * what it gets.
 */
__attribute__((noinline)) ssize_t reading_rest(const struct reading *r);

/*
 * The connection is at its end, with this errno or 0. true: a rescue has begun, make the call
 * again. Called with the lock, leaves without.
 */
bool reading_rescue(struct reading *r, int error);

/*
 * Lets a thread that is inside send finish, for a while: what it has sent decides what may be sent
 * again. Called with the lock, which is let go meanwhile; false if it cannot be had again.
 */
bool call_await_writers(struct reading *r);

/*
 * Bytes were read from a socket that another thread has begun to replace since the connection had
 * this epoch, or has replaced: what comes after them must not be another socket's. Called with the
 * lock, leaves without.
 */
void call_end_mixed(struct conn *conn, uint32_t epoch);

#endif
