/* SPDX-License-Identifier: MIT */
/* The program's epoll registrations of a descriptor whose socket is replaced under it. */
#ifndef REDIAL_CONN_REGISTRATIONS_H
#define REDIAL_CONN_REGISTRATIONS_H

#include "conn.h"

/* In a process with more descriptors a registration is not looked for by the data of its events. */
enum { CONN_SEARCH_MAX = 4096 };

/*
 * What the kernel is asked for where the program asked for these events of fd: the end of the
 * stream as well, where it would come as something to read and the event can be told from others.
 */
uint32_t conn_registration_events(int fd, uint32_t events, uint64_t data);

/*
 * Looks in those sets for registrations of conn's descriptor that were made past the hooks, as
 * libuv makes them by io_uring, and adds them to the ones that are known (/proc/self/fdinfo).
 */
void conn_registrations_find(struct conn *conn);

/* In this one alone. */
void conn_registrations_find_in(struct conn *conn, int epfd);

/*
 * Take the program's registrations of conn's descriptor out of its epoll sets, forgetting those
 * that are not there any more, and put them back for what is at the number then. `placeholder`: a
 * watcher. Returns 0 or a negative errno.
 */
void conn_registrations_take(struct conn *conn);
int conn_registrations_put(struct conn *conn, bool placeholder);

/*
 * A bit of a registration's events, which no event has (epoll_ctl(2)): the kernel is asked to tell
 * of room to write as well, which the program has not asked for. The second ends that; the first is
 * for an event that the kernel tells no more, for it was for one shot.
 */
enum { CONN_WIDENED = 1u << 26 };
void conn_registrations_fired(struct conn *conn, int epfd, int fd);
void conn_registrations_narrow(struct conn *conn);

/*
 * The registration of fd that was made by epfd waits for these events (again), though it was for
 * one shot and has fired.
 */
void conn_registrations_arm(struct conn *conn, int epfd, int fd, uint32_t events, bool placeholder);

/*
 * Does the program wait for the descriptor by calls that redial sees? No, if it is in epoll sets
 * none of which was waited on so, and was answered nevertheless: an inlined system call, or an
 * io_uring, brings its events. Nor if an io_uring may poll it.
 */
bool conn_wait_is_seen(struct conn *conn);

/* Has the program been seen to wait on this set, by whichever of its numbers? */
bool conn_set_is_waited_on(int epfd);

/*
 * The same for one that was not answered yet: no, if it is in epoll sets none of which was waited
 * on so far. Nobody can tell then whether its events will be seen.
 */
bool conn_may_be_waited_for(const struct conn *conn);

#endif
