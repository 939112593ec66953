/* SPDX-License-Identifier: MIT */
/* Three requests by libwebsockets, which keeps its connection: lws FOLDER PORT METHOD. */
#include <libwebsockets.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAUSE_US = 60000, WHOLE = 6, TOLD = -1 };

static struct lws_context *context;
static lws_sorted_usec_list_t timer;
static const char *method;
static int port, number, got;

static void ask(lws_sorted_usec_list_t *list)
{
	char path[20];
	(void)list;
	snprintf(path, sizeof(path), "/%d", ++number);
	/* Connections are kept by the name they were dialed by. */
	struct lws_client_connect_info info = {.context = context,
					       .address = "localhost",
					       .host = "localhost",
					       .origin = "localhost",
					       .port = port,
					       .path = path,
					       .method = number == 2 ? method : "GET",
					       .protocol = "http",
					       .alpn = "http/1.1",
					       .ssl_connection = LCCSCF_USE_SSL | LCCSCF_PIPELINE};
	got = 0;
	if (!lws_client_connect_via_info(&info))
		exit(1);
}

static void tell(const char *what)
{
	puts(what);
	fflush(stdout);
	got = TOLD;
	if (number == 3)
		exit(0);
	lws_sul_schedule(context, 0, &timer, ask, PAUSE_US);
}

static bool posts(void)
{
	return number == 2 && strcmp(method, "POST") == 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t len)
{
	char room[LWS_PRE + 1000], *at = room + LWS_PRE;
	int left = sizeof(room) - LWS_PRE;
	switch ((int)reason) {
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		tell("lost");
		break;
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
		return lws_http_client_read(wsi, &at, &left);
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
		got += (int)len;
		return 0;
	case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
		tell(got == WHOLE ? "hello" : "part");
		break;
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
		if (posts()) {
			unsigned char **to = in;
			if (lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH,
							 (const unsigned char *)"1", 1, to,
							 *to + len))
				return -1;
			lws_client_http_body_pending(wsi, 1);
			lws_callback_on_writable(wsi);
		}
		break;
	case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
		*at = 'x';
		lws_client_http_body_pending(wsi, 0);
		lws_write(wsi, (unsigned char *)at, 1, LWS_WRITE_HTTP_FINAL);
		return 0;
	}
	return lws_callback_http_dummy(wsi, reason, user, in, len);
}

int main(int argc, char **argv)
{
	static const struct lws_protocols protocols[] = {{.name = "http", .callback = on_event},
							 {.name = NULL}};
	char authority[300];
	if (argc != 4)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	snprintf(authority, sizeof(authority), "%s/trusted.pem", argv[1]);
	port = atoi(argv[2]);
	method = argv[3];
	lws_set_log_level(0, NULL);
	struct lws_context_creation_info info = {.port = CONTEXT_PORT_NO_LISTEN,
						 .protocols = protocols,
						 .options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
						 .client_ssl_ca_filepath = authority};
	context = lws_create_context(&info);
	lws_sul_schedule(context, 0, &timer, ask, 1);
	while (lws_service(context, 0) >= 0)
		;
	return 1;
}
