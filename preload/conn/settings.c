/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "../../policy/match.h"
#include "../http1/http1.h"

/* The request's port as the rules see it. */
static unsigned peer_port(const struct conn *conn)
{
	if (conn->peer.any.sa_family == AF_UNIX)
		return 0;
	/* sin_port and sin6_port lie at the same place. */
	return __builtin_bswap16(conn->peer.in.sin_port);
}

void settings_of_head(const struct policy *policy, const struct conn *conn, const char *head,
		      size_t head_len, struct policy_retry *settings)
{
	struct http1_text host = http1_head_value(head, head_len, "host");
	struct http1_text target = http1_head_target(head, head_len);
	struct match_request request = {
	    .host = host.text,
	    .host_len = host.len,
	    .path = target.text,
	    .path_len = target.len,
	    .port = peer_port(conn),
	};
	match_settings(policy, &request, settings);
}

void settings_of_request(const struct policy *policy, const struct conn *conn, const char *head,
			 size_t head_len, struct policy_retry *settings)
{
	settings_of_head(policy, conn, head, head_len, settings);
	size_t at = 0;
	for (int i = 1; i < conn->request_count; i++) {
		struct policy_retry other;
		at += conn->exchange->requests[i - 1].len;
		if (at >= conn->held_len)
			return; /* not held, so not sent again either */
		settings_of_head(policy, conn, conn->held + at, conn->held_len - at, &other);
		match_narrow(settings, &other);
	}
}

void settings_of_connection(const struct policy *policy, const struct conn *conn,
			    struct policy_retry *settings)
{
	match_connection(policy, peer_port(conn), settings);
}
