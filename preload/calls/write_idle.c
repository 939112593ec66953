/* SPDX-License-Identifier: MIT */
#include "../conn/end.h"
#include "../conn/idle.h"
#include "../wire/socket.h"
#include "bytes.h"
#include "sending.h"

enum sent sending_replace_idle(struct sending *s)
{
	const struct write_call *call = s->call;
	struct conn *conn = s->handle.conn;
	struct rescue_start start = {.unsent = true};
	struct conn_mark before = {.popped = conn->popped};
	char head[SENDING_HEAD_MAX];
	if (!(conn->flags & CONN_REUSED) || conn->flags & CONN_INHERITED || conn->rescue)
		return SEND_ON;
	sending_set_head(&start, conn, call, head);
	if (!idle_is_due(conn, start.head, start.head_len, &start.cause))
		return SEND_ON;
	/* A thread that waits on the old socket hears nothing of a redial that goes on later. */
	if ((conn->readers || conn->pollers) && !sending_may_wait(conn, call))
		return SEND_ON;
	if (wire_is_dead(conn->fd)) {
		start.cause = CAUSE_STALE;
		start.error = wire_take_error(conn->fd);
		return sending_rescue(s, &start, &before);
	}
	bool copied = !(conn->flags & CONN_UNHELD);
	if (!copied)
		conn_unrecord(conn, &before);
	if (rescue_begin(conn, &start) == REASON_NONE)
		return sending_go_on(s, copied);
	if (!copied && bytes_record(conn, call->iov, call->count, s->len) != BYTES_RECORDED) {
		conn_end(conn, WHY_PASSED);
		return PASS_ON;
	}
	return SEND_ON;
}
