/* SPDX-License-Identifier: MIT */
/* What a TLS library writes while a rescue has its connection, or has failed. */
#include "../conn/end.h"
#include "../conn/secured.h"
#include "../rescue/rescue.h"
#include "../tls/session.h"
#include "sending.h"

/* A rescue has failed whose error bare the program's own write would have found. */
static bool is_told(const struct conn *conn)
{
	const struct tls_session *session = conn->secured->session;
	return session && session->tells && rescue_has_failed(conn) && rescue_error(conn);
}

enum sent secured_swallow(struct sending *s)
{
	struct conn *conn = s->handle.conn;
	if (is_told(conn))
		return sending_tell_owed(s);
	conn_unlock(conn);
	s->result = (ssize_t)s->len;
	return TAKEN;
}
