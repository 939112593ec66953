/* SPDX-License-Identifier: MIT */
/* May a session that has begun go on over another connection? */
#include "../conn/secured.h"
#include "../rescue/rescue.h"
#include "memory.h"
#include "secure.h"

enum {
	SHUTDOWN_SENT = 1,	     /* SSL_SENT_SHUTDOWN */
	CONTROL_RENEGOTIATIONS = 12, /* SSL_CTRL_GET_TOTAL_RENEGOTIATIONS */
	KERNEL_SENDS = 73,	     /* BIO_CTRL_GET_KTLS_SEND, 3.0 */
	KERNEL_RECEIVES = 76,	     /* BIO_CTRL_GET_KTLS_RECV */
};

/* Then the keys are the kernel's, and records are not as the library has made them. */
static bool is_in_kernel(const struct tls_session *session)
{
	struct tls_library *library = session->library;
	bool knows = library->given_up[GIVES_UP_SSL_sendfile] != NULL;
	return knows &&
	       (library->BIO_ctrl(library->SSL_get_wbio(session->ssl), KERNEL_SENDS, 0, NULL) > 0 ||
		library->BIO_ctrl(library->SSL_get_rbio(session->ssl), KERNEL_RECEIVES, 0, NULL) >
		    0);
}

enum reason tls_may_replace(const struct conn *conn)
{
	const struct tls_session *session = conn->secured->session;
	if (!session || session->half)
		return REASON_TLS_IN_FLIGHT;
	struct tls_library *library = session->library;
	if (session->spent || session->shakes)
		return REASON_NONE;
	if (tls_memory_spends(session, conn))
		return REASON_SINGLE_USE;
	/* Of a body that breaks off, such a part is asked for again. */
	bool breaks_off = conn->rescue && conn->rescue->cause == CAUSE_BODY;
	if ((conn_has_part(conn->secured) && !breaks_off) ||
	    !(tls_session_is_even(session, conn) || tls_memory_is_even(session, conn)))
		return REASON_TLS_IN_FLIGHT;
	if (!library->SSL_is_init_finished(session->ssl) || library->SSL_is_server(session->ssl) ||
	    library->SSL_get_shutdown(session->ssl) & SHUTDOWN_SENT ||
	    library->SSL_ctrl(session->ssl, CONTROL_RENEGOTIATIONS, 0, NULL) ||
	    is_in_kernel(session))
		return REASON_TLS_SESSION;
	return REASON_NONE;
}
