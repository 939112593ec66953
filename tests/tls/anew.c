/* SPDX-License-Identifier: MIT */
/*
 * anew WAY FOLDER PORT: two requests by OpenSSL, and once the second one has failed the session is
 * cleared for another connection, by which a third one is asked. Prints what came of each, and what
 * the callbacks of the program's have been told by then. WAY: memory, BIOs in memory; memory-kept,
 * the same two BIOs for both connections; socket.
 */
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAUSE_US = 60000 };

static int fd, told, judged;
static bool in_memory;
static SSL *ssl;
static BIO *incoming, *outgoing;

static void tell_info(const SSL *of, int where, int result)
{
	(void)of, (void)result;
	told += (where & SSL_CB_ALERT) == 0;
}

static int tell_verify(int ok, X509_STORE_CTX *store)
{
	(void)store;
	judged++;
	return ok;
}

static void dial(int port, bool keeps)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)))
		exit(1);
	if (keeps) {
		BIO_reset(incoming);
		BIO_reset(outgoing);
	} else if (in_memory) {
		incoming = BIO_new(BIO_s_mem());
		outgoing = BIO_new(BIO_s_mem());
		BIO_set_mem_eof_return(incoming, -1);
		SSL_set_bio(ssl, incoming, outgoing);
	} else {
		SSL_set_fd(ssl, fd);
	}
	SSL_set_connect_state(ssl);
}

/* Carries what there is; true: there is more to read. */
static bool carry(int result)
{
	char bytes[20000];
	int got;
	bool wants = SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ;
	while (in_memory && (got = BIO_read(outgoing, bytes, sizeof(bytes))) > 0)
		send(fd, bytes, (size_t)got, MSG_NOSIGNAL);
	if (!in_memory || !wants || (got = (int)recv(fd, bytes, sizeof(bytes), 0)) <= 0)
		return false;
	return BIO_write(incoming, bytes, got) == got;
}

static void shake_hands(void)
{
	int result;
	while ((result = SSL_do_handshake(ssl)) != 1 && carry(result))
		;
	carry(result);
	printf("%s ", result == 1 ? "secure" : "insecure");
}

static void ask(int number)
{
	char bytes[1000];
	int len = sprintf(bytes, "GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n", number);
	int result = SSL_write(ssl, bytes, len);
	if (result > 0 && !carry(result))
		while ((result = SSL_read(ssl, bytes, sizeof(bytes))) <= 0 && carry(result))
			;
	printf("%s ", result > 0 ? "hello" : "lost");
}

int main(int argc, char **argv)
{
	char authority[300];
	if (argc != 4)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	in_memory = strncmp(argv[1], "memory", 6) == 0;
	snprintf(authority, sizeof(authority), "%s/trusted.pem", argv[2]);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_load_verify_locations(context, authority, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, tell_verify);
	SSL_CTX_set_info_callback(context, tell_info);
	ssl = SSL_new(context);
	SSL_set1_host(ssl, "localhost");
	dial(atoi(argv[3]), false);
	shake_hands();
	ask(1);
	usleep(PAUSE_US);
	ask(2);
	printf("told %d judged %d, ", told, judged);

	ERR_clear_error();
	close(fd);
	SSL_clear(ssl);
	told = judged = 0;
	dial(atoi(argv[3]), strcmp(argv[1], "memory-kept") == 0);
	shake_hands();
	ask(3);
	printf("told %d judged %d\n", told, judged);
	SSL_free(ssl);
	SSL_CTX_free(context);
	return 0;
}
