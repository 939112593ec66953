/* SPDX-License-Identifier: MIT */
/* libcurl FOLDER PORT: three GETs by curl_easy_send and curl_easy_recv, which retry nothing. */
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SILENT_MS = 15000, PAUSE_US = 25000 };

static int fail(const char *what, int code)
{
	printf("%s %d\n", what, code);
	return 1;
}

static int exchange(CURL *curl, curl_socket_t fd, int number)
{
	char request[128], bytes[4096] = "";
	size_t len = 0, done;
	snprintf(request, sizeof(request), "GET /%d HTTP/1.1\r\nHost: localhost\r\n\r\n", number);
	CURLcode code = curl_easy_send(curl, request, strlen(request), &done);
	if (code)
		return fail("send", (int)code);
	while (!strstr(bytes, "hello\n")) {
		struct pollfd what = {fd, POLLIN, 0};
		code = curl_easy_recv(curl, bytes + len, sizeof(bytes) - 1 - len, &done);
		if (code) /* what it has left there is none of ours */
			bytes[len] = '\0';
		if (code == CURLE_AGAIN && poll(&what, 1, SILENT_MS) == 1)
			continue;
		if (code || !done)
			return fail("receive", (int)code);
		bytes[len += done] = '\0';
	}
	puts("hello");
	return 0;
}

int main(int argc, char **argv)
{
	char text[512];
	CURL *curl = curl_easy_init();
	if (argc != 3 || !curl)
		return 2;
	snprintf(text, sizeof(text), "https://localhost:%s/", argv[2]);
	curl_easy_setopt(curl, CURLOPT_URL, text);
	snprintf(text, sizeof(text), "%s/trusted.pem", argv[1]);
	curl_easy_setopt(curl, CURLOPT_CAINFO, text);
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	CURLcode code = curl_easy_perform(curl);
	curl_socket_t fd = -1;
	if (code)
		return fail("connect", (int)code);
	curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd);
	for (int i = 1; i <= 3; i++) {
		usleep(PAUSE_US);
		if (exchange(curl, fd, i))
			return 1;
	}
	curl_easy_cleanup(curl);
	return 0;
}
