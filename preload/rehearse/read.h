/* SPDX-License-Identifier: MIT */
/* What is read from a connection. */
#ifndef REDIAL_REHEARSE_READ_H
#define REDIAL_REHEARSE_READ_H

#include <stdbool.h>
#include <sys/uio.h>

/*
 * Before a read: true if it is told of a fault instead, and *result and errno are what it is told.
 */
bool read_is_told(int fd, ssize_t *result);

/* The read has got so many bytes, 0 or -1 with errno; peeked: they are there still. */
void read_ends(int fd, const struct iovec *iov, int count, ssize_t result, bool peeked);

#endif
