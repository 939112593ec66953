/* SPDX-License-Identifier: MIT */
/* What the safety rule (policy/decide.h) is told of a connection and its rescue. */
#ifndef REDIAL_RESCUE_ASK_H
#define REDIAL_RESCUE_ASK_H

#include <stdbool.h>

#include "../../policy/decide.h"
#include "../conn/conn.h"
#include "machine.h"

/*
 * May another attempt be made after the failure that is in conn->rescue, as far as the rule says?
 * rescuing: an earlier failure of the request was let pass.
 */
enum reason rescue_plan_ask(const struct conn *conn, bool rescuing);

/*
 * The connection has just been lost: asks the kernel how far the peer had got with the oldest
 * request, for the rule. What was taken began when the program sent it, and so did its rescue.
 */
void rescue_ask_kernel(struct conn *conn);

/*
 * Does a 408 wait unread that the server sent as it closed the idle connection, of the request's
 * bytes having acknowledged none? Then it answers nothing. (RFC 9110 section 15.5.9)
 */
bool rescue_has_idle_408(const struct conn *conn, const struct rescue_start *start);

/* Is only the head of the only request out, which asks for leave to send the rest (RFC
 * 9110 10.1.1)? */
bool rescue_awaits_continue(const struct conn *conn);

#endif
