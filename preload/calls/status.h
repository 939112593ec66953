/* SPDX-License-Identifier: MIT */
/* What a response with a listed status means for the request that it answers. */
#ifndef REDIAL_CALLS_STATUS_H
#define REDIAL_CALLS_STATUS_H

#include "../conn/conn.h"
#include "../rescue/machine.h"

/*
 * Reads from its head of len bytes what the server says of being asked again, and notes it in
 * *start: under the settings of the request, whose connection is locked.
 */
void status_says(const struct conn *conn, const char *head, size_t len, struct rescue_start *start);

#endif
