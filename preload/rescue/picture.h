/* SPDX-License-Identifier: MIT */
/* Is what we think of a connection true? Asked of the kernel before each rescue. */
#ifndef REDIAL_RESCUE_PICTURE_H
#define REDIAL_RESCUE_PICTURE_H

#include "../../policy/decide.h"
#include "../conn/conn.h"

/*
 * Is the descriptor still the socket we watched, ours alone, with nothing read past us; can another
 * be like it, and is its peer where it was? What an idle connection holds unread answers nothing
 * (RFC 9112 section 9.2), but unless it is the 408 that servers send when they close one, we do not
 * know what it is. sent: bytes of a request were; answered: it is being sent again because of its
 * response. REASON_NONE if so, else why not.
 */
enum reason rescue_picture_check(const struct conn *conn, bool sent, bool answered);

/*
 * Would the program read the answer to what conn->rescue sends? REASON_UNSEEN_WAIT or
 * REASON_ABANDONS if not.
 */
enum reason rescue_picture_reader(struct conn *conn);

/* Of TLS: may what lies unread be an answer? A server's farewell is none. */
bool rescue_picture_has_answer(const struct conn *conn);

#endif
