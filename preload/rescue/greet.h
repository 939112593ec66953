/* SPDX-License-Identifier: MIT */
/* Says to the proxy of the fresh socket what was said to it before (conn/greeting.h). */
#ifndef REDIAL_RESCUE_GREET_H
#define REDIAL_RESCUE_GREET_H

#include <stdbool.h>

#include "../conn/conn.h"

/* Is that to be done before the request goes out? */
bool rescue_greets(const struct conn *conn);

/*
 * As far as that goes. Returns 0 once the proxy leads on, -EAGAIN, or another negative errno:
 * -EPROTO if it has said something that is no matter of another try.
 */
int rescue_greet(struct conn *conn);

/* The fresh socket is about to take the number: what its proxy has said counts from now on. */
void rescue_greeted(struct conn *conn);

#endif
