/* SPDX-License-Identifier: MIT */
/*
 * The calls on the socket of a connection that TLS goes over: made by the TLS library, or by what
 * carries its bytes for it. Here the end of the connection is noticed, and hidden until the call of
 * the program's to its library has returned.
 */
#ifndef REDIAL_CALLS_SECURED_H
#define REDIAL_CALLS_SECURED_H

#include "reading.h"

/*
 * The server has answered the first flight, with len bytes that were counted. Called with the lock;
 * true: the connection is followed, and unlocked.
 */
bool secured_begin(struct conn *conn, const struct read_call *call, size_t len);

/*
 * The program has asked for the socket's error, which the kernel tells once. Returns what it is
 * told: if a call to its library could mend it, that one finds it; but it is told if it asks again.
 * Called with the lock.
 */
int secured_asked(struct conn *conn, int error);

/* Called with the lock, leaves without. (secured_write: sending.h) */
enum attended secured_read(struct reading *r);

#endif
