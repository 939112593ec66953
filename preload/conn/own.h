/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that are redial's: open in the program's process, but none of the program's. While
 * one is, its slot in the table says so, and a close by the program fails as for a number that is
 * not open.
 */
#ifndef REDIAL_CONN_OWN_H
#define REDIAL_CONN_OWN_H

#include <stdbool.h>

#include "conn.h"

/*
 * Another number for fd that is ours, close-on-exec and none of the three standard ones, where what
 * is printed would get into a connection. Returns it, or a negative errno.
 */
int conn_own_dup(int fd);

/*
 * The same for fd as the socket with this cookie; fd itself where the program has no other number
 * free, which conn_own_close leaves open. -EBADF if another file lies there.
 */
int conn_own_dup_of(int fd, uint64_t cookie);

/* fd, which was just made, is ours from now on, under a number that may differ. Returns that. */
int conn_own_take(int fd);

/* Closes what is ours, unless the program has closed it with a range of numbers; -1 is fine. */
void conn_own_close(int fd);

#endif
