/* SPDX-License-Identifier: MIT */
#include "token.h"

#include "../http1/http1.h"
#include "plan.h"
#include "rescue.h"

enum { UNAUTHORIZED = 401 };

static size_t length(const char *name)
{
	size_t len = 0;
	while (name[len])
		len++;
	return len;
}

/* RFC 9110 section 11.1: a scheme is known in any case. */
static bool begins_with(struct http1_text value, const char *scheme)
{
	size_t len = length(scheme);
	if (value.len < len || (value.len > len && value.text[len] != ' '))
		return false;
	for (size_t i = 0; i < len; i++) {
		char a = value.text[i], b = scheme[i];
		bool letter = (a | 0x20) >= 'a' && (a | 0x20) <= 'z';
		if (a != b && !(letter && (a | 0x20) == (b | 0x20)))
			return false;
	}
	return true;
}

static bool has_token(const struct policy *policy, const char *head, size_t len, uint32_t names)
{
	struct http1_text authorization = http1_head_value(head, len, "Authorization");
	for (uint32_t i = 0; i < policy->auth_count; i++) {
		const char *name = policy->auth_names[i];
		if (names >> i & 1 &&
		    (begins_with(authorization, name) || http1_head_has(head, len, name)))
			return true;
	}
	return false;
}

bool rescue_token_is_carried(const struct conn *conn)
{
	uint32_t names = conn->rescue->settings.single_use_auth;
	return names && conn->held_len && conn->request_count &&
	       has_token(conn->rescue->policy, conn->held, conn->exchange->requests[0].len, names);
}

bool rescue_token_follows(const struct conn *conn)
{
	uint32_t names = conn->rescue->settings.single_use_auth;
	const char *head = conn->held;
	for (int i = 0; names && conn->held_len && i < conn->request_count; i++) {
		if (i &&
		    has_token(conn->rescue->policy, head, conn->exchange->requests[i].len, names))
			return true;
		head += conn->exchange->requests[i].len;
	}
	return false;
}

bool rescue_token_is_refused(struct conn *conn, int status)
{
	if (!(conn->care & CARE_TOKEN) || status != UNAUTHORIZED || conn->busy || !conn->rescue ||
	    conn->flags & CONN_ANSWERING)
		return false;
	rescue_give_up(conn, REASON_SINGLE_USE);
	return true;
}
