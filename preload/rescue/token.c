/* SPDX-License-Identifier: MIT */
#include "token.h"

#include "../http1/http1.h"
#include "../process/config.h"
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

bool rescue_token_is_carried(const struct conn *conn)
{
	uint32_t names = conn->rescue->settings.single_use_auth;
	if (!names || !conn->held_len || !conn->request_count)
		return false;
	size_t len = conn->requests[0].len;
	struct http1_text authorization = http1_head_value(conn->held, len, "Authorization");
	for (uint32_t i = 0; i < config.policy->auth_count; i++) {
		const char *name = config.policy->auth_names[i];
		if (names >> i & 1 &&
		    (begins_with(authorization, name) || http1_head_has(conn->held, len, name)))
			return true;
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
