/* SPDX-License-Identifier: MIT */
#include "secured.h"

#include "../os/arena.h"
#include "../os/mem.h"
#include "../process/live.h"
#include "greeting.h"
#include "hello.h"
#include "resume.h"

enum { HEADER = 5, RANDOM_AT = 11 };

uint32_t conn_secured_alone;

struct greeting *conn_greeting(const struct conn *conn)
{
	if (conn_is_secured(conn))
		return conn->secured->greeting;
	return conn->flags & CONN_RESUMES ? conn->resume->greeting : conn->greeting;
}

uint64_t conn_said_by_proxy(const struct conn *conn)
{
	const struct greeting *greeting = conn_greeting(conn);
	return greeting ? greeting->received : 0;
}

bool conn_begin_secured(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	if (conn->held_len < RANDOM_AT + CONN_RANDOM_LEN || conn->rescue)
		return false;
	struct conn_secured *secured = arena_alloc(sizeof(*secured));
	if (!secured)
		return false;
	conn_resume_drop(conn);
	*secured = (struct conn_secured){.sent = conn->held_len, .greeting = conn->greeting};
	memcpy(secured->random, conn->held + RANDOM_AT, CONN_RANDOM_LEN);
	conn->secured = secured;
	__atomic_add_fetch(&conn_secured_alone, 1, __ATOMIC_RELAXED);
	conn->flags = (conn->flags & ~(uint32_t)CONN_ANSWERING) | CONN_SECURED;
	conn->care |= CARE_SECURED;
	conn->request_count = 0;
	conn_end_exchange(conn);
	conn_secured_read(conn, iov, count, len);
	return true;
}

static void read_piece(struct conn_secured *secured, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t used;
		if (secured->head_len < HEADER) {
			size_t left = (size_t)HEADER - secured->head_len;
			used = left < len ? left : len;
			memcpy(secured->head + secured->head_len, bytes, used);
			secured->head_len = (uint8_t)(secured->head_len + used);
			if (secured->head_len == HEADER)
				secured->body_left =
				    (uint32_t)secured->head[3] << 8 | secured->head[4];
		} else {
			used = secured->body_left < len ? secured->body_left : len;
			secured->body_left -= (uint32_t)used;
		}
		if (secured->head_len == HEADER && !secured->body_left)
			secured->head_len = 0;
		bytes += used;
		len -= used;
	}
}

void conn_secured_read(struct conn *conn, const struct iovec *iov, int count, size_t len)
{
	for (int i = 0; i < count && len; i++) {
		size_t piece = iov[i].iov_len < len ? iov[i].iov_len : len;
		read_piece(conn->secured, iov[i].iov_base, piece);
		len -= piece;
	}
}

void conn_secured_moved(struct conn *conn, uint64_t received, uint64_t sent, uint32_t body_left)
{
	struct conn_secured *secured = conn->secured;
	conn->received += received;
	secured->sent += sent;
	if (!received)
		return;
	secured->head_len = body_left ? HEADER : 0;
	secured->body_left = body_left;
}

void conn_secured_renewed(struct conn *conn, uint64_t received)
{
	struct conn_secured *secured = conn->secured;
	conn->received += received;
	secured->sent = 0;
	secured->head_len = 0;
	secured->body_left = 0;
}

/*
 * A close_notify is two bytes. Under TLS 1.3 it looks like any other record but for its length:
 * with its type and tag 19 bytes (RFC 8446 section 5.2), too few for an answer, also of older
 * versions.
 */
bool conn_secured_is_farewell(const uint8_t *bytes, size_t len)
{
	enum { RECORDS_MAX = 2, ALERT = 21, DATA = 23, SHORT = 2 + 1 + 16 };
	for (int i = 0; i < RECORDS_MAX && len > HEADER; i++) {
		size_t body = (size_t)bytes[3] << 8 | bytes[4];
		bool farewell = bytes[0] == ALERT || (bytes[0] == DATA && body <= SHORT);
		if (!farewell || len < HEADER + body)
			return false;
		bytes += HEADER + body;
		len -= HEADER + body;
	}
	return len == 0;
}

void conn_secured_meet(struct conn *conn, void *session)
{
	conn->secured->session = session;
	conn->secured->counted = live_more(PROCESS_SESSIONS);
	__atomic_sub_fetch(&conn_secured_alone, 1, __ATOMIC_RELAXED);
}

void conn_secured_drop(struct conn *conn)
{
	conn_resume_drop(conn);
	if (!conn->secured->session)
		__atomic_sub_fetch(&conn_secured_alone, 1, __ATOMIC_RELAXED);
	greeting_drop(conn->secured->greeting);
	if (conn->secured->counted)
		live_less(PROCESS_SESSIONS);
	arena_free(conn->secured, sizeof(*conn->secured));
	conn->secured = NULL;
}
