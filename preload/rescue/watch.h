/* SPDX-License-Identifier: MIT */
/*
 * response_timeout_ms: once a request is out, a watch on its connection. A watcher takes the
 * descriptor's number as during a rescue, though nothing has failed: it wakes the program when the
 * first byte of the response comes, and then the socket is put back at once and nothing has been;
 * or when the time is over, and then the request is given up there and sent anew. Until its new
 * connection stands the old one is only laid aside: if no other can be had, the program goes on
 * waiting for that one's answer. So it does on the last attempt, which is not watched.
 *
 * A request that is sent anew because of the status of its response is watched as well, until
 * total_timeout_ms: if nothing comes until then, that response is the program's after all.
 *
 * Only for policies that ask for it: a watch costs a request some forty system calls.
 */
#ifndef REDIAL_RESCUE_WATCH_H
#define REDIAL_RESCUE_WATCH_H

#include <stdbool.h>

#include "../process/config.h"
#include "../conn/conn.h"
#include "machine.h"

/* Does the policy ask for watches at all? */
static inline bool rescue_watches(void)
{
	return __builtin_expect(config.policy->uses & POLICY_USES_RESPONSE_TIMEOUT, 0);
}

/*
 * All that was to be sent has been taken by the kernel, or the program waits anew for the answer:
 * begins a watch (conn->busy is set) if the rules of the unanswered request say so and it may be
 * repeated. Called with the connection locked.
 */
void rescue_watch(struct conn *conn);

/*
 * Ends a watch, and a rescue that has come of one but has not sent the request anew: the socket is
 * back at its number. To be called before anything is done to the connection that the answer could
 * depend on. Nothing if there is none. false: the number is another file's by now. Called with the
 * connection locked.
 */
bool rescue_unwatch(struct conn *conn);

/* Has the socket anything to read, or to say of its end? */
bool rescue_watch_has_news(int fd);

/* Is a watch on, in whose time nothing has failed yet? */
bool rescue_is_watched(const struct conn *conn);

/* The same, or has a watched attempt been given up, while its socket could still answer? */
bool rescue_is_laid_aside(const struct conn *conn);

enum watch {
	WATCH_ON,	/* neither an answer nor the end of the time */
	WATCH_OVER,	/* the socket is back at its number */
	WATCH_GIVEN_UP, /* the next attempt is planned */
	WATCH_SPENT,	/* total_timeout_ms is over, and an earlier response is held back */
};

/* What has become of a watch. Called with the connection locked, conn->rescue->now_ms being now. */
enum watch rescue_watch_step(struct conn *conn);

/*
 * A thread is about to read from the number, and has read: no watch may begin meanwhile, for it
 * would go on reading from what is laid aside. Take the lock themselves. enter returns false if the
 * connection has become busy: look anew.
 */
bool rescue_watch_enter(const struct handle *handle, bool *counted, uint32_t *epoch);
bool rescue_watch_count(struct conn *conn); /* enter's part with the lock: is it counted? */
void rescue_watch_leave(const struct handle *handle, uint32_t epoch);

#endif
