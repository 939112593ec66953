/* SPDX-License-Identifier: MIT */
/*
 * Close-on-exec. A watcher has it at each number, whatever the program asked for, so that no other
 * program ever meets one, not even that of a child which was made past the hooks. What the program
 * asked for is kept here meanwhile, and holds for the socket that takes the number. All functions
 * are called with the connection locked and a rescue under way on it.
 */
#ifndef REDIAL_INHERIT_H
#define REDIAL_INHERIT_H

#include <stdbool.h>

#include "../conn/conn.h"

/* Before a watcher takes the numbers: notes how each of them is. */
void rescue_note_inheritable(struct conn *conn);

/* Does the program let other programs have this number? (No FD_CLOEXEC: fcntl(2).) */
bool rescue_is_inheritable(const struct conn *conn, int fd);
void rescue_set_inheritable(struct conn *conn, int fd, bool inheritable);

/* While a watcher is placed: another number has just become one of it. */
void rescue_number_added(struct conn *conn, int fd);

/* Are there any such numbers, whatever lies there? */
bool rescue_any_inheritable(const struct conn *conn);

#endif
