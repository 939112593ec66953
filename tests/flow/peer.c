/* SPDX-License-Identifier: MIT */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "program.h"

static void *serve(void *arg)
{
	struct peer *peer = arg;
	peer->serve(peer);
	return NULL;
}

/* Inherited by what it accepts. */
static void limit_waits(int fd)
{
	static const struct timeval limit = {.tv_sec = 10};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

int peer_listen(struct peer *peer)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)peer->port)};
	socklen_t len = sizeof(addr);
	int on = 1;
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	peer->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(peer->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (peer->listener < 0 || bind(peer->listener, (struct sockaddr *)&addr, len) ||
	    listen(peer->listener, 16) ||
	    getsockname(peer->listener, (struct sockaddr *)&addr, &len)) {
		perror("peer");
		return -1;
	}
	limit_waits(peer->listener);
	peer->port = ntohs(addr.sin_port);
	return 0;
}

void peer_refuse(struct peer *peer)
{
	close(peer->listener);
	peer->listener = -1;
}

int peer_start(struct peer *peer, peer_function *before, peer_function *function)
{
	*peer = (struct peer){.serve = function, .sum = FNV1A_START};
	for (int i = 0; i < PEER_FILLERS; i++)
		peer->fillers[i] = -1;
	if (peer_listen(peer))
		return -1;
	if (before)
		before(peer);
	return pthread_create(&peer->thread, NULL, serve, peer) ? -1 : 0;
}

void peer_stop(struct peer *peer)
{
	shutdown(peer->listener, SHUT_RDWR);
	pthread_join(peer->thread, NULL);
	close(peer->listener);
	for (int i = 0; i < PEER_FILLERS; i++)
		close(peer->fillers[i]);
	peer->serve = NULL;
}

int peer_accept(struct peer *peer)
{
	int fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return -1;
	peer->connections++;
	limit_waits(fd);
	return fd;
}

static ssize_t take(struct peer *peer, int fd, char *bytes, size_t size)
{
	ssize_t got = recv(fd, bytes, size, 0);
	if (got > 0) {
		peer->received += (size_t)got;
		peer->sum = fnv1a(peer->sum, bytes, (size_t)got);
	}
	return got;
}

int peer_read_until(struct peer *peer, int fd, const char *end)
{
	const size_t end_len = strlen(end);
	char last[256] = {0};
	if (end_len >= sizeof(last))
		return -1;
	while (memcmp(last + sizeof(last) - end_len, end, end_len)) {
		memmove(last, last + 1, sizeof(last) - 1);
		if (take(peer, fd, last + sizeof(last) - 1, 1) <= 0)
			return -1;
	}
	return 0;
}

int peer_read_count(struct peer *peer, int fd, size_t count)
{
	char bytes[65536];
	while (count) {
		ssize_t got = take(peer, fd, bytes, count < sizeof(bytes) ? count : sizeof(bytes));
		if (got <= 0)
			return -1;
		count -= (size_t)got;
	}
	return 0;
}

void peer_read_all(struct peer *peer, int fd)
{
	char bytes[65536];
	while (take(peer, fd, bytes, sizeof(bytes)) > 0)
		;
}

int peer_write(int fd, const void *bytes, size_t len)
{
	const char *at = bytes;
	while (len) {
		ssize_t put = send(fd, at, len, MSG_NOSIGNAL);
		if (put < 0)
			return -1;
		at += put;
		len -= (size_t)put;
	}
	return 0;
}

void peer_say(int fd, const char *text)
{
	peer_write(fd, text, strlen(text));
}

void peer_close(int fd)
{
	close(fd);
}

void peer_reset(int fd)
{
	static const struct linger abort_now = {.l_onoff = 1, .l_linger = 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now));
	close(fd);
}

void peer_shut_out(struct peer *peer)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)peer->port)};
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listen(peer->listener, 0);
	for (int i = 0; i < PEER_FILLERS; i++) {
		peer->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(peer->fillers[i], (struct sockaddr *)&addr, sizeof(addr));
	}
}

void peer_let_in(struct peer *peer)
{
	static const struct timeval at_once = {.tv_usec = 1000};
	listen(peer->listener, 16);
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVTIMEO, &at_once, sizeof(at_once));
	for (int fd; (fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
		close(fd);
	for (int i = 0; i < PEER_FILLERS; i++) {
		close(peer->fillers[i]);
		peer->fillers[i] = -1;
	}
	limit_waits(peer->listener);
}
