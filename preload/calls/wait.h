/* SPDX-License-Identifier: MIT */
/*
 * A rescue begins in the wait that would have told the program of the death, and the wait goes on
 * to its own limit: many programs read once when they are told that there is something to read, and
 * take EAGAIN for the end. All here take the locks that they need.
 */
#ifndef REDIAL_CALL_WAIT_H
#define REDIAL_CALL_WAIT_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "../conn/conn.h"

/* What the program is to be told of an event. */
enum awaited {
	AWAITED_EVENT,	  /* what the kernel said */
	AWAITED_READABLE, /* that there is something to read, and no more: an answer, or the end */
	AWAITED_WRITABLE, /* that there is room, and no more */
	AWAITED_FAILED,	  /* that its connect has failed */
	AWAITED_NOTHING,  /* nothing yet: a rescue is under way, or over */
};

/*
 * The wait gave events (poll's bits, which are epoll's) that tell of an end of conn's socket at fd,
 * on which nothing is under way: begins a rescue if there can be one, and the program `reads`,
 * which is to say that it waits for something to read. *gone_ms: how long that wait may have been
 * going on, which began after the last byte was sent.
 */
enum awaited call_await_end(struct conn *conn, int fd, uint32_t events, bool reads,
			    uint64_t *gone_ms);

/*
 * Is there something to read before the end: an answer, behind which the program may write its next
 * request at once, or what only its TLS session can tell of, or a body that can be gone on with?
 * libuv takes a hang-up that comes with it for the end of the stream, once it has read: the request
 * would be sent again for nobody. A wait by level tells of the hang-up the next time.
 */
bool call_await_is_bytes(struct conn *conn, int fd);

/* The same where a connect of the program's may have failed: does redial try again? */
enum awaited call_await_dial(struct conn *conn, int fd);

/* A placeholder lies at fd and is readable: goes on with the rescue. */
enum awaited call_await_step(struct conn *conn, int fd);

/* A wait that goes on with the rescue at fd, where a placeholder lies, is over. */
void call_await_no_more(int fd);

/* When a wait is over: worked out only once a rescue is under way, for asking the time is a call.
 */
struct wait_limit {
	const struct timespec *timeout; /* the program's; NULL: without end */
	struct timespec left;
	uint64_t end_ms;
	bool known; /* end_ms and left are */
};

/*
 * The wait has been going on for gone_ms, or shorter; the second time only the clock counts. What
 * is left of it is in limit->left, and is what the next wait gets: NULL without end.
 */
const struct timespec *wait_limit_left(struct wait_limit *limit, uint64_t gone_ms);

/* A poll or ppoll of the program's, as it was called: timeout NULL is without end. */
struct wait_poll {
	struct pollfd *fds;
	nfds_t len;
	const struct timespec *timeout;
	const sigset_t *mask;
	bool plain; /* poll, which is another function for the preloads behind us */
};

/* Makes that call, for these descriptors and so long. */
int call_wait_next(const struct wait_poll *call, struct pollfd *fds,
		   const struct timespec *timeout);

/*
 * The same with rescues looked after. `first`: what the kernel has already answered, which
 * call->fds hold; -1: nothing was asked yet.
 */
int call_wait_poll(const struct wait_poll *call, int first);

#endif
