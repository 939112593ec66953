/* SPDX-License-Identifier: MIT */
#ifndef REDIAL_RESCUE_PLAN_H
#define REDIAL_RESCUE_PLAN_H

#include <stdbool.h>

#include "../../policy/decide.h"
#include "../conn/conn.h"
#include "machine.h"

/*
 * After a failure, its cause in conn->rescue: plans the next attempt if the safety rule lets it be
 * made. Returns REASON_NONE, or why there is none.
 */
enum reason rescue_plan_next(struct conn *conn);

/* No further attempt: what the program gets is the original error, or a response held back. */
void rescue_give_up(struct conn *conn, enum reason reason);

/* The state of a rescue that is about to begin; NULL if there is no memory for it. */
struct rescue *rescue_plan_rescue(const struct conn *conn, const struct rescue_start *start);

/* What request it is about, if it is another one by now, and what the rules say of that. */
void rescue_plan_know(const struct conn *conn, struct rescue *rescue,
		      const struct rescue_start *start);

/* The latest attempt of conn->rescue failed, on a connection that had not served before or not. */
void rescue_plan_blame(struct conn *conn, bool reused);

#endif
