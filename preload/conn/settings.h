/* SPDX-License-Identifier: MIT */
/*
 * Which of the policy's settings a request, or a connection without one, is under. The policy is
 * config.policy, read once: their masks tell of its names, and of no other policy's.
 */
#ifndef REDIAL_CONN_SETTINGS_H
#define REDIAL_CONN_SETTINGS_H

#include <stddef.h>

#include "../../policy/policy.h"
#include "conn.h"

/*
 * Those of the request that starts with these bytes, by all the rules there are; with more
 * requests unanswered behind it, what the settings of each of them allow.
 */
void settings_of_request(const struct policy *policy, const struct conn *conn, const char *head,
			 size_t head_len, struct policy_retry *settings);

/* Those of this one alone, whatever else is unanswered. */
void settings_of_head(const struct policy *policy, const struct conn *conn, const char *head,
		      size_t head_len, struct policy_retry *settings);

/* Those of the connection itself, by the rules that name neither host nor path. */
void settings_of_connection(const struct policy *policy, const struct conn *conn,
			    struct policy_retry *settings);

#endif
