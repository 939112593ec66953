/* SPDX-License-Identifier: MIT */
/*
 * fields EXCHANGES: that many exchanges on one connection, of heads with 40 fields, 2 KB each way,
 * as browsers and services behind several proxies have them. It serves itself: no other server has
 * such answers. For callgrind (toggle on `exchanges`).
 */
#include "bench.h"

#include <signal.h>
#include <sys/prctl.h>

enum { MESSAGE_LEN = 2048, BODY_LEN = 91 };

static const char *const asked[] = {
    "Host: api.example.net",
    "Connection: keep-alive",
    "User-Agent: ",
    "Accept: application/json",
    "Accept-Encoding: gzip, br",
    "Accept-Language: en-GB,en;q=0.8",
    "Authorization: Bearer ",
    "Cache-Control: no-cache",
    "Pragma: no-cache",
    "Cookie: session=",
    "Origin: https://example.net",
    "Referer: https://example.net/orders",
    "DNT: 1",
    "If-None-Match: \"5d8c72a5edda8\"",
    "TE: trailers",
    "Priority: u=1, i",
    "Sec-Fetch-Dest: empty",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Site: same-site",
    "Sec-CH-UA-Mobile: ?0",
    "Sec-CH-UA-Platform: \"Linux\"",
    "X-Request-Id: ",
    "X-Correlation-Id: ",
    "X-Forwarded-For: 10.4.7.19, 10.0.0.3",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: example.net",
    "X-Forwarded-Port: 443",
    "X-Real-IP: 10.4.7.19",
    "X-Envoy-Attempt-Count: 1",
    "X-Envoy-Expected-Rq-Timeout-Ms: 15000",
    "X-B3-TraceId: ",
    "X-B3-SpanId: ",
    "X-B3-Sampled: 1",
    "traceparent: 00-",
    "tracestate: ",
    "baggage: tenant=",
    "X-Api-Version: 2026-04-01",
    "X-Client-Version: 14.2.1",
    "X-Tenant: 4711",
    "Via: 1.1 edge",
};

static const char *const answered[] = {
    "Date: Mon, 06 Apr 2026 10:11:12 GMT",
    "Server: envoy",
    "Content-Type: application/json",
    "Content-Length: 91",
    "Connection: keep-alive",
    "Keep-Alive: timeout=60",
    "Cache-Control: no-store",
    "Expires: 0",
    "Pragma: no-cache",
    "ETag: \"5d8c72a5edda8\"",
    "Last-Modified: Mon, 06 Apr 2026",
    "Vary: Accept-Encoding, Origin",
    "Accept-Ranges: bytes",
    "Age: 0",
    "Allow: GET, HEAD",
    "Alt-Svc: clear",
    "Set-Cookie: session=",
    "Set-Cookie: csrf=",
    "Content-Language: en",
    "Content-Security-Policy: default-src ",
    "Strict-Transport-Security: max-age=63072000",
    "X-Content-Type-Options: nosniff",
    "X-Frame-Options: DENY",
    "Referrer-Policy: no-referrer",
    "Permissions-Policy: camera=()",
    "Cross-Origin-Opener-Policy: same-origin",
    "Cross-Origin-Resource-Policy: same-site",
    "Access-Control-Allow-Origin: https://example.net",
    "Access-Control-Allow-Credentials: true",
    "Access-Control-Expose-Headers: ETag",
    "Timing-Allow-Origin: *",
    "Server-Timing: app;dur=12.4",
    "X-Request-Id: ",
    "X-Correlation-Id: ",
    "X-Envoy-Upstream-Service-Time: 12",
    "X-RateLimit-Limit: 1000",
    "X-RateLimit-Remaining: 993",
    "X-RateLimit-Reset: 42",
    "traceresponse: 00-",
    "Via: 1.1 edge",
};

_Static_assert(sizeof(asked) / sizeof(*asked) == 40, "as the name says");
_Static_assert(sizeof(answered) / sizeof(*answered) == 40, "as the name says");

/* A head of this length with the 40 fields; those that end in blanks or marks are filled up. */
static void put_head(char *out, size_t len, const char *first, const char *const *fields)
{
	size_t fixed = strlen(first) + 4, open = 0;
	for (int i = 0; i < 40; i++) {
		fixed += strlen(fields[i]) + 2;
		open += strchr(" =-", fields[i][strlen(fields[i]) - 1]) != NULL;
	}
	size_t fill = (len - fixed) / open, more = (len - fixed) % open;
	char *at = out + sprintf(out, "%s\r\n", first);
	for (int i = 0; i < 40; i++) {
		at += sprintf(at, "%s", fields[i]);
		for (size_t n = strchr(" =-", at[-1]) ? fill + more : 0; n; n--) {
			*at++ = 'x';
			more = n > fill ? more - 1 : more;
		}
		at += sprintf(at, "\r\n");
	}
	strcpy(at, "\r\n");
}

static void read_all(int fd)
{
	char message[MESSAGE_LEN];
	for (size_t got = 0; got < sizeof(message);) {
		ssize_t n = recv(fd, message, sizeof(message), 0);
		if (n <= 0)
			exit(n < 0);
		got += (size_t)n;
	}
}

static void serve(int listener)
{
	static char answer[MESSAGE_LEN + 64];
	put_head(answer, MESSAGE_LEN - BODY_LEN, "HTTP/1.1 200 OK", answered);
	memset(answer + MESSAGE_LEN - BODY_LEN, 'x', BODY_LEN);
	int fd = accept(listener, NULL, NULL), one = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (;;) {
		read_all(fd);
		if (send(fd, answer, MESSAGE_LEN, MSG_NOSIGNAL) != MESSAGE_LEN)
			die("send");
	}
}

static void exchange_once(int fd, const char *request)
{
	if (send(fd, request, MESSAGE_LEN, MSG_NOSIGNAL) != MESSAGE_LEN)
		die("send");
	read_all(fd);
}

__attribute__((noipa)) static void exchanges(int fd, const char *request, int count)
{
	for (int i = 0; i < count; i++)
		exchange_once(fd, request);
}

int main(int argc, char **argv)
{
	char request[MESSAGE_LEN + 64];
	struct sockaddr_in addr = loopback("0");
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (argc < 2)
		return 2;
	if (bind(listener, (struct sockaddr *)&addr, len) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		die("listen");
	pid_t server = fork();
	if (server < 0)
		die("fork");
	if (server == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener);
	}
	put_head(request, MESSAGE_LEN, "GET /v2/orders/4711?expand=items HTTP/1.1", asked);
	int fd = dial(&addr);
	/* The first one binds symbols and fills caches: it is not counted. */
	exchange_once(fd, request);
	exchanges(fd, request, atoi(argv[1]) - 1);
	kill(server, SIGKILL); /* callgrind's part in it writes no file so */
	close(fd);
	return 0;
}
