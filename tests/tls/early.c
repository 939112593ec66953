/* SPDX-License-Identifier: MIT */
/*
 * early FOLDER WAY: two connections to a server of its own, the second one with the session of the
 * first. WAY: early, its first request goes out as early data (RFC 8446 section 2.3); resumed, none
 * does. The server closes that connection instead of the second answer, and would serve a third.
 * Prints what becomes of each request, and how many connections the server has had, how many of
 * them resumed.
 */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n"

enum { PAUSE_US = 25000, EARLY_MAX = 16384, SILENT_S = 15 };

/* Reads a request as early data where it comes so, and goes on with the handshake. */
static size_t begin(SSL *ssl, char *bytes, size_t room)
{
	size_t len = 0, done = 0;
	int more;
	while ((more = SSL_read_early_data(ssl, bytes, room, &done)) == SSL_READ_EARLY_DATA_SUCCESS)
		len = done;
	return more == SSL_READ_EARLY_DATA_FINISH && SSL_accept(ssl) == 1 ? len : 0;
}

static void serve_one(SSL_CTX *context, int fd, int number, int *resumed)
{
	char bytes[4096];
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	size_t early = begin(ssl, bytes, sizeof(bytes));
	*resumed += SSL_session_reused(ssl);
	for (int i = 1; early || SSL_read(ssl, bytes, sizeof(bytes)) > 0; i++) {
		early = 0;
		if (number == 2 && i == 2)
			break;
		SSL_write(ssl, ANSWER, sizeof(ANSWER) - 1);
	}
	SSL_free(ssl);
	close(fd);
}

static int serve(const char *folder, int listener)
{
	char path[512];
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	snprintf(path, sizeof(path), "%s/same.pem", folder);
	SSL_CTX_use_certificate_file(context, path, SSL_FILETYPE_PEM);
	snprintf(path, sizeof(path), "%s/same.key", folder);
	SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM);
	SSL_CTX_set_options(context, SSL_OP_NO_ANTI_REPLAY);
	SSL_CTX_set_max_early_data(context, EARLY_MAX);
	SSL_CTX_set_recv_max_early_data(context, EARLY_MAX);
	int fd, connections = 0, resumed = 0;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		/* The client's last one says nothing. */
		char byte;
		if (recv(fd, &byte, 1, MSG_PEEK) != 1)
			break;
		serve_one(context, fd, ++connections, &resumed);
	}
	printf("%d connections, %d resumed\n", connections, resumed);
	return 0;
}

static int dial(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? -1 : fd;
}

static void answer(SSL *ssl)
{
	char bytes[4096] = "";
	int len = 0, got = 1;
	while (got > 0 && !strstr(bytes, "hello\n")) {
		got = SSL_read(ssl, bytes + len, (int)sizeof(bytes) - 1 - len);
		len += got > 0 ? got : 0;
	}
	puts(got > 0 ? "hello" : "lost");
}

static int request(char *bytes, size_t room, int number)
{
	return snprintf(bytes, room, "GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n", number);
}

static SSL_SESSION *converse(SSL_CTX *context, int fd, SSL_SESSION *session, bool early, int count)
{
	char bytes[256];
	size_t done;
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	if (session)
		SSL_set_session(ssl, session);
	int len = request(bytes, sizeof(bytes), 1);
	if (early && SSL_write_early_data(ssl, bytes, (size_t)len, &done) != 1)
		puts("no early data");
	if (SSL_connect(ssl) != 1)
		puts("no handshake");
	for (int i = 1; i <= count; i++) {
		usleep(PAUSE_US);
		len = request(bytes, sizeof(bytes), i);
		if (!early || i > 1)
			SSL_write(ssl, bytes, len);
		answer(ssl);
	}
	session = SSL_get1_session(ssl);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	return session;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	if (argc != 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	alarm(SILENT_S);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&addr, len) || listen(listener, 8) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		return 1;
	pid_t server = fork();
	if (!server && alarm(SILENT_S) == 0)
		return serve(argv[1], listener);
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL_SESSION *session = converse(context, dial(&addr), NULL, false, 1);
	converse(context, dial(&addr), session, strcmp(argv[2], "early") == 0, 2);
	close(dial(&addr));
	waitpid(server, NULL, 0);
	return 0;
}
