/* SPDX-License-Identifier: MIT */
/* neon FOLDER PORT METHOD: three requests on one connection by neon, the second one by METHOD. */
#include <ne_request.h>
#include <ne_session.h>
#include <ne_ssl.h>
#include <ne_utils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAUSE_US = 25000 };

static int print(void *unused, const char *bytes, size_t len)
{
	(void)unused;
	return fwrite(bytes, 1, len, stdout) == len ? 0 : 1;
}

int main(int argc, char **argv)
{
	char text[512];
	if (argc != 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	ne_session *session = ne_session_create("https", "localhost", (unsigned)atoi(argv[2]));
	snprintf(text, sizeof(text), "%s/trusted.pem", argv[1]);
	ne_ssl_certificate *trusted = ne_ssl_cert_read(text);
	ne_ssl_trust_cert(session, trusted);
	for (int i = 1; i <= 3; i++) {
		const char *method = i == 2 ? argv[3] : "GET";
		snprintf(text, sizeof(text), "/%d", i);
		usleep(PAUSE_US);
		ne_request *request = ne_request_create(session, method, text);
		if (strcmp(method, "POST") == 0)
			ne_set_request_body_buffer(request, "x", 1);
		ne_add_response_body_reader(request, ne_accept_always, print, NULL);
		if (ne_request_dispatch(request) != NE_OK) {
			puts(ne_get_error(session));
			return 1;
		}
		ne_request_destroy(request);
	}
	ne_session_destroy(session);
	return 0;
}
