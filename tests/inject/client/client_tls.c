/* SPDX-License-Identifier: MIT */
/* Bytes over TLS: OpenSSL, or GnuTLS by tests/tls/by_gnutls. */
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#ifndef REDIAL_TESTS_BY_GNUTLS_SSL_H
#include <openssl/err.h>
#endif

#include "client.h"

static SSL_CTX *context;
static SSL *ssl;

static SSL_CTX *make_context(const char *folder)
{
	char authority[512];
	SSL_CTX *made = SSL_CTX_new(TLS_client_method());
	snprintf(authority, sizeof(authority), "%s/trusted.pem", folder);
	if (is_way("tls12"))
		SSL_CTX_set_max_proto_version(made, TLS1_2_VERSION);
	SSL_CTX_load_verify_locations(made, authority, NULL);
	SSL_CTX_set_verify(made, SSL_VERIFY_PEER, NULL);
	return made;
}

/* What a result says: 1, go on; 0, the end; -1, errno. */
static int after(int result)
{
	int before = errno, error = SSL_get_error(ssl, result);
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
		if (is_way("block"))
			return 1;
		return await(error == SSL_ERROR_WANT_WRITE) ? -1 : 1;
	}
	errno = error == SSL_ERROR_SYSCALL && before ? before : EPROTO;
	return -1;
}

static int repeat(int (*call)(SSL *, void *, int), void *bytes, int len, const char *where)
{
	int n = -1;
	for (int tries = 0; tries < TRIES; tries++) {
		stage = where;
		errno = 0;
#ifndef REDIAL_TESTS_BY_GNUTLS_SSL_H
		ERR_clear_error();
#endif
		n = call(ssl, bytes, len);
		if (n > 0)
			return n;
		int next = after(n);
		if (next < 0)
			return -1;
	}
	errno = EDEADLK;
	return -1;
}

static int shake(SSL *session, void *bytes, int len)
{
	(void)bytes, (void)len;
	return SSL_connect(session);
}

static int get(SSL *session, void *bytes, int len)
{
	return SSL_read(session, bytes, len);
}

static int put(SSL *session, void *bytes, int len)
{
	return SSL_write(session, bytes, len);
}

void secure_prepare(const char *folder)
{
	context = make_context(folder);
}

int secure_start(void)
{
	ssl = SSL_new(context);
	SSL_set_tlsext_host_name(ssl, "localhost");
	SSL_set1_host(ssl, "localhost");
	BIO *bio = BIO_new_socket(link_.fd, BIO_NOCLOSE);
	SSL_set_bio(ssl, bio, bio);
	return repeat(shake, NULL, 0, "shake") < 0 ? -1 : 0;
}

ssize_t put_secure(const char *bytes, size_t len)
{
	return repeat(put, (void *)(uintptr_t)bytes, (int)len, "put");
}

ssize_t get_secure(char *bytes, size_t room)
{
	return repeat(get, bytes, (int)room, "get");
}

void secure_end(void)
{
	if (!ssl)
		return;
#ifdef REDIAL_TESTS_BY_GNUTLS_SSL_H
	gnutls_deinit(ssl->session);
#else
	SSL_free(ssl);
#endif
	ssl = NULL;
}
