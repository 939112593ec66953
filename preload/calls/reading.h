/* SPDX-License-Identifier: MIT */
/* What the parts of call_read share. */
#ifndef REDIAL_CALLS_READING_H
#define REDIAL_CALLS_READING_H

#include "handle.h"
#include "read.h"

/* A call of the program's on its way. */
struct reading {
	const struct read_call *call;
	struct handle handle;
	ssize_t result; /* what the program gets, where that is known */
};

/* What is to be done with a call that comes while a rescue has the connection. */
enum attended {
	READ_ON,    /* make the real call */
	READ_AGAIN, /* look anew */
	DELIVER,    /* what was found instead, and errno, are the program's */
};

/* What the program gets of a connection that has become another one's while the call waited. */
enum attended reading_gone(struct reading *r);

/*
 * A rescue is under way: takes it as far as this call may. Called with the lock, leaves without.
 * READ_ON: make the real call; DELIVER: r->result and errno are what the program gets.
 */
enum attended reading_attend(struct reading *r);

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
