/* SPDX-License-Identifier: MIT */
#include "pin.h"

#include "../conn/secured.h"
#include "../os/mem.h"

static void read_alpn(const struct tls_session *session, struct tls_pin *pin)
{
	const unsigned char *name = NULL;
	unsigned int len = 0;
	session->library->SSL_get0_alpn_selected(session->ssl, &name, &len);
	pin->alpn_len = len <= sizeof(pin->alpn) ? len : 0;
	if (pin->alpn_len)
		memcpy(pin->alpn, name, pin->alpn_len);
}

static int bits_of(const struct tls_session *session)
{
	const void *cipher = session->library->SSL_get_current_cipher(session->ssl);
	return cipher ? session->library->SSL_CIPHER_get_bits(cipher, NULL) : 0;
}

void tls_pin_drop(struct tls_session *session)
{
	if (session->pin.certificate)
		session->library->X509_free(session->pin.certificate);
	session->pin.certificate = NULL;
}

bool tls_pin_take(struct tls_session *session)
{
	struct tls_library *library = session->library;
	struct tls_pin *pin = &session->pin;
	tls_pin_drop(session);
	pin->certificate = library->get_peer_certificate(session->ssl);
	pin->verify_result = library->SSL_get_verify_result(session->ssl);
	pin->version = library->SSL_version(session->ssl);
	pin->bits = bits_of(session);
	read_alpn(session, pin);
	return pin->certificate != NULL;
}

int tls_pin_certificate(const struct tls_session *session)
{
	struct tls_library *library = session->library;
	void *certificate = library->get_peer_certificate(session->ssl);
	if (!certificate)
		return 0;
	bool same = library->X509_cmp(certificate, session->pin.certificate) == 0;
	library->X509_free(certificate);
	return same ? 1 : -1;
}

enum reason tls_pin_rest(const struct tls_session *session)
{
	struct tls_library *library = session->library;
	struct tls_pin now;
	read_alpn(session, &now);
	if (!session->verified || tls_pin_certificate(session) != 1)
		return REASON_TLS_CERTIFICATE;
	if (library->SSL_get_verify_result(session->ssl) != session->pin.verify_result)
		return REASON_TLS_VERIFY;
	if (session->worse)
		return REASON_TLS_VERIFY;
	if (now.alpn_len != session->pin.alpn_len ||
	    memcmp(now.alpn, session->pin.alpn, now.alpn_len) != 0)
		return REASON_TLS_ALPN;
	if (library->SSL_version(session->ssl) < session->pin.version)
		return REASON_TLS_VERSION;
	return bits_of(session) < session->pin.bits ? REASON_TLS_CIPHER : REASON_NONE;
}

const char *tls_version(const struct conn *conn)
{
	const struct tls_session *session = conn->secured->session;
	int number = session ? session->library->SSL_version(session->ssl) : 0;
	return number == 0x304 ? "1.3" : number == 0x303 ? "1.2" : number ? "1.0" : "";
}
