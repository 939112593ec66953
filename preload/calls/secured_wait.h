/* SPDX-License-Identifier: MIT */
/*
 * Transports that wait by themselves. What carries a TLS library's bytes may poll the socket inside
 * the program's call to the library, and would do so for ever where a rescue can go on only once
 * that call has returned: their wait is over at once then, as if its time were up, and the call
 * waits in their stead.
 */
#ifndef REDIAL_CALLS_SECURED_WAIT_H
#define REDIAL_CALLS_SECURED_WAIT_H

#include <stdbool.h>
#include <time.h>

/*
 * This thread is to wait for fd, no longer than `timeout` (NULL: without end). true: it is not to,
 * for it is in a call to the library that has a rescue of fd's connection to go on with. Takes the
 * lock.
 */
bool secured_lets_go(int fd, const struct timespec *timeout);

/* The same of any descriptor that is registered in an epoll set. */
bool secured_lets_go_of_set(int epfd, const struct timespec *timeout);

#endif
