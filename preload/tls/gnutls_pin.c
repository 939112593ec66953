/* SPDX-License-Identifier: MIT */
#include "gnutls_pin.h"

#include "../os/mem.h"

static const struct gnutls_datum *leaf_of(void *session)
{
	unsigned count = 0;
	const struct gnutls_datum *peers = gnutls.gnutls_certificate_get_peers(session, &count);
	return peers && count && peers->size ? peers : NULL;
}

bool gnutls_pin_is_there(const struct gnutls_session *session)
{
	return leaf_of(session->own) != NULL;
}

static bool are_equal(const struct gnutls_datum *a, const struct gnutls_datum *b)
{
	return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

int gnutls_pin_certificate(const struct gnutls_session *session)
{
	const struct gnutls_datum *before = leaf_of(session->own);
	const struct gnutls_datum *now = leaf_of(session->next);
	if (!now)
		return 0;
	return before && are_equal(before, now) ? 1 : -1;
}

static size_t bits_of(void *session)
{
	return gnutls.gnutls_cipher_get_key_size(gnutls.gnutls_cipher_get(session));
}

/* Each is asked of the latest session: it is not to get worse by degrees. */
enum reason gnutls_pin_terms(const struct gnutls_session *session)
{
	void *before = gnutls_session_now(session);
	struct gnutls_datum old = {NULL, 0}, now = {NULL, 0};
	if (gnutls.gnutls_protocol_get_version(session->next) <
	    gnutls.gnutls_protocol_get_version(before))
		return REASON_TLS_VERSION;
	if (gnutls.gnutls_alpn_get_selected_protocol(before, &old) < 0)
		old.size = 0;
	if (gnutls.gnutls_alpn_get_selected_protocol(session->next, &now) < 0)
		now.size = 0;
	return are_equal(&old, &now) ? REASON_NONE : REASON_TLS_ALPN;
}

enum reason gnutls_pin_rest(const struct gnutls_session *session)
{
	void *before = gnutls_session_now(session);
	if (gnutls_pin_certificate(session) != 1)
		return REASON_TLS_CERTIFICATE;
	if (session->settings.verifies &&
	    gnutls.gnutls_session_get_verify_cert_status(session->next) !=
		gnutls.gnutls_session_get_verify_cert_status(before))
		return REASON_TLS_VERIFY;
	enum reason reason = gnutls_pin_terms(session);
	if (reason != REASON_NONE)
		return reason;
	return bits_of(session->next) < bits_of(before) ? REASON_TLS_CIPHER : REASON_NONE;
}
