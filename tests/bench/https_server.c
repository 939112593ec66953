/* SPDX-License-Identifier: MIT */
/*
 * https_server CERTIFICATE KEY: answers GETs with 200 bytes over TLS, a thread for each connection,
 * on a port that it prints. A request with ?idle is answered, and the connection reset; one with
 * ?reset resets it unless it is the connection's first.
 */
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>

#include "bench.h"

static SSL_CTX *context;
static char answer[ANSWER_LEN + 1];

static void reset(int fd)
{
	struct linger none = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static void *serve(void *argument)
{
	int fd = (int)(intptr_t)argument, got;
	char request[4096];
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		for (int i = 0; (got = SSL_read(ssl, request, sizeof(request) - 1)) > 0; i++) {
			request[got] = '\0';
			if ((i && strstr(request, "?reset")) ||
			    SSL_write(ssl, answer, ANSWER_LEN) <= 0 || strstr(request, "?idle")) {
				reset(fd);
				break;
			}
		}
	}
	close(fd);
	SSL_free(ssl);
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = loopback("0");
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (argc != 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	context = SSL_CTX_new(TLS_server_method());
	if (SSL_CTX_use_certificate_file(context, argv[1], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1)
		die("certificate");
	int head = snprintf(answer, sizeof(answer), "HTTP/1.1 200 OK\r\nContent-Length: 160\r\n\r\n");
	memset(answer + head, 'x', (size_t)(ANSWER_LEN - head));
	if (bind(listener, (struct sockaddr *)&addr, len) || listen(listener, 64) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		die("listen");
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	for (;;) {
		pthread_t thread;
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die("accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
}
