/* SPDX-License-Identifier: MIT */
/*
 * What is peculiar to the rescue of a connect of the program's own (causes connect and
 * connect-timeout): nothing was sent yet, the program believes the connection to stand and may
 * write to it. All functions are called with the connection locked and leave it so.
 */
#ifndef REDIAL_RESCUE_DIAL_H
#define REDIAL_RESCUE_DIAL_H

#include <stdbool.h>

#include "../conn/conn.h"
#include "rescue.h"

/* Is the rescue one of a connect? */
static inline bool rescue_is_dial(const struct rescue *rescue)
{
	return rescue->first_cause == CAUSE_CONNECT || rescue->first_cause == CAUSE_CONNECT_TIMEOUT;
}

/*
 * The program's connect is under way and nothing has failed: lets the rescue wait for it as for an
 * attempt of its own, without a word in the log. Returns REASON_NONE, or REASON_RESOURCES.
 */
enum reason rescue_dial_watch(struct conn *conn);

/* The attempt that rescue_dial_watch began has failed: an errno. */
void rescue_dial_failed(struct conn *conn, int error);

/*
 * What rescue_dial_watch began is to be nothing, if nothing has failed nor been written yet: the
 * program waits for its connect itself. Returns whether it is so.
 */
bool rescue_dial_pass(struct conn *conn);

/* The connection stands and has all that was written: the rescue is over, and has worked. */
void rescue_dial_up(struct conn *conn);

/*
 * What the program writes is not HTTP/1.x. As long as no byte has gone out it can be held
 * nevertheless, and sent when the connection stands, which is then forgotten. held_len: of
 * the connection before these bytes, which may have been recorded in part. false if they cannot be
 * held.
 */
bool rescue_dial_hold(struct conn *conn, uint32_t held_len, const struct iovec *iov, int count);

#endif
