/* SPDX-License-Identifier: MIT */
/* epoll_wait and its kin where rescues are under way, or may begin: see wait.h. */
#ifndef REDIAL_CALL_WAIT_EPOLL_H
#define REDIAL_CALL_WAIT_EPOLL_H

#include <signal.h>
#include <sys/epoll.h>
#include <time.h>

/* A wait of the program's. */
struct wait_epoll {
	int epfd;
	struct epoll_event *events;
	int max;
	const struct timespec *timeout; /* NULL: without end */
	const sigset_t *mask;
};

/*
 * The kernel has answered with `count` events: what the program sees of them. If that is nothing
 * the wait goes on. Returns, and sets errno, as the call does.
 */
int call_wait_epoll(const struct wait_epoll *wait, int count);

/* The kernel's turn, for so long; NULL: without end. */
int call_wait_epoll_next(const struct wait_epoll *wait, const struct timespec *time);

#endif
