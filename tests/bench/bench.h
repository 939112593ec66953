/* SPDX-License-Identifier: MIT */
/* What the bench programs share: a tiny HTTP client that allocates nothing, clocks, medians. */
#ifndef REDIAL_BENCH_H
#define REDIAL_BENCH_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* `call || die("what")`: there is nothing to measure after a failure. */
static inline int die(const char *what)
{
	perror(what);
	exit(1);
}

static inline double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static inline int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static inline double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), by_size);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static inline struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	addr.sin_port = htons((uint16_t)atoi(port));
	return addr;
}

/* A socket connected through libc, where an interposer sees it. */
static inline int dial(const struct sockaddr_in *addr)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

struct message {
	char text[1024];
	size_t len;
};

/* A request of exactly 200 bytes, headers as real clients send them. */
static inline struct message make_request(const char *method, const char *path)
{
	const char *body = strcmp(method, "POST") == 0 ? "payload" : "";
	struct message request;
	size_t room;

	request.len = (size_t)snprintf(request.text, sizeof(request.text),
				       "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n"
				       "Accept: application/json\r\nConnection: keep-alive\r\n%s"
				       "X-Fill: ",
				       method, path, *body ? "Content-Length: 7\r\n" : "");
	room = 200 - request.len - 4 - strlen(body);
	memset(request.text + request.len, 'x', room);
	request.len += room;
	request.len += (size_t)sprintf(request.text + request.len, "\r\n\r\n%s", body);
	return request;
}

/* faultd's answer to /bytes/91 is 200 bytes long, head included. */
#define PATH_200 "/bytes/91"
enum { ANSWER_LEN = 200 };

/* Sends the request and reads the answer; 0, or -1 if the connection fails. */
static inline int exchange(int fd, const struct message *request)
{
	char answer[4096];
	size_t got = 0;

	if (send(fd, request->text, request->len, MSG_NOSIGNAL) != (ssize_t)request->len)
		return -1;
	while (got < ANSWER_LEN) {
		ssize_t n = recv(fd, answer, sizeof(answer), 0);

		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	return memcmp(answer, "HTTP/1.1 200", 12) == 0 ? 0 : -1;
}

#endif
