/* SPDX-License-Identifier: MIT */
/*
 * A session whose calls never touch a socket: its BIOs are memory, and the program itself carries
 * the bytes between that and the socket. So the two are found together at different times: a
 * connection waits until a call is made to the session that has its ClientHello. And the calls on
 * the socket take a rescue on, on the thread that has last used the session, while nobody else is
 * in it. The functions that are given a connection are called with that locked.
 */
#ifndef REDIAL_TLS_MEMORY_H
#define REDIAL_TLS_MEMORY_H

#include "session.h"

/* Room for those that wait: before any entry is written into a slot. false if there is none. */
bool tls_memory_ready(void);

/* Does any connection wait? */
bool tls_memory_any_waits(void);

/*
 * conn's server has begun to answer. Of two connections with the same ClientHello neither finds a
 * session: one of them carries what another one's session says.
 */
void tls_memory_wait(struct conn *conn);

/* A call to a session that has no connection: binds it to the one that waits for it. */
void tls_memory_meet(struct tls_call *call);

/* Is conn's session such a one? */
bool tls_memory_is_of(const struct conn *conn);

/*
 * The session is this thread's until tls_memory_leave, as it is in a call to the library. false if
 * it cannot be, or is already in one.
 */
bool tls_memory_enter(struct conn *conn);
void tls_memory_leave(struct conn *conn);

/* A 401 to a second sending of what serves once could not be kept from the program (held.c). */
bool tls_memory_spends(const struct tls_session *session, const struct conn *conn);

/*
 * Of a request no byte has gone out: does nothing lie between, but bytes in memory that the session
 * has not read? They answer nothing: a close_notify, a ticket. tls_memory_drain: they go.
 */
bool tls_memory_is_even(const struct tls_session *session, const struct conn *conn);
void tls_memory_drain(struct tls_session *session);

/* The socket has refused the last len bytes of the session's. */
void tls_memory_refuse(struct conn *conn, size_t len);

/*
 * A rescue that had cleared it has failed, and it finds no end by itself: what the library says
 * from now on goes nowhere, and what it reads is as the program has it in its own memory, nothing
 * or the end.
 */
void tls_memory_end(struct tls_session *session);

/* The rescue has failed, and the socket is about to tell of the end. */
void tls_memory_failed(struct conn *conn);

#endif
