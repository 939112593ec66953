/* SPDX-License-Identifier: MIT */
/* Whether a rescue would begin, asked by those who wait before there is a failure to tell of. */
#include "../conn/hello.h"
#include "../conn/resume.h"
#include "../conn/secured.h"
#include "../process/config.h"
#include "ask.h"
#include "machine.h"
#include "picture.h"
#include "rescue.h"
#include "../wire/socket.h"

static bool would_begin(const struct conn *conn)
{
	uint32_t never = CONN_ANSWERING | CONN_UNHELD | CONN_SHUT_DOWN | CONN_AUTH | CONN_CROWDED |
			 CONN_SHARED | CONN_UNLIKE;
	uint32_t methods = 0;
	for (int i = 0; i < conn->request_count; i++)
		methods |= method_bit(conn->exchange->requests[i].method);
	bool again = conn->rescue && conn->rescue->phase == PHASE_AWAITING;
	if (conn->care & CARE_HOLDING) /* there is something to read first */
		return true;
	if (!config.policy->enabled)
		return false;
	if (conn_is_hello(conn))
		return config.policy->retry.on & POLICY_ON_TLS_HANDSHAKE && !conn->busy &&
		       !conn_is_writing(conn) && !(conn->flags & never);
	bool any = methods && !(methods & ~config.policy->methods_always);
	bool used = conn->flags & CONN_REUSED || config.policy->uses & POLICY_USES_FIRST_USE;
	return (any || rescue_awaits_continue(conn)) && !conn->busy && !(conn->flags & never) &&
	       (used || again);
}

/* With a body that breaks off. */
static bool would_go_on(const struct conn *conn)
{
	uint32_t never = CONN_CROWDED | CONN_SHARED | CONN_UNLIKE;
	return conn->flags & CONN_RESUMES && conn_is_resumable(conn) && config.policy->enabled &&
	       !conn->busy && !(conn->flags & never);
}

bool rescue_would_begin(const struct conn *conn)
{
	if (conn_is_secured(conn))
		return false;
	return would_begin(conn) || would_go_on(conn);
}

bool rescue_library_would_begin(const struct conn *conn)
{
	if (!conn_is_secured(conn) || !conn->secured->carrier)
		return false;
	/* As above: with something to read the end is news. */
	return (would_begin(conn) && !rescue_picture_has_answer(conn)) ||
	       (would_go_on(conn) && !wire_has_unread(conn->fd));
}
