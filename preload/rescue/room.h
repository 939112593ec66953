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

/* The watcher is gone. */
void rescue_room_end(struct rescue *rescue);

/*
 * After a step that leaves nothing to do for now: is there room to tell of? Level-triggered
 * registrations hear of it once after each write. Called with the connection locked.
 */
bool rescue_room_is_due(struct conn *conn);

/* Does any program's registration wait for room, as far as this thread can know? */
bool rescue_room_awaited(void);
void rescue_room_forget(void); /* in a forked child */

/* Translates the events that a wait on epfd has given. */
void rescue_room_tell(int epfd, struct epoll_event *events, int count);

#endif
