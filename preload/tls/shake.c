/* SPDX-License-Identifier: MIT */
#include "shake.h"

#include "../conn/end.h"
#include "../conn/secured.h"
#include "../os/sys.h"
#include "../process/config.h"
#include "../rescue/machine.h"
#include "../rescue/rescue.h"

enum { ERROR_SSL = 1 }; /* SSL_ERROR_SSL */

/*
 * A write that fails may be the last one of the handshake: the library would tell a callback that
 * it is done, and once more later.
 */
static bool may_be_told_twice(const struct tls_session *session)
{
	return session->library->SSL_get_info_callback(session->ssl) != NULL;
}

bool tls_shake_begins(struct conn *conn, bool writes)
{
	struct tls_session *session = conn->secured->session;
	const struct tls_call *call = tls_call_here();
	if (!(config.policy->uses & POLICY_USES_TLS_HANDSHAKE) || !session ||
	    session->ops != &tls_openssl || !tls_session_is_here(conn) || !call || !call->shakes ||
	    call->session != session)
		return false;
	struct tls_library *library = session->library;
	if (conn_waiting(conn) || conn->flags & CONN_REUSED ||
	    library->SSL_is_init_finished(session->ssl) || library->SSL_is_server(session->ssl) ||
	    (writes && may_be_told_twice(session)))
		return false;
	session->shakes = true;
	return true;
}

void tls_shake_refused(struct conn *conn)
{
	struct tls_session *session = conn->secured->session;
	session->shakes = false;
}

bool tls_shake_is_over(struct tls_session *session, struct conn *conn)
{
	if (!session->shaken || conn->busy)
		return true;
	if (!session->library->SSL_is_init_finished(session->ssl))
		return false;
	session->shaken = false;
	if (conn->rescue && conn->rescue->phase == PHASE_AWAITING) {
		rescue_tell_recovered(conn, 0);
		rescue_free(conn);
	}
	return true;
}

/* What was to be written upon the end was an alert: the handshake has failed by itself. */
static bool is_alert(const struct tls_session *session, int result)
{
	return result <= 0 && !session->marked &&
	       session->library->SSL_get_error(session->ssl, result) == ERROR_SSL;
}

/* The call has been made. true: a rescue has begun, and it is to be made again. */
static bool again(struct tls_exchange *exchange, int result)
{
	struct tls_session *session = exchange->call.session;
	int kept = get_errno();
	bool begun = false;
	if (!session || !tls_session_lock(session))
		return false;
	struct conn *conn = session->handle.conn;
	if (!conn->busy) {
		tls_shake_is_over(session, conn);
		conn_unlock(conn);
	} else if (is_alert(session, result) && !rescue_has_failed(conn)) {
		conn_end(conn, WHY_TOLD);
	} else {
		begun = tls_is_to_attend(exchange, conn);
		conn_unlock(conn);
	}
	set_errno(kept);
	return begun;
}

int tls_shake(struct tls_exchange *exchange, int shakes(void *))
{
	int result;
	do {
		struct tls_session *session = exchange->call.session;
		enum tls_attended attended = tls_attend(exchange, false);
		if (session)
			session->at_end = false;
		if (attended == TLS_LATER)
			return -1;
		result = shakes(exchange->call.ssl);
	} while (again(exchange, result));
	return result;
}
