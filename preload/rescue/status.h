/* SPDX-License-Identifier: MIT */
/* Responses with a status that is listed: which they are, and what becomes of their requests. */
#ifndef REDIAL_RESCUE_STATUS_H
#define REDIAL_RESCUE_STATUS_H

#include "../conn/conn.h"
#include "machine.h"

enum { STATUS_LINE_MIN = 12 }; /* "HTTP/1.1 503" */

/* What the first bytes of a response say of its status. */
enum { STATUS_UNKNOWN = 0, STATUS_NONE = -1 };
int status_read(const char *bytes, size_t len);

/* The length of the head that begins here; 0 if its end is not there. */
size_t status_head_len(const char *bytes, size_t len);

/* Does `retry` or any rule list the status? Which of them counts is asked later. */
bool status_is_listed(int status);

/*
 * Notes in *start what a response with such a status means for the request that it answers: what
 * the server says of being asked again, in the head of len bytes, under the settings of the
 * request; and whether the program asks again by itself. The connection is locked.
 */
void status_says(const struct conn *conn, const char *head, size_t len, struct rescue_start *start);

/*
 * The program gets such a response, which is the oldest request's: what it does next is looked at.
 * seen_ms: when the first response came to that request; reason: why it is not sent again. The
 * other one is for the response that a rescue has held back, and asks whether it has such a status.
 */
void status_given(const struct conn *conn, uint64_t seen_ms, enum reason reason);
void status_given_back(const struct conn *conn);

#endif
