/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../prometheus/text.h"
#include "request.h"
#include "where.h"

struct client {
	int fd; /* -1: nobody's */
	int64_t until_ms;
	size_t len; /* of the request, as far as it has come */
	char request[REQUEST_MAX];
	char *answer; /* NULL: not yet */
	size_t answer_len, sent;
	bool told; /* all is sent: what the client says yet is read, lest a reset undo it */
};

static int64_t now_ms(void)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void say_where(int fd)
{
	struct where own = {.len = sizeof(own.address)};

	getsockname(fd, (struct sockaddr *)&own.address, &own.len);
	fputs("redial stat: http://", stderr);
	where_print(stderr, &own);
	fputs("/metrics\n", stderr);
}

int serve_listen(const char *text, bool *malformed)
{
	struct where where;
	const int on = 1;
	int fd;

	*malformed = !where_read(&where, text);
	if (*malformed)
		return -1;
	fd = socket(where.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&where.address, where.len) < 0 ||
	    listen(fd, SERVE_CLIENTS) < 0) {
		fprintf(stderr, "redial stat: %s: %s\n", text, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	say_where(fd);
	return fd;
}

static void drop(struct client *client)
{
	close(client->fd);
	free(client->answer);
	client->fd = -1;
	client->answer = NULL;
}

static void take(struct client *clients, int listener)
{
	for (int i = 0; i < SERVE_CLIENTS; i++) {
		struct client *client = &clients[i];

		if (client->fd >= 0)
			continue;
		client->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client->fd < 0)
			return;
		client->until_ms = now_ms() + SERVE_MS;
		client->len = client->answer_len = client->sent = 0;
		client->told = false;
	}
}

/* The page, or a line that says why there is none. */
static char *make_body(unsigned *status, size_t *len, serve_page *page, const void *of)
{
	char *body = NULL;
	FILE *to = open_memstream(&body, len);
	bool made = to && (*status != 200 || page(to, of));

	if (to && !made) {
		fclose(to);
		free(body);
		body = NULL;
		to = open_memstream(&body, len);
	}
	if (!made)
		*status = 500;
	if (to && *status != 200)
		fprintf(to, "%u %s: GET or HEAD /metrics\n", *status, request_phrase(*status));
	if (to && fclose(to) == 0)
		return body;
	free(body);
	return NULL;
}

static void answer(struct client *client, const struct request *request, serve_page *page,
		   const void *of)
{
	unsigned status = request->status;
	size_t len = 0;
	char *body = make_body(&status, &len, page, of);
	FILE *to = body ? open_memstream(&client->answer, &client->answer_len) : NULL;

	if (to) {
		fprintf(to,
			"HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s"
			"Connection: close\r\n\r\n",
			status, request_phrase(status),
			status == 200 ? PROMETHEUS_TYPE : "text/plain; charset=utf-8", len,
			status == 405 ? "Allow: GET, HEAD\r\n" : "");
		if (!request->head)
			fwrite(body, 1, len, to);
		fclose(to);
	}
	free(body);
	if (!client->answer)
		drop(client);
}

static void listen_to(struct client *client, serve_page *page, const void *of)
{
	struct request request;
	ssize_t got = recv(client->fd, client->request + client->len, REQUEST_MAX - client->len, 0);

	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			drop(client);
		return;
	}
	client->len += (size_t)got;
	if (request_read(&request, client->request, client->len))
		answer(client, &request, page, of);
}

static void tell(struct client *client)
{
	ssize_t put = send(client->fd, client->answer + client->sent,
			   client->answer_len - client->sent, MSG_NOSIGNAL);

	if (put < 0) {
		if (errno != EAGAIN && errno != EINTR)
			drop(client);
		return;
	}
	client->sent += (size_t)put;
	client->told = client->sent == client->answer_len;
	if (client->told)
		shutdown(client->fd, SHUT_WR);
}

static void hear_out(struct client *client)
{
	ssize_t got = recv(client->fd, client->request, REQUEST_MAX, 0);

	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		drop(client);
}

static void go_on(struct client *client, serve_page *page, const void *of)
{
	if (client->told)
		hear_out(client);
	else if (client->answer)
		tell(client);
	else
		listen_to(client, page, of);
}

/* Fills polled: each client in its place, the listener, while there is room for more, last. Returns
 * how long to wait. */
static int prepare(struct client *clients, struct pollfd *polled, int listener)
{
	int64_t now = now_ms(), first = -1;
	bool room = false;

	for (int i = 0; i < SERVE_CLIENTS; i++) {
		struct client *client = &clients[i];

		if (client->fd >= 0 && client->until_ms <= now)
			drop(client);
		polled[i] = (struct pollfd){client->fd, POLLIN, 0};
		if (client->answer && !client->told)
			polled[i].events = POLLOUT;
		room |= client->fd < 0;
		if (client->fd >= 0 && (first < 0 || client->until_ms < first))
			first = client->until_ms;
	}
	polled[SERVE_CLIENTS] = (struct pollfd){room ? listener : -1, POLLIN, 0};
	return first < 0 ? -1 : (int)(first - now);
}

void serve_run(int listener, serve_page *page, const void *of, const sigset_t *until_unblocked,
	       const volatile sig_atomic_t *stop)
{
	static struct client clients[SERVE_CLIENTS];
	struct pollfd polled[SERVE_CLIENTS + 1];

	for (int i = 0; i < SERVE_CLIENTS; i++)
		clients[i].fd = -1;
	while (!*stop) {
		int wait_ms = prepare(clients, polled, listener);
		struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000L};

		if (ppoll(polled, SERVE_CLIENTS + 1, wait_ms < 0 ? NULL : &wait, until_unblocked) <=
		    0)
			continue;
		for (int i = 0; i < SERVE_CLIENTS; i++)
			if (clients[i].fd >= 0 && polled[i].revents)
				go_on(&clients[i], page, of);
		if (polled[SERVE_CLIENTS].revents)
			take(clients, listener);
	}
	for (int i = 0; i < SERVE_CLIENTS; i++)
		if (clients[i].fd >= 0)
			drop(&clients[i]);
	close(listener);
}
