/* SPDX-License-Identifier: MIT */
/*
 * What may never be, whatever the lots. A run that breaks one of these rules ends at once, and is
 * told with the kind of its fault:
 *
 *   answered    a request is sent again after a byte of its answer was given to the program
 *   twice       one that may not be repeated goes out on two connections, or one too often
 *   order       what goes out on a connection are not whole requests, one after the other
 *   elsewhere   bytes of a connection get to another server, into a file, or into a file's call
 *   lost        what was written to a connection that lives was never sent
 *   answer      the program reads what no server has answered it, or not in order
 *   error       it is told an error that no call of the kernel's had, or that is not a socket's
 *   signal      SIGPIPE comes where it would not, or does not where it would
 *   placeholder a socket does not answer as one, or a child of the program gets none
 *   option      an option is not what the program has set
 *   waits       a call waits longer than the program lets it; locked: with a connection locked
 *   hangs       a thread waits for ever, though no server keeps it waiting
 *   endless     something goes on and on
 *   descriptors some are left open at the end; tracked: or numbers tracked
 *   crash       the preload crashes
 *   simulator   the simulator is at its end: the fault is its own
 *
 * What a program's threads could have done to each other without the preload is no fault.
 */
#ifndef SCHEDULE_JUDGE_H
#define SCHEDULE_JUDGE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel.h"
#include "thread.h"
#include "wire.h"

struct verdict {
	const char *kind; /* NULL: all is well */
	char text[400];
};

extern struct verdict verdict;
extern sigjmp_buf judge_way_out;

void judge_fail(const char *kind, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* The kernel has taken bytes for a connection. */
void judge_sent(struct wire *wire, const char *bytes, size_t len);

/* A call is about to move bytes to or from this thing. */
void judge_moves(const struct object *thing);

/* Bytes have been written into something that is no socket. */
void judge_elsewhere(const struct object *thing, const char *bytes, size_t len);

/* The program has been given bytes by a read, or shown them. */
void judge_given(struct link *link, const char *bytes, size_t len, bool peek);

/* The current thread is about to wait, by a call of the kernel's. */
void judge_sleeps(void);

/* The call of the current thread has come back with this. */
void judge_result(const struct link *link, long result, int error);

/* Nothing goes on any more, and threads are still waiting: may they? */
void judge_waiting(const struct thread *thread);

/* Nothing wakes who polls what another thread closes, or has raced: may it wait for ever? */
bool judge_excuses(const struct thread *thread);

/* The program has waited for the link for longer than any server keeps it waiting, but for ever. */
void judge_timeout(const struct link *link);

/* All threads have ended, and all is closed. */
void judge_end(void);

/* Could a program's threads have raced so without the preload? Then nothing is said of the link. */
bool judge_tolerates(const struct object *thing);

#endif
