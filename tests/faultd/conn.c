/* SPDX-License-Identifier: MIT */
#include "conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define PEEK_MAX 65536

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void conn_watch(struct server *s, struct conn *c)
{
	struct epoll_event ev = {.data.ptr = c};

	if (c->state == CONN_READING)
		ev.events = EPOLLIN | EPOLLRDHUP;
	else if (c->state == CONN_WRITING)
		ev.events = EPOLLOUT;
	else if (c->state == CONN_SILENT)
		ev.events = EPOLLRDHUP;
	epoll_ctl(s->epfd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void wake_at(struct conn *c, int bytes)
{
	setsockopt(c->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

void conn_finish(struct conn *c, bool by_server, bool reset)
{
	struct linger abort_now = {.l_onoff = 1, .l_linger = 0};

	if (reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof abort_now);
	close(c->fd);
	/* Only now: who waits for this line may count on a connection that is gone. */
	log_line("close conn=%u by=%s", c->id, by_server ? "server" : "peer");
	free(c->reply.data);
	c->dead = true;
}

static const char *peer_name(const struct sockaddr_storage *addr, char *out, size_t size)
{
	const struct sockaddr_in *v4 = (const void *)addr;
	const struct sockaddr_in6 *v6 = (const void *)addr;
	char ip[INET6_ADDRSTRLEN] = "?";

	if (addr->ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip);
	else
		inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip);
	snprintf(out, size, "%s:%d", ip, ntohs(v4->sin_port));
	return out;
}

int conn_accept(struct server *s)
{
	struct epoll_event ev = {.events = EPOLLIN | EPOLLRDHUP};
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof addr;
	char name[80];
	struct conn *c;
	int on = 1, fd;

	fd = accept4(s->listener.fd, (struct sockaddr *)&addr, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return -1;
	c = calloc(1, sizeof *c);
	if (!c) {
		close(fd);
		return 0;
	}
	c->fd = fd;
	c->id = ++s->connections;
	c->next = s->conns;
	s->conns = c;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	log_line("connect conn=%u peer=%s", c->id, peer_name(&addr, name, sizeof name));
	ev.data.ptr = c;
	epoll_ctl(s->epfd, EPOLL_CTL_ADD, fd, &ev);
	if (s->shed_left) {
		s->shed_left--;
		conn_finish(c, true, true);
	}
	return 0;
}

/* The peer's kernel must have every byte before a RST, which would discard the rest. */
void conn_leave(struct conn *c)
{
	int unsent = 0;

	ioctl(c->fd, SIOCOUTQ, &unsent);
	if (c->end == END_RST && unsent) {
		c->state = CONN_ENDING;
		c->deadline_ms = now_ms() + 1;
		return;
	}
	conn_finish(c, true, c->end == END_RST);
}

static void next_request(struct server *s, struct conn *c)
{
	c->state = CONN_READING;
	c->answered_ms = now_ms();
	c->head_seen = c->in_body = false;
	free(c->reply.data);
	c->reply.data = NULL;
	conn_watch(s, c);
}

static void answered(struct server *s, struct conn *c)
{
	if (c->end != END_STAY) {
		conn_leave(c);
		return;
	}
	if (fault_is_idle(c) && c->fault->arg <= 0) {
		fault_idle_over(c);
		return;
	}
	if (fault_is_idle(c))
		c->deadline_ms = now_ms() + c->fault->arg;
	next_request(s, c);
}

static void write_on(struct server *s, struct conn *c)
{
	while (c->written < c->reply.len) {
		ssize_t n = send(c->fd, c->reply.data + c->written, c->reply.len - c->written,
				 MSG_NOSIGNAL);

		if (n < 0 && errno == EAGAIN) {
			conn_watch(s, c);
			return;
		}
		if (n < 0) {
			conn_finish(c, false, false);
			return;
		}
		c->written += (size_t)n;
	}
	answered(s, c);
}

void conn_answer(struct server *s, struct conn *c, int status)
{
	enum action action = c->fault ? c->fault->action : ACT_NONE;

	c->reply.retry_after = action == ACT_BUSY ? (int)c->fault->arg : -1;
	if (reply_build(&c->reply, &c->request, status, c->id, c->requests)) {
		conn_finish(c, true, true);
		return;
	}
	if (c->reply.close)
		c->end = END_FIN;
	if (action == ACT_RESET_AFTER || action == ACT_CLOSE_AFTER) {
		if ((size_t)c->fault->arg < c->reply.len)
			c->reply.len = (size_t)c->fault->arg;
		c->end = action == ACT_RESET_AFTER ? END_RST : END_FIN;
	}
	if (action == ACT_IDLE_SILENT)
		fault_silence(c->fd);
	c->written = 0;
	c->state = CONN_WRITING;
	write_on(s, c);
}

static void bad_request(struct server *s, struct conn *c)
{
	log_line("garbage conn=%u", c->id);
	strcpy(c->request.method, "-");
	c->request.keep_alive = false;
	conn_answer(s, c, 400);
}

/* Has the whole request arrived, or as much as will? Then it can be left unread. */
static bool arrived(const struct conn *c, const char *data, size_t head, size_t len)
{
	struct request copy = c->request;

	return copy.expect_continue || len == PEEK_MAX ||
	       request_body(&copy, data + head, len - head) < 0 || copy.done;
}

/* Looks at what has come; returns how many bytes of it to take, -1 if the connection moved on. */
static long look(struct server *s, struct conn *c, const char *data, size_t len)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct request head;
	long n, body;

	if (c->in_body) {
		n = request_body(&c->request, data, len);
		if (n < 0)
			bad_request(s, c);
		return n;
	}
	n = request_head(c->head_seen ? &head : &c->request, data, len);
	if (n < 0 || (!n && len == PEEK_MAX)) {
		bad_request(s, c);
		return -1;
	}
	if (!n) {
		wake_at(c, (int)len + 1);
		return 0;
	}
	if (!c->head_seen)
		fault_choose(s, c);
	if (spec_is_unread(c->fault)) {
		if (arrived(c, data, (size_t)n, len)) {
			fault_unread(s, c);
			return -1;
		}
		wake_at(c, (int)len + 1);
		return 0;
	}
	c->in_body = true;
	if (c->fault && c->fault->action == ACT_EARLY && !c->request.done) {
		recv(c->fd, NULL, (size_t)n, MSG_TRUNC);
		fault_early(s, c);
		return -1;
	}
	if (c->request.expect_continue && !c->request.done)
		send(c->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL);
	body = request_body(&c->request, data + n, len - (size_t)n);
	return body < 0 ? n : n + body;
}

/* What came of a request that never came whole, and was not taken for one. */
static void log_partial(const struct conn *c)
{
	char line[200];
	ssize_t len = recv(c->fd, line, sizeof line - 1, MSG_PEEK | MSG_DONTWAIT);

	if (len <= 0)
		return;
	line[len] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	log_line("partial conn=%u head=%s %s", c->id, c->head_seen ? "full" : "part", line);
}

static void lost(struct conn *c)
{
	if (c->in_body)
		fault_log(c, "part");
	else
		log_partial(c);
	conn_finish(c, false, false);
}

static void read_on(struct server *s, struct conn *c, uint32_t events)
{
	static char data[PEEK_MAX];

	while (!c->dead && c->state == CONN_READING) {
		ssize_t len = recv(c->fd, data, sizeof data, MSG_PEEK);
		long taken;

		if (len < 0 && errno == EAGAIN)
			return;
		if (len <= 0) {
			lost(c);
			return;
		}
		taken = look(s, c, data, (size_t)len);
		if (taken < 0)
			return;
		if (!taken) {
			if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
				lost(c);
			return;
		}
		wake_at(c, 1);
		recv(c->fd, NULL, (size_t)taken, MSG_TRUNC);
		if (c->request.done)
			fault_act(s, c);
	}
}

void conn_event(struct server *s, struct conn *c, uint32_t events)
{
	switch (c->state) {
	case CONN_READING:
		read_on(s, c, events);
		return;
	case CONN_WRITING:
		write_on(s, c);
		return;
	default:
		if (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP))
			conn_finish(c, false, false);
	}
}

void conn_timeout(struct server *s, struct conn *c)
{
	c->deadline_ms = 0;
	if (c->state == CONN_WAITING)
		conn_answer(s, c, 0);
	else if (c->state == CONN_ENDING)
		conn_leave(c);
	else if (c->state == CONN_READING)
		fault_idle_over(c);
}

void conn_sweep(struct server *s)
{
	struct conn **at = &s->conns, *c;

	while ((c = *at)) {
		if (c->dead) {
			*at = c->next;
			free(c);
		} else {
			at = &c->next;
		}
	}
}
