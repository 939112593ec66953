/* SPDX-License-Identifier: MIT */
#include "secure.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static SSL_CTX *context;

static void extend(X509 *cert, int what, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);
	X509_add_ext(cert, extension, -1);
	X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 24L * 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1,
				   -1, 0);
	X509_set_issuer_name(cert, name);
	extend(cert, NID_subject_alt_name, "DNS:localhost");
	extend(cert, NID_basic_constraints, "critical,CA:TRUE");
	return X509_sign(cert, key, EVP_sha256()) > 0 ? cert : NULL;
}

bool secure_make(const char *folder)
{
	char name[512];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = key ? make_certificate(key) : NULL;
	snprintf(name, sizeof(name), "%s/trusted.pem", folder);
	FILE *file = cert ? fopen(name, "w") : NULL;
	context = SSL_CTX_new(TLS_server_method());
	if (!file || !context)
		return false;
	bool good = PEM_write_X509(file, cert) == 1 &&
		    SSL_CTX_use_certificate(context, cert) == 1 &&
		    SSL_CTX_use_PrivateKey(context, key) == 1;
	return fclose(file) == 0 && good;
}

struct secure *secure_new(int fd)
{
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	return (struct secure *)ssl;
}

bool secure_accept(struct secure *secure)
{
	return SSL_accept((SSL *)secure) == 1;
}

ssize_t secure_read(struct secure *secure, char *bytes, size_t room)
{
	return SSL_read((SSL *)secure, bytes, (int)room);
}

void secure_write(struct secure *secure, const char *bytes, size_t len)
{
	SSL_write((SSL *)secure, bytes, (int)len);
}

void secure_free(struct secure *secure)
{
	SSL_free((SSL *)secure);
}
