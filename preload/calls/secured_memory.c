/* SPDX-License-Identifier: MIT */
#include "secured_memory.h"

#include <errno.h>

#include "../conn/end.h"
#include "../os/sys.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"
#include "../tls/memory.h"

static enum rescue_result go_on(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	if (!(r->call->flags & MSG_DONTWAIT) && !rescue_is_nonblocking(conn)) {
		reading_note_wait(r, rescue_error(conn));
		return rescue_run(&r->handle, RESCUE_READS);
	}
	enum rescue_result result = rescue_step(conn);
	if (result == RESCUE_LOST)
		conn_end(conn, WHY_LOST);
	return result;
}

static enum attended come_back(struct conn *conn, int error)
{
	tls_memory_leave(conn);
	conn_unlock(conn);
	set_errno(error);
	return DELIVER;
}

enum attended secured_drive(struct reading *r)
{
	struct conn *conn = r->handle.conn;
	r->result = -1;
	switch (go_on(r)) {
	case RESCUE_LOST:
		return r->handle.waited ? reading_gone(r) : READ_ON;
	case RESCUE_GONE:
		return reading_gone(r);
	case RESCUE_FAILED: /* which the next look at it tells */
		if (!rescue_has_failed(conn))
			return come_back(conn, EAGAIN);
		tls_memory_leave(conn);
		conn_unlock(conn);
		return READ_AGAIN;
	case RESCUE_INTERRUPTED:
		return come_back(conn, EINTR);
	case RESCUE_UNDER_WAY:
		return come_back(conn, EAGAIN);
	case RESCUE_DONE:
	case RESCUE_RESTORED:
		break;
	}
	if (!r->handle.waited) /* the event was the dead socket's: let it ask for new ones first */
		return come_back(conn, EAGAIN);
	tls_memory_leave(conn);
	conn_unlock(conn);
	return READ_AGAIN;
}

enum sent secured_set_out(struct sending *s)
{
	struct conn *conn = s->handle.conn;
	s->result = (ssize_t)s->len;
	if (rescue_step(conn) == RESCUE_LOST) {
		conn_end(conn, WHY_LOST);
		return sending_lost(s);
	}
	tls_memory_leave(conn);
	conn_unlock(conn);
	return TAKEN;
}
