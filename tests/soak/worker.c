/* SPDX-License-Identifier: MIT */
#include "soak.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX 40000
#define WAIT_MS	   20000

struct exchange {
	struct soak_worker *worker;
	long number;
	bool post;
	long hash_len; /* of the body that the path asks for; 0: the server's own */
	char path[96];
	char answer[ANSWER_MAX + 1];
	size_t got, head_len;
};

static int dial(const struct soak_worker *w)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&w->addr, sizeof w->addr)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int wait_for(const struct soak_worker *w, int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	return !w->nonblocking || poll(&p, 1, WAIT_MS) > 0 ? 0 : -1;
}

static int send_all(const struct soak_worker *w, int fd, const char *data, size_t len)
{
	int flags = MSG_NOSIGNAL | (w->nonblocking ? MSG_DONTWAIT : 0);

	while (len) {
		ssize_t n;

		if (wait_for(w, fd, POLLOUT))
			return -1;
		n = send(fd, data, len, flags);
		if (n < 0 && errno != EAGAIN)
			return -1;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static ssize_t receive(const struct soak_worker *w, int fd, char *data, size_t size)
{
	ssize_t n;

	do {
		if (wait_for(w, fd, POLLIN))
			return -1;
		n = recv(fd, data, size, w->nonblocking ? MSG_DONTWAIT : 0);
	} while (n < 0 && errno == EAGAIN && w->nonblocking);
	return n;
}

static int send_request(struct exchange *e, int fd)
{
	char text[512], body[64] = "", length[48] = "";
	int n;

	if (e->post) {
		n = snprintf(body, sizeof body, "order %s", e->path);
		snprintf(length, sizeof length, "Content-Length: %d\r\n", n);
	}
	n = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: soak\r\n%s\r\n%s",
		     e->post ? "POST" : "GET", e->path, length, body);
	return send_all(e->worker, fd, text, (size_t)n);
}

/* The whole answer's length once it is known, else 0. */
static size_t answer_len(struct exchange *e)
{
	const char *end = strstr(e->answer, "\r\n\r\n");
	const char *length = strstr(e->answer, "Content-Length: ");

	if (!end || !length || length > end)
		return 0;
	e->head_len = (size_t)(end + 4 - e->answer);
	return e->head_len + strtoul(length + 16, NULL, 10);
}

static int take_answer(struct exchange *e, int fd)
{
	size_t whole = 0;

	e->got = e->head_len = 0;
	while (!whole || e->got < whole) {
		ssize_t n = receive(e->worker, fd, e->answer + e->got, ANSWER_MAX - e->got);

		if (n <= 0)
			return -1;
		e->got += (size_t)n;
		e->answer[e->got] = '\0';
		whole = answer_len(e);
	}
	return e->got == whole ? 0 : -1;
}

static bool is_right(const struct exchange *e)
{
	const char *body = e->answer + e->head_len;
	char want[160];

	if (strncmp(e->answer, "HTTP/1.1 200 ", 13))
		return false;
	if (!e->hash_len) {
		snprintf(want, sizeof want, "\"method\":\"%s\",\"path\":\"%s\",",
			 e->post ? "POST" : "GET", e->path);
		return strstr(body, want);
	}
	for (long i = 0; i < e->hash_len; i++) {
		if (body[i] != 'a' + (i * 7 + i / 251) % 26)
			return false;
	}
	return e->got - e->head_len == (size_t)e->hash_len;
}

/* One in five is a POST, one in five a GET of up to 32 KiB. */
static void plan(struct exchange *e)
{
	const struct soak_worker *w = e->worker;

	e->post = e->number % 5 == 4;
	e->hash_len = e->number % 5 == 2 ? 1 + e->number * 7919 % 32768 : 0;
	if (e->hash_len)
		snprintf(e->path, sizeof e->path, "/hash/%ld?%d-%d-%ld", e->hash_len, w->process,
			 w->thread, e->number);
	else
		snprintf(e->path, sizeof e->path, "/%s/%d-%d-%ld", e->post ? "post" : "get",
			 w->process, w->thread, e->number);
}

/* Returns the connection to go on with, -1 if it failed. */
static int exchange(struct exchange *e, int fd)
{
	struct soak_counts *counts = e->worker->counts;

	if (fd < 0)
		fd = dial(e->worker);
	if (fd >= 0 && !send_request(e, fd) && !take_answer(e, fd)) {
		if (!is_right(e))
			atomic_fetch_add(&counts->wrong, 1);
		return fd;
	}
	atomic_fetch_add(e->post ? &counts->post_lost : &counts->get_failed, 1);
	if (fd >= 0)
		close(fd);
	return -1;
}

void *soak_work(void *worker)
{
	struct exchange e = {.worker = worker};
	int fd = -1;

	for (; e.number < e.worker->requests; e.number++) {
		plan(&e);
		fd = exchange(&e, fd);
		atomic_fetch_add(&e.worker->counts->done, 1);
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}
