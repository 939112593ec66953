/* SPDX-License-Identifier: MIT */
#include "hello.h"

#include "../process/config.h"
#include "secured.h"

/* RFC 8446 sections 4 and 5.1. */
enum { HEADER = 5, HANDSHAKE = 22, CLIENT_HELLO = 1, VERSION_MAJOR = 3, RECORD_MAX = 16384 };

enum hello conn_look_at_hello(const char *bytes, size_t len)
{
	const unsigned char *at = (const unsigned char *)bytes;
	for (size_t from = 0; from < len;) {
		size_t left = len - from;
		const unsigned char *record = at + from;
		if (record[0] != HANDSHAKE || (left > 1 && record[1] != VERSION_MAJOR))
			return HELLO_NOT;
		if (from == 0 && left > HEADER && record[HEADER] != CLIENT_HELLO)
			return HELLO_NOT;
		if (left < HEADER)
			return HELLO_PART;
		size_t body = (size_t)record[3] << 8 | record[4];
		if (!body || body > RECORD_MAX)
			return HELLO_NOT;
		if (left < HEADER + body)
			return HELLO_PART;
		from += HEADER + body;
	}
	return HELLO_WHOLE;
}

bool conn_record_hello(struct conn *conn, const char *bytes, size_t len)
{
	/* The tracker has begun a request for them, which has no byte yet. */
	bool begins =
	    conn->request_count == 1 && !conn->exchange->requests[0].len && !conn->held_len;
	bool follows = conn->request_count && conn->exchange->requests[0].method == CONN_HELLO;
	const uint32_t uses = POLICY_USES_TLS_HANDSHAKE | POLICY_USES_TLS;
	if (!(config.policy->uses & uses) || !(begins || follows) || conn->popped ||
	    conn->received != conn_said_by_proxy(conn))
		return false;
	conn_hold(conn, bytes, len);
	enum hello hello =
	    conn->flags & CONN_UNHELD ? HELLO_NOT : conn_look_at_hello(conn->held, conn->held_len);
	if (hello == HELLO_NOT)
		return false;
	conn->request_count = 1;
	conn->exchange->requests[0].len = conn->held_len;
	conn->exchange->requests[0].method = CONN_HELLO;
	conn->exchange->requests[0].complete = hello == HELLO_WHOLE;
	return true;
}
