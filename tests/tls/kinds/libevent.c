/* SPDX-License-Identifier: MIT */
/* Three requests by libevent's bufferevents: libevent socket|filter FOLDER PORT METHOD. */
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

static struct event_base *base;
static struct bufferevent *conn;
static const char *method;
static int number;

static void ask(evutil_socket_t fd, short what, void *context)
{
	(void)fd, (void)what, (void)context;
	number++;
	int posts = number == 2 && strcmp(method, "POST") == 0;
	evbuffer_add_printf(bufferevent_get_output(conn),
			    "%s /%d HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s", posts ? "POST" : "GET",
			    number, posts ? "Content-Length: 1\r\n" : "", posts ? "x" : "");
}

static void later(void)
{
	struct timeval pause = {0, 25000};
	event_base_once(base, -1, EV_TIMEOUT, ask, NULL, &pause);
}

static void on_read(struct bufferevent *of, void *context)
{
	(void)context;
	struct evbuffer *input = bufferevent_get_input(of);
	struct evbuffer_ptr at = evbuffer_search(input, "hello\n", 6, NULL);
	if (at.pos < 0)
		return;
	evbuffer_drain(input, evbuffer_get_length(input));
	puts("hello");
	if (number == 3)
		exit(0);
	later();
}

static void on_event(struct bufferevent *of, short what, void *context)
{
	(void)of, (void)context;
	if (what & BEV_EVENT_CONNECTED) {
		if (number == 0)
			later();
		return;
	}
	printf("event %x\n", (unsigned)what);
	exit(1);
}

int main(int argc, char **argv)
{
	char name[512];
	if (argc != 5)
		return 2;
	method = argv[4];
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	base = event_base_new();
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	snprintf(name, sizeof(name), "%s/trusted.pem", argv[2]);
	SSL_CTX_load_verify_locations(context, name, NULL);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	SSL *ssl = SSL_new(context);
	SSL_set_tlsext_host_name(ssl, "localhost");
	SSL_set1_host(ssl, "localhost");
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)atoi(argv[3]))};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (strcmp(argv[1], "filter") == 0) {
		struct bufferevent *under = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
		bufferevent_socket_connect(under, (struct sockaddr *)&addr, sizeof(addr));
		conn = bufferevent_openssl_filter_new(base, under, ssl, BUFFEREVENT_SSL_CONNECTING,
						      BEV_OPT_CLOSE_ON_FREE);
	} else {
		conn = bufferevent_openssl_socket_new(base, -1, ssl, BUFFEREVENT_SSL_CONNECTING,
						      BEV_OPT_CLOSE_ON_FREE);
		bufferevent_socket_connect(conn, (struct sockaddr *)&addr, sizeof(addr));
	}
	bufferevent_setcb(conn, on_read, NULL, on_event, NULL);
	bufferevent_enable(conn, EV_READ | EV_WRITE);
	event_base_dispatch(base);
	puts("over");
	return 0;
}
