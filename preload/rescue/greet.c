/* SPDX-License-Identifier: MIT */
#include "greet.h"

#include <errno.h>

#include "../conn/greeting.h"
#include "../conn/secured.h"
#include "../os/mem.h"
#include "../wire/socket.h"
#include "rescue.h"

bool rescue_greets(const struct conn *conn)
{
	return conn_greeting(conn) && !conn->rescue->first;
}

/* What is left of a turn, which begins at `at` of what is sent. */
static int say(struct rescue_greet *done, const struct greeting *greeting, size_t at, int fd)
{
	const struct greeting_turn *turn = &greeting->turn[done->turn];
	while (done->said < turn->len) {
		long taken = wire_send(fd, greeting->bytes + at + done->said,
				       (size_t)(turn->len - done->said));
		if (taken <= 0)
			return taken < 0 ? (int)taken : -EAGAIN;
		done->said = (uint16_t)(done->said + taken);
	}
	return 0;
}

/* Of CONNECT it is the answer that says why, to whom nobody may ask again. */
static int refusal(enum greeting_kind kind)
{
	return kind == GREETING_TUNNEL ? -EPROTO : -ECONNREFUSED;
}

/* Not a byte behind the reply is read. */
static int hear(struct rescue_greet *done, enum greeting_kind kind, int fd)
{
	enum { PIECE = 64 };
	char bytes[PIECE];
	for (;;) {
		size_t len = greeting_reply_len(kind, &done->reply);
		if (!len || done->reply.got >= len)
			return len ? 0 : refusal(kind);
		size_t left = len - done->reply.got;
		long got = wire_receive(fd, bytes, left < PIECE ? left : PIECE);
		if (got <= 0)
			return got < 0 ? (int)got : -ECONNREFUSED;
		for (long i = 0; i < got; i++)
			greeting_reply_add(kind, &done->reply, bytes[i]);
		done->heard += (uint32_t)got;
	}
}

int rescue_greet(struct conn *conn)
{
	struct rescue_greet *done = &conn->rescue->greet;
	const struct greeting *greeting = conn_greeting(conn);
	size_t at = 0;
	for (unsigned i = 0; i < done->turn; i++)
		at += greeting->turn[i].len;
	while (done->turn < greeting->turns) {
		const struct greeting_turn *turn = &greeting->turn[done->turn];
		int error = say(done, greeting, at, conn->rescue->fresh);
		if (!error)
			error = hear(done, turn->kind, conn->rescue->fresh);
		if (error)
			return error;
		at += turn->len;
		done->turn++;
		done->said = 0;
		done->reply.got = 0;
	}
	/* Neither TLS nor HTTP servers speak first: who does is not whom it led to. */
	return wire_has_unread(conn->rescue->fresh) ? -EPROTO : 0;
}

void rescue_greeted(struct conn *conn)
{
	if (rescue_greets(conn))
		conn_greeting(conn)->received = conn->rescue->greet.heard;
}
