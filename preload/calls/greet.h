/* SPDX-License-Identifier: MIT */
/* The calls that tell a proxy where a connection is to lead (conn/greeting.h). */
#ifndef REDIAL_CALLS_GREET_H
#define REDIAL_CALLS_GREET_H

#include <stdbool.h>

#include "../conn/conn.h"
#include "read.h"
#include "write.h"

/*
 * Are the len bytes that are about to be written such? They are noted then. Of a call whose bytes
 * are not in memory (sendfile) len is 0.
 */
bool call_greets(struct conn *conn, const struct write_call *call, size_t len);

/* Of a connection with CARE_GREETING len bytes were read. Called with the lock, leaves without. */
void call_greeted(struct conn *conn, const struct read_call *call, size_t len);

#endif
