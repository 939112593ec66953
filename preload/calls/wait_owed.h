/* SPDX-License-Identifier: MIT */
/*
 * What a program is owed of a response that was held back, and no watcher tells of, for there were
 * no descriptors for one (rescue/held.h): its waits do. Those of poll and select know by
 * themselves; here are epoll's. All take the locks that they need.
 */
#ifndef REDIAL_CALLS_WAIT_OWED_H
#define REDIAL_CALLS_WAIT_OWED_H

#include <stdbool.h>

#include "../conn/conn.h"
#include "wait_epoll.h"

/*
 * What else a registration for these events is to wait for, with the lock, where it is of those
 * that tell once: room to write, which there is, until all has been given
 * (conn_registrations_narrow). The second makes of such an event what the program, which has asked
 * for `asked` there, sees; others are as they were.
 */
uint32_t call_wait_owed_events(const struct conn *conn, uint32_t events);
uint32_t call_wait_owed_seen(struct conn *conn, int epfd, int fd, uint32_t asked, uint32_t events);

/* Is there something to tell of it to who waits on this set? */
bool call_wait_owes(int epfd);

/* Such a wait: returns, and sets errno, as the call does. */
int call_wait_owed(const struct wait_epoll *wait);

#endif
