/* SPDX-License-Identifier: MIT */
/*
 * Room to write, for programs that wait for it by epoll. A rescue takes what it is given, but a
 * watcher is never writable. So where the program waits for EPOLLOUT the watcher is registered for
 * EPOLLIN as well, its timer is let fire, and the hooks of the epoll_wait family translate what
 * the kernel then tells: it alone knows of edges, of one-shot registrations that have fired, and
 * of threads that wait already.
 */
#ifndef REDIAL_RESCUE_ROOM_H
#define REDIAL_RESCUE_ROOM_H

#include <stdbool.h>
#include <sys/epoll.h>

#include "../conn/conn.h"
#include "rescue.h"

/*
 * A watcher has been placed, or a registration of one was changed: each that waits for room is to
 * hear of it. Called with the connection locked.
 */
void rescue_room_begin(struct conn *conn);

/*
 * The program was told that there is no room to write: it is told of none before the rescue can go
 * on, and waits meanwhile. Called with the connection locked.
 */
void rescue_is_full(struct conn *conn);

/*
 * After a step that leaves nothing to do for now: is there room to tell of? Level-triggered
 * registrations hear of it once after each write. Called with the connection locked.
 */
bool rescue_room_is_due(struct conn *conn);

/*
 * The watcher has an event: is the program to be told of room to write by it? If so it has been,
 * and is told no more before it writes again. Called with the connection locked.
 */
bool rescue_room_take(struct conn *conn);

/*
 * A wait that sees to the rescue itself begins, or is over: meanwhile the timer is for the rescue
 * alone. Called with the connection locked.
 */
void rescue_room_hush(struct conn *conn, bool hush);

#endif
