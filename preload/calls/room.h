/* SPDX-License-Identifier: MIT */
/*
 * Waiting for room to write where a rescue takes no more bytes (rescue_is_full): a watcher is never
 * writable, so the wait is for the rescue to go on, and goes on with it until the socket stands.
 */
#ifndef REDIAL_CALLS_ROOM_H
#define REDIAL_CALLS_ROOM_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/select.h>
#include <time.h>

/* What a rescue at fd says to a program that waits for room to write. */
enum room {
	ROOM_UNKNOWN, /* no rescue is under way there: the kernel knows */
	ROOM_TAKES,   /* it takes what it is given */
	ROOM_FULL,    /* it has told the program that it does not */
};
enum room call_room_at(int fd);

/*
 * ppoll(2), some of the descriptors of which are ROOM_FULL and waited for. timeout NULL: without
 * end. The program's own array is what the kernel fills at last.
 */
int call_room_poll(struct pollfd *fds, nfds_t len, const struct timespec *timeout,
		   const sigset_t *mask);

/* Can a set of descriptors below len be read? */
bool call_room_can_read(const fd_set *set, int len);

/*
 * pselect(2) in the same case: `full` are the descriptors that are ROOM_FULL. The timeout is the
 * program's, and not changed.
 */
struct room_sets {
	int len;
	fd_set *readable, *writable, *special;
};
int call_room_select(const struct room_sets *sets, const int *full, int full_count,
		     const struct timespec *timeout, const sigset_t *mask);

#endif
