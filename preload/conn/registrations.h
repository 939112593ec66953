/* SPDX-License-Identifier: MIT */
/* The program's epoll registrations of a descriptor whose socket is replaced under it. */
#ifndef REDIAL_CONN_REGISTRATIONS_H
#define REDIAL_CONN_REGISTRATIONS_H

#include "conn.h"

/*
 * Looks in those sets for registrations of conn's descriptor that were made past the hooks, as
 * libuv makes them by io_uring, and adds them to the ones that are known (/proc/self/fdinfo).
 */
void conn_registrations_find(struct conn *conn);

/*
 * Take the program's registrations of conn's descriptor out of its epoll sets, forgetting those
 * that are not there any more, and put them back for what is at the number then. `placeholder`: a
 * watcher. Returns 0 or a negative errno.
 */
void conn_registrations_take(struct conn *conn);
int conn_registrations_put(struct conn *conn, bool placeholder);

#endif
