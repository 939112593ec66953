/* SPDX-License-Identifier: MIT */
/*
 * secured EXCHANGES [pair]: that many exchanges of 200 bytes each way on one connection, over
 * OpenSSL; with `pair` on another one over a pair of sockets, which nobody follows. It serves
 * itself, with a certificate that it makes. For callgrind (toggle on `exchanges`).
 */
#include "bench.h"

#include <stdbool.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <sys/prctl.h>

static const char answer_head[] = "HTTP/1.1 200 OK\r\nServer: faultd\r\nContent-Type: "
				  "application/json\r\nX-Body-Sum: 37280def\r\n"
				  "Content-Length: 91\r\n\r\n";

static SSL_CTX *serving(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *cert = X509_new();
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	if (!X509_sign(cert, key, EVP_sha256()) || SSL_CTX_use_certificate(ctx, cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, key) != 1)
		die("certificate");
	SSL_CTX_set_num_tickets(ctx, 0);
	return ctx;
}

static void serve(SSL_CTX *ctx, int fd)
{
	char request[4096], answer[ANSWER_LEN];
	SSL *ssl = SSL_new(ctx);
	memset(answer, 'x', sizeof(answer));
	memcpy(answer, answer_head, sizeof(answer_head) - 1);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		exit(1);
	while (SSL_read(ssl, request, sizeof(request)) > 0)
		SSL_write(ssl, answer, sizeof(answer));
	exit(0);
}

__attribute__((noipa)) static void exchanges(SSL *ssl, const struct message *request, int count)
{
	char answer[4096];
	for (int i = 0; i < count; i++) {
		if (SSL_write(ssl, request->text, (int)request->len) != (int)request->len ||
		    SSL_read(ssl, answer, sizeof(answer)) != ANSWER_LEN)
			die("exchange");
	}
}

static int listening(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	*addr = loopback("0");
	if (bind(fd, (struct sockaddr *)addr, len) || listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)addr, &len))
		die("listen");
	return fd;
}

/* Serves one connection; returns the process that does. */
static pid_t begin_serving(SSL_CTX *ctx, int listener, int fd)
{
	pid_t server = fork();
	if (server < 0)
		die("fork");
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(ctx, listener < 0 ? fd : accept(listener, NULL, NULL));
	}
	return server;
}

static SSL *greet(int fd)
{
	SSL *ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
	SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1)
		die("connect");
	return ssl;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr;
	int pair[2];
	if (argc < 2)
		return 2;
	SSL_CTX *ctx = serving();
	int listener = listening(&addr);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	pid_t servers[] = {begin_serving(ctx, listener, -1), begin_serving(ctx, -1, pair[1])};
	struct message request = make_request("GET", PATH_200);
	SSL *ssl = greet(dial(&addr));
	/* The first one binds symbols and fills caches. */
	exchanges(ssl, &request, 1);
	if (argc > 2)
		ssl = greet(pair[0]);
	exchanges(ssl, &request, atoi(argv[1]));
	/* Callgrind's part in them writes no file so. */
	kill(servers[0], SIGKILL);
	kill(servers[1], SIGKILL);
	return 0;
}
