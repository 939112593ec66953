/* SPDX-License-Identifier: MIT */
/*
 * What has to be done before another process gets the program's descriptors. Only for a process
 * that has tracked any (table.near). Async-signal-safe, as fork and exec are.
 */
#ifndef REDIAL_CHILD_H
#define REDIAL_CHILD_H

#include "../rescue/heirs.h"

/*
 * Before a child that goes on as this program: returns what it has to settle (heirs.h), NULL if
 * that is nothing. After it, in both: call_after_fork.
 */
struct heirs *call_before_fork(void);

/* `in_child`: this is the child, and its memory is its own. Frees the notes. */
void call_after_fork(struct heirs *heirs, bool in_child);

/*
 * Before another program runs with what is not close-on-exec: the socket is back at such numbers.
 * The rescue is over, as the program may have meant to hand the socket on.
 */
void call_before_exec(void);

/*
 * The same for a child that may change that first, or look at any number, in its parent's memory:
 * vfork, clone. Returns what it has to settle, as call_before_fork does.
 */
struct heirs *call_before_vfork(void);

/* Programs that come are not to have the numbers from first to last (close_range(2)). */
void call_close_on_exec(unsigned first, unsigned last);

/* fd is handed to another process: what it gets is the socket, and no rescue replaces that. */
void call_hand_on(int fd);

/* The same of those in the control data of a message (unix(7), SCM_RIGHTS). */
void call_hand_on_rights(const struct msghdr *message);

/* The same of several that are about to be sent, and may be in memory that is not there. */
void call_hand_on_messages(const struct mmsghdr *messages, unsigned count);

/* In a vfork child: it has made a number of its own for fd, which its program will have. */
void call_child_keeps(int fd);

#endif
