/* SPDX-License-Identifier: MIT */
/* A plug-in for tests/tls/opens.c: three requests by OpenSSL on a socket that stands. */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PAUSE_US = 25000 };

static int ask(SSL *ssl, int number)
{
	char bytes[4096];
	size_t len = 0;
	int put =
	    snprintf(bytes, sizeof(bytes), "GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n", number);
	int got = SSL_write(ssl, bytes, put);
	for (bytes[0] = '\0'; got > 0 && !strstr(bytes, "hello\n"); bytes[len] = '\0') {
		got = SSL_read(ssl, bytes + len, (int)(sizeof(bytes) - 1 - len));
		len += got > 0 ? (size_t)got : 0;
	}
	puts(got > 0 ? "hello" : "lost");
	return got > 0;
}

int converse(int fd, const char *folder);
int converse(int fd, const char *folder)
{
	char authority[512];
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	snprintf(authority, sizeof(authority), "%s/trusted.pem", folder);
	SSL_CTX_load_verify_locations(context, authority, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL *ssl = SSL_new(context);
	SSL_set_tlsext_host_name(ssl, "localhost");
	SSL_set1_host(ssl, "localhost");
	SSL_set_fd(ssl, fd);
	int good = SSL_connect(ssl) == 1;
	for (int i = 1; i <= 3 && good; i++) {
		usleep(PAUSE_US);
		good = ask(ssl, i);
	}
	SSL_free(ssl);
	SSL_CTX_free(context);
	return good ? 0 : 1;
}
