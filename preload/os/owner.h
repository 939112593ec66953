/* SPDX-License-Identifier: MIT */
/* Signals that tell of a descriptor (fcntl(2), F_SETOWN; socket(7), Signals). */
#ifndef REDIAL_OWNER_H
#define REDIAL_OWNER_H

#include <stdbool.h>

/* Is a signal sent whenever fd can be read or written, or fails? (O_ASYNC) */
bool os_sends_signals(int fd);
void os_send_no_signals(int fd);

/* Lets whoever is told of urgent data by `from` hear of it by `to`, by the same signal. */
void os_copy_owner(int from, int to);

#endif
