/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "secure.h"

enum { REQUEST_MAX = 4096, SILENT_S = 10 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int the_run;
static enum fault the_fault;
static int seconds[ROUNDS_MAX + 1]; /* requests number 2, by round */
static bool ended[ROUNDS_MAX + 1];  /* there the idle connection has died already */
static bool puzzled;

static int listeners[2], ports[2];

struct conn {
	int fd;
	struct secure *secure; /* NULL: plain */
	char bytes[REQUEST_MAX + 1];
	size_t len;
};

void peer_expect(int run, enum fault fault)
{
	pthread_mutex_lock(&lock);
	the_run = run;
	the_fault = fault;
	memset(seconds, 0, sizeof(seconds));
	memset(ended, 0, sizeof(ended));
	puzzled = false;
	pthread_mutex_unlock(&lock);
}

int peer_most(void)
{
	int most = 0;
	pthread_mutex_lock(&lock);
	for (int i = 0; i <= ROUNDS_MAX; i++)
		if (seconds[i] > most)
			most = seconds[i];
	pthread_mutex_unlock(&lock);
	return most;
}

bool peer_was_puzzled(void)
{
	pthread_mutex_lock(&lock);
	bool was = puzzled;
	puzzled = false;
	pthread_mutex_unlock(&lock);
	return was;
}

/* What is to become of it. */
static enum fault note(int run, int round, int number)
{
	enum fault fault = FAULT_NONE;
	pthread_mutex_lock(&lock);
	if (run != the_run || round < 1 || round > ROUNDS_MAX) {
		puzzled |= run > the_run || run < 0;
	} else if (number == 2) {
		bool idle = the_fault == FAULT_IDLE_RESET || the_fault == FAULT_IDLE_CLOSE;
		if (seconds[round]++ == 0 && !idle)
			fault = the_fault;
	} else if (number == 1 && !ended[round]) {
		ended[round] = true;
		if (the_fault == FAULT_IDLE_RESET || the_fault == FAULT_IDLE_CLOSE)
			fault = the_fault;
	}
	pthread_mutex_unlock(&lock);
	return fault;
}

static ssize_t get(struct conn *conn)
{
	char *at = conn->bytes + conn->len;
	size_t room = REQUEST_MAX - conn->len;
	ssize_t n =
	    conn->secure ? secure_read(conn->secure, at, room) : recv(conn->fd, at, room, 0);
	if (n > 0)
		conn->len += (size_t)n;
	conn->bytes[conn->len] = '\0';
	return n;
}

static void put(struct conn *conn, const char *bytes, size_t len)
{
	if (conn->secure)
		secure_write(conn->secure, bytes, len);
	else if (send(conn->fd, bytes, len, MSG_NOSIGNAL) < 0)
		return;
}

static void reset_at_close(int fd)
{
	struct linger none = {1, 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
}

static void answer(struct conn *conn, int status, int run, int round, int number)
{
	char body[64], text[256];
	int len = snprintf(body, sizeof(body), "/%d/%d/%d", run, round, number);
	len = snprintf(text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s", status,
		       len, body);
	put(conn, text, (size_t)len);
}

/* Waits for a whole request; its length, or 0 at the end of the connection. */
static size_t whole(struct conn *conn)
{
	for (;;) {
		const char *end = strstr(conn->bytes, "\r\n\r\n");
		size_t len = end ? (size_t)(end + 4 - conn->bytes) : 0;
		if (end && strncmp(conn->bytes, "POST ", 5) == 0)
			len += 4;
		if (end && conn->len >= len)
			return len;
		if (get(conn) <= 0)
			return 0;
	}
}

/* false: the connection has ended. */
static bool serve(struct conn *conn)
{
	int run, round, number;
	char method[8];
	size_t len = whole(conn);
	if (!len)
		return false;
	if (sscanf(conn->bytes, "%7s /%d/%d/%d HTTP/1.1\r\n", method, &run, &round, &number) != 4)
		run = round = number = -1;
	conn->len -= len;
	memmove(conn->bytes, conn->bytes + len, conn->len + 1);
	enum fault fault = note(run, round, number);
	switch (fault) {
	case FAULT_SILENT:
		get(conn);
		return false;
	case FAULT_RESET:
		reset_at_close(conn->fd);
		return false;
	case FAULT_CLOSE:
		return false;
	default:
		answer(conn, fault == FAULT_STATUS ? 503 : 200, run, round, number);
	}
	if (fault == FAULT_IDLE_RESET) {
		usleep(5000); /* the answer is to be read first: a reset would take it away */
		reset_at_close(conn->fd);
	}
	return fault != FAULT_IDLE_RESET && fault != FAULT_IDLE_CLOSE;
}

static void *converse(void *argument)
{
	struct conn *conn = argument;
	if (!conn->secure || secure_accept(conn->secure))
		while (serve(conn))
			;
	if (conn->secure)
		secure_free(conn->secure);
	close(conn->fd);
	free(conn);
	return NULL;
}

static void *take(void *argument)
{
	bool tls = argument != NULL;
	for (;;) {
		int fd = accept4(listeners[tls], NULL, NULL, SOCK_CLOEXEC), one = 1;
		struct timeval most = {SILENT_S, 0};
		struct conn *conn = fd >= 0 ? calloc(1, sizeof(*conn)) : NULL;
		pthread_t thread;
		if (!conn)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
		conn->fd = fd;
		conn->secure = tls ? secure_new(fd) : NULL;
		if (pthread_create(&thread, NULL, converse, conn) == 0)
			pthread_detach(thread);
	}
	return NULL;
}

static bool listen_on(bool tls)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	pthread_t thread;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = listeners[tls] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 128) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		return false;
	ports[tls] = ntohs(addr.sin_port);
	return pthread_create(&thread, NULL, take, tls ? &ports : NULL) == 0;
}

bool peer_start(const char *folder)
{
	return secure_make(folder) && listen_on(false) && listen_on(true);
}

int peer_port(bool tls)
{
	return ports[tls];
}
