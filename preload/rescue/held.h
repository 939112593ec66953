/* SPDX-License-Identifier: MIT */
/*
 * Responses that may not be for the program, whatever they are read by (calls/hold.h,
 * tls/hold_text.h). Called with the connection locked, and leave it so.
 */
#ifndef REDIAL_RESCUE_HELD_H
#define REDIAL_RESCUE_HELD_H

#include "../conn/conn.h"

/* May the response that now begins be held back at all, whatever it is? */
bool held_may(const struct conn *conn);

/* The first response of a connection that was let through to see how the peer does. */
void held_end_probe(struct conn *conn, int status);

/*
 * A 408 that came with the server's closing an idle connection answers nothing, least of all the
 * request that crossed it on the way: it stands for the end of the stream, as in Chromium and Go.
 * Is this response, with what came behind it, such a one? The second one asks whether it is if the
 * connection ends now.
 */
bool held_is_idle_408(const struct conn *conn, int status, const char *bytes, size_t len);
bool held_is_last_408(const struct conn *conn, int status, const char *bytes, size_t len);

/* The program gets what is in the rescue's pieces after all. */
void held_decide_to_give(struct conn *conn, int status);

/*
 * After RESCUE_FAILED, if rescue_has_answer, and the program has not taken all of it: its poll has
 * to tell it that there is more. If the socket does not, a watcher does whose timer is over; and
 * where there are no descriptors for one, what the program waits by: held_is_owed then.
 */
void held_leave_rest(struct conn *conn);
bool held_is_owed(const struct conn *conn);

#endif
