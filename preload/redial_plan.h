/* SPDX-License-Identifier: MIT */
#ifndef REDIAL_REDIAL_PLAN_H
#define REDIAL_REDIAL_PLAN_H

#include "../policy/decide.h"
#include "conn.h"

/*
 * After a failure, its cause in conn->rescue: plans the next attempt if the safety rule lets it be
 * made. Returns REASON_NONE, or why there is none.
 */
enum reason redial_plan_next(struct conn *conn);

/* The latest attempt of conn->rescue failed, on a connection that had not served before or not. */
void redial_plan_blame(struct conn *conn, bool reused);

#endif
