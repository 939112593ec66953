/* SPDX-License-Identifier: MIT */
/* What calls ask of a rescue, and tell it (machine.h). */
#include "../conn/resume.h"
#include "../os/sys.h"
#include "machine.h"
#include "rescue.h"

int rescue_error(const struct conn *conn)
{
	return conn->rescue->error;
}

bool rescue_was_sent(const struct conn *conn)
{
	return !conn->rescue->unsent;
}

bool rescue_has_answer(const struct conn *conn)
{
	return conn->rescue && conn->rescue->answered;
}

uint32_t rescue_owed(const struct conn *conn)
{
	const struct rescue *rescue = conn->rescue;
	const char *text;
	if (!rescue || rescue->phase != PHASE_GIVING)
		return 0;
	return rescue->framing ? (uint32_t)http1_chunks_text(&conn_resume(conn)->chunks, &text)
			       : rescue->answer_len - rescue->answer_given;
}

bool rescue_is_nonblocking(const struct conn *conn)
{
	return conn->rescue->nonblocking;
}

void rescue_set_nonblocking(struct conn *conn, bool nonblocking)
{
	conn->rescue->nonblocking = nonblocking;
}

void rescue_shut_down(struct conn *conn)
{
	if (conn->rescue->phase == PHASE_GIVING)
		sys2(shutdown, rescue_dead_socket(conn), SHUT_WR);
	else
		conn->rescue->shut_down = true;
}

int rescue_dead_socket(const struct conn *conn)
{
	return conn->rescue->placed ? conn->rescue->dead : conn->fd;
}

int rescue_fresh_socket(const struct conn *conn)
{
	return conn->rescue->fresh;
}
