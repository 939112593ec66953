/* SPDX-License-Identifier: MIT */
/*
 * Connections that their server may be about to close: max_idle_ms, max_requests and
 * keep_alive_hints. Only under a policy with POLICY_USES_IDLE is any of this called, but for the
 * pure functions.
 */
#ifndef REDIAL_CONN_IDLE_H
#define REDIAL_CONN_IDLE_H

#include "../../policy/policy.h"
#include "conn.h"

/*
 * The program has read len bytes of an answer (CARE_IDLE), which are not on record yet: takes note
 * of the time, and of what the server says in its head.
 */
void idle_note(struct conn *conn, const struct iovec *iov, int count, size_t len);

/*
 * Before the first byte of a request, which begins with these bytes, goes out on a reused
 * connection that has nothing else outstanding: is it to be replaced? *cause says why: it has been
 * idle for too long, or has had as many requests as it may.
 */
bool idle_is_due(const struct conn *conn, const char *head, size_t head_len, enum cause *cause);

/*
 * The same as plain numbers. hint_s: what the server promised, 0 for nothing. A promise counts as
 * kept until a second before its end, or half way if it is a second: the request needs time to get
 * there, and the server's clock started a little before ours.
 */
bool idle_is_over(const struct policy_retry *settings, uint32_t idle_ms, uint16_t hint_s);

#endif
