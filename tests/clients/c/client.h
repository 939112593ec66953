/* SPDX-License-Identifier: MIT */
/*
 * What the C clients share: arguments, one request after the other, reporting. A client gives the
 * four functions that differ, and includes this file after them being declared here.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENT_WAIT_MS 20000

/* Each returns -1 with errno set on failure. */
static int client_connect(const struct sockaddr_in *addr);
static int client_send(int fd, const char *data, size_t len);
static ssize_t client_recv(int fd, char *data, size_t size);
static void client_close(int fd);

struct client_job {
	struct sockaddr_in addr;
	char path[256];
	const char *method;
	int count, pause_ms;
	int fd;
};

static int client_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -1;
	for (struct dirent *entry; (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n - 1;
}

/* http://A.B.C.D:PORT/PATH */
static int client_parse(struct client_job *job, int argc, char **argv)
{
	char ip[32];
	unsigned port;

	if (argc < 3 || sscanf(argv[1], "http://%31[0-9.]:%u%255s", ip, &port, job->path) != 3)
		return -1;
	job->addr.sin_family = AF_INET;
	job->addr.sin_port = htons((uint16_t)port);
	job->count = atoi(argv[2]);
	job->method = argc > 3 ? argv[3] : "GET";
	job->pause_ms = argc > 4 ? atoi(argv[4]) : 0;
	job->fd = -1;
	return inet_pton(AF_INET, ip, &job->addr.sin_addr) == 1 ? 0 : -1;
}

/* The length of the whole response, or 0 while its head or length is not known. */
static size_t client_response_len(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");

	if (!end || !length || length > end)
		return 0;
	return (size_t)(end + 4 - text) + strtoul(length + 16, NULL, 10);
}

/* One request and its answer, NUL-terminated. */
static int client_exchange(struct client_job *job, int i, char *answer, size_t size)
{
	char request[1024], body[32] = "", length[64] = "";
	size_t got = 0, whole = 0;
	int n;

	if (!strcmp(job->method, "POST")) {
		n = snprintf(body, sizeof body, "payload-%d", i);
		snprintf(length, sizeof length, "Content-Length: %d\r\n", n);
	}
	n = snprintf(request, sizeof request,
		     "%s %s-%d HTTP/1.1\r\nHost: test\r\nX-Request-Id: %d\r\n%s\r\n%s", job->method,
		     job->path, i, i, length, body);
	if (job->fd < 0 && (job->fd = client_connect(&job->addr)) < 0)
		return -1;
	if (client_send(job->fd, request, (size_t)n))
		return -1;
	while (!whole || got < whole) {
		ssize_t part = client_recv(job->fd, answer + got, size - 1 - got);

		if (part == 0)
			errno = ENODATA;
		if (part <= 0)
			return -1;
		got += (size_t)part;
		answer[got] = '\0';
		whole = client_response_len(answer);
	}
	return 0;
}

static bool client_is_right(const struct client_job *job, int i, const char *answer)
{
	char path[300];

	snprintf(path, sizeof path, "\"path\":\"%s-%d\"", job->path, i);
	return !strncmp(answer, "HTTP/1.1 200 ", 13) && strstr(answer, path);
}

static int client_run(int argc, char **argv)
{
	struct client_job job = {0};
	char answer[8192];
	int failed = 0, start = 0;

	if (client_parse(&job, argc, argv)) {
		fprintf(stderr, "usage: %s http://A.B.C.D:PORT/PATH COUNT [METHOD] [PAUSE_MS]\n",
			argv[0]);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i <= job.count; i++) {
		if (client_exchange(&job, i, answer, sizeof answer)) {
			failed++;
			printf("error %d %s\n", i, strerror(errno));
			client_close(job.fd);
			job.fd = -1;
		} else if (client_is_right(&job, i, answer)) {
			printf("ok %d 200\n", i);
		} else {
			failed++;
			printf("error %d wrong answer\n", i);
		}
		if (i == 2)
			start = client_open_fds();
		if (i < job.count)
			usleep((useconds_t)job.pause_ms * 1000);
	}
	printf("fds %d %d\n", start, client_open_fds());
	return failed ? 1 : 0;
}

#endif
