/* SPDX-License-Identifier: MIT */
/* As much of OpenSSL as tests/tls/ask.c calls, by GnuTLS: one session, and its own transport. */
#ifndef REDIAL_TESTS_BY_GNUTLS_SSL_H
#define REDIAL_TESTS_BY_GNUTLS_SSL_H

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum { SSL_ERROR_SYSCALL = 5, SSL_ERROR_WANT_READ = 2, SSL_ERROR_WANT_WRITE = 3 };
enum { SSL_VERIFY_PEER = 1, BIO_NOCLOSE = 0, BIO_TYPE_SOURCE_SINK = 0, BIO_CTRL_FLUSH = 11 };

/* It is a method as well, and the descriptor is the library's if it has no functions. */
typedef struct bio {
	int (*read)(struct bio *, char *, int);
	int (*write)(struct bio *, const char *, int);
	int fd;
	bool again;
} BIO, BIO_METHOD;

typedef struct {
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	BIO *bio;
	int error;	      /* of the last call */
	const char *versions; /* that it offers; NULL: as the library has it */
} SSL, SSL_CTX;

static SSL by_gnutls_ssl;
static BIO by_gnutls_bio;

#define TLS_client_method()				NULL
#define SSL_CTX_set_verify(context, mode, callback)	(void)(context)
#define SSL_CTX_set_read_ahead(context, yes)		(void)(context)
#define SSL_CTX_set_max_proto_version(context, version) ((context)->versions = (version))
#define TLS1_2_VERSION					"NORMAL:-VERS-TLS1.3"
#define BIO_meth_new(type, name)			(&by_gnutls_bio)
#define BIO_get_new_index()				0
#define BIO_meth_set_read(method, function)		((method)->read = (function))
#define BIO_meth_set_write(method, function)		((method)->write = (function))
#define BIO_meth_set_ctrl(method, function)		(void)(function)
#define BIO_new(method)					(method)
#define BIO_set_init(bio, is)				(void)(bio)
#define BIO_clear_retry_flags(bio)			((bio)->again = false)
#define BIO_set_retry_read(bio)				((bio)->again = true)
#define BIO_set_retry_write(bio)			((bio)->again = true)
#define ERR_peek_error()				(by_gnutls_ssl.error)
#define ERR_reason_error_string(error)			gnutls_strerror(error)

static inline BIO *BIO_new_socket(int fd, int close)
{
	(void)close;
	by_gnutls_bio.fd = fd;
	return &by_gnutls_bio;
}

static inline SSL_CTX *SSL_CTX_new(const void *method)
{
	(void)method;
	gnutls_certificate_allocate_credentials(&by_gnutls_ssl.credentials);
	return &by_gnutls_ssl;
}

static inline void SSL_CTX_load_verify_locations(SSL_CTX *context, const char *file, void *folder)
{
	(void)folder;
	gnutls_certificate_set_x509_trust_file(context->credentials, file, GNUTLS_X509_FMT_PEM);
}

static inline SSL *SSL_new(SSL_CTX *context)
{
	gnutls_init(&context->session, GNUTLS_CLIENT);
	gnutls_set_default_priority(context->session);
	if (context->versions)
		gnutls_priority_set_direct(context->session, context->versions, NULL);
	gnutls_credentials_set(context->session, GNUTLS_CRD_CERTIFICATE, context->credentials);
	return context;
}

static inline void SSL_set_tlsext_host_name(SSL *ssl, const char *name)
{
	gnutls_server_name_set(ssl->session, GNUTLS_NAME_DNS, name, strlen(name));
}

static inline void SSL_set1_host(SSL *ssl, const char *name)
{
	gnutls_session_set_verify_cert(ssl->session, name, 0);
}

static inline ssize_t by_gnutls_moved(SSL *ssl, int moved)
{
	if (moved < 0)
		gnutls_transport_set_errno(ssl->session, ssl->bio->again ? EAGAIN : errno);
	return moved;
}

static inline ssize_t by_gnutls_pull(void *ssl, void *bytes, size_t len)
{
	BIO *bio = ((SSL *)ssl)->bio;
	return by_gnutls_moved(ssl, bio->read(bio, bytes, (int)len));
}

static inline ssize_t by_gnutls_push(void *ssl, const void *bytes, size_t len)
{
	BIO *bio = ((SSL *)ssl)->bio;
	return by_gnutls_moved(ssl, bio->write(bio, bytes, (int)len));
}

static inline int by_gnutls_wait(void *ssl, unsigned ms)
{
	(void)ssl, (void)ms;
	return 1;
}

static inline void SSL_set_bio(SSL *ssl, BIO *bio, BIO *same)
{
	(void)same;
	ssl->bio = bio;
	if (!bio->read) {
		gnutls_transport_set_int(ssl->session, bio->fd);
		return;
	}
	gnutls_transport_set_ptr(ssl->session, ssl);
	gnutls_transport_set_pull_function(ssl->session, by_gnutls_pull);
	gnutls_transport_set_push_function(ssl->session, by_gnutls_push);
	gnutls_transport_set_pull_timeout_function(ssl->session, by_gnutls_wait);
}

static inline int by_gnutls_result(SSL *ssl, ssize_t result)
{
	ssl->error = result < 0 ? (int)result : 0;
	return (int)result;
}

static inline int SSL_connect(SSL *ssl)
{
	int result = by_gnutls_result(ssl, gnutls_handshake(ssl->session));
	return result == 0 ? 1 : result;
}

static inline int SSL_read(SSL *ssl, void *bytes, int len)
{
	return by_gnutls_result(ssl, gnutls_record_recv(ssl->session, bytes, (size_t)len));
}

static inline int SSL_write(SSL *ssl, const void *bytes, int len)
{
	return by_gnutls_result(ssl, gnutls_record_send(ssl->session, bytes, (size_t)len));
}

/* GnuTLS has no such call: nobody asks for it. */
static inline int SSL_peek(SSL *ssl, void *bytes, int len)
{
	return SSL_read(ssl, bytes, len);
}

static inline int SSL_pending(SSL *ssl)
{
	return (int)gnutls_record_check_pending(ssl->session);
}

static inline int SSL_get_error(SSL *ssl, int result)
{
	if (result != GNUTLS_E_AGAIN && result != GNUTLS_E_INTERRUPTED)
		return result ? SSL_ERROR_SYSCALL : 6;
	return gnutls_record_get_direction(ssl->session) ? SSL_ERROR_WANT_WRITE
							 : SSL_ERROR_WANT_READ;
}

#endif
