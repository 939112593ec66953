/* SPDX-License-Identifier: MIT */
#include "hush.h"

enum { VERIFY_NONE = 0 }; /* SSL_VERIFY_NONE */

/* X509_STORE_CTX_get_error(3) */
enum {
	ISSUER_UNKNOWN = 2,
	SELF_SIGNED = 18,
	SELF_SIGNED_IN_CHAIN = 19,
	ISSUER_NOT_LOCAL = 20,
	LEAF_NOT_VERIFIED = 21,
	HOSTNAME_MISMATCH = 62,
	IP_ADDRESS_MISMATCH = 64,
};

static bool is_untrusted(long error)
{
	return error == ISSUER_UNKNOWN || (error >= SELF_SIGNED && error <= LEAF_NOT_VERIFIED);
}

/* Has the program let it stand before? Who trusted nobody may have any of these beside each other.
 */
static bool is_known(long error, long verdict)
{
	bool is_of_names = error >= HOSTNAME_MISMATCH && error <= IP_ADDRESS_MISMATCH;
	return error == verdict || (is_untrusted(verdict) && (is_untrusted(error) || is_of_names));
}

/*
 * The chain is judged as it is: what a callback of the program's would say of it, it has said.
 * Where it let faults stand, the library went on, and its verdict is the last of them: so here.
 */
static int let_stand(int ok, void *store)
{
	struct tls_session *session = tls_here.judged;
	if (ok || !session || !session->pin.verify_result)
		return ok;
	long error = session->library->X509_STORE_CTX_get_error(store);
	session->worse |= !is_known(error, session->pin.verify_result);
	return 1;
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
