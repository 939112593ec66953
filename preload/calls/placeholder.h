/* SPDX-License-Identifier: MIT */
/* Calls on a descriptor at whose number a placeholder may lie: see hooks/words.def. */
#ifndef REDIAL_PLACEHOLDER_H
#define REDIAL_PLACEHOLDER_H

#include "../conn/conn.h"
#include "../rescue/machine.h"
#include "read.h"

/*
 * The connection at fd, locked, if a rescue is under way on it: rescue_dead_socket is what the call
 * is meant for. Else NULL, and in a vfork child as well, at whose numbers the sockets are.
 */
struct conn *call_find_busy(int fd);

/*
 * The connection at fd, locked, that no rescue may begin on before a call that waits for nothing is
 * made; else NULL. *socket is what that is meant for: fd, or what a rescue has laid aside.
 */
struct conn *call_hold_still(int fd, int *socket);

/*
 * Of a connection that a rescue has been at, with its lock: closed past the hooks, its number may
 * be another file's by now, which the call is meant for. true: so it is, it is followed no further,
 * and the lock is gone.
 */
bool call_has_lost_number(struct conn *conn);

/* Is a rescue under way at fd? */
bool call_is_busy(int fd);

/*
 * Is a rescue under way at fd? Then the call fails with this errno, as a socket would have it: a
 * placeholder would be refused for what it is.
 */
bool call_is_refused(int fd, int error);

/* Ends the rescue at fd, if there is one: the program's socket is at the number. */
void call_end_rescue(int fd, enum reason why);

/* Bytes pass at fd that cannot be followed: WHY_PASSED, if it is tracked (conn/end.h). */
void call_let_go(int fd);

/* A call that reads nothing, as a socket takes it that stands. */
ssize_t call_read_nothing(struct conn *conn, const struct read_call *call);

/* A read from beside the stream (MSG_ERRQUEUE). */
ssize_t call_read_beside(const struct read_call *call);

#endif
