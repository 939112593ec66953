/* SPDX-License-Identifier: MIT */
/*
 * The same (test_exits.c) where a part of the bytes is out already, where the old connection is
 * dead, or where it is the first one that is not there yet.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"
#include "sending.h"

#define REPLACED "retry = { max_idle_ms = 20; connect_timeout_ms = 60; };"
#define FOLLOWED "retry = { connect_timeout_ms = 300; max_attempts = 2; };"
#define AWAITED                                                                                    \
	"retry = { on = [\"connect\", \"connect-timeout\"]; connect_timeout_ms = 4000; "           \
	"total_timeout_ms = 4000; };"

#define LAST_REQUEST "GET /last HTTP/1.1\r\nHost: test\r\n\r\n"

static const char head[] = "POST /2 HTTP/1.1\r\nHost: test\r\nContent-Length: 35\r\n\r\n";
static const char body[] = "GET /other HTTP/1.1\r\nHost: test\r\n\r\n";

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

enum { BODY_LEN = 60000, SMALL = 4096, IDLE_MS = 40 };

static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

static void small_buffers(struct peer *peer)
{
	int small = SMALL;
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
}

/* Reads the second request only once the program has gone. */
static void read_late(struct peer *peer, int fd)
{
	poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 5000);
	rest(200);
	peer_read_all(peer, fd);
}

static void keep_the_first(struct peer *peer)
{
	small_buffers(peer);
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(fd, ok);
	read_late(peer, fd);
	peer_close(fd);
}

/* Whether the program stays on the first connection or makes another one. */
static void keep_the_second(struct peer *peer)
{
	small_buffers(peer);
	int first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_say(first, ok);
	struct pollfd ready[] = {{.fd = first, .events = POLLIN},
				 {.fd = peer->listener, .events = POLLIN}};
	poll(ready, 2, 5000);
	if (ready[1].revents) {
		int second = peer_accept(peer);
		read_late(peer, second);
		peer_close(second);
		peer->connections--;
	}
	read_late(peer, first);
	peer_close(first);
}

static void end_by_close(int fd)
{
	close(fd);
}

static void end_by_shutdown(int fd)
{
	say("shutdown %d", shutdown(fd, SHUT_WR));
	close(fd);
}

static void end_by_both(int fd)
{
	say("shutdown %d", shutdown(fd, SHUT_RDWR));
	close(fd);
}

static void end_by_dup2(int fd)
{
	say("dup2 %d", dup2(0, fd) == fd);
}

static void end_by_exit(int fd)
{
	(void)fd;
	exit(0);
}

static void end_past_the_hooks(int fd)
{
	syscall(SYS_close, fd);
	close(socket(AF_INET, SOCK_STREAM, 0));
}

static const struct {
	const char *name;
	void (*make)(int fd);
} ends[] = {
    {"close", end_by_close}, {"shutdown", end_by_shutdown}, {"both", end_by_both},
    {"dup2", end_by_dup2},   {"exit", end_by_exit},	    {"raw", end_past_the_hooks},
};

enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

/* Its request is out in part when it ends. */
PROGRAM(ends_in_the_middle)
{
	static char request[BODY_LEN + 100];
	int small = SMALL, end = 0;
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(fd);
	signal(SIGPIPE, SIG_IGN);
	exchange(fd, "GET", "/1", NULL);
	rest(IDLE_MS);
	int len =
	    snprintf(request, sizeof(request),
		     "POST /2 HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", BODY_LEN);
	memset(request + len, 'b', BODY_LEN);
	put(fd, request, (size_t)len + BODY_LEN);
	/* It looks for an answer for a while. */
	for (long until = now_ms() + 120; now_ms() < until;) {
		char byte;
		poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 20);
		if (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0 || errno != EAGAIN)
			say("%s", error_name(errno));
	}
	while (strcmp(ends[end].name, program.arg))
		end++;
	ends[end].make(fd);
}

static void every_end(peer_function *peer)
{
	struct flow flow = {
	    .program = "ends_in_the_middle", .way = WAY_POLL, .peer = peer, .policy = REPLACED};
	for (int i = 0; i < ENDS; i++) {
		flow.arg = ends[i].name;
		flow_both_alike(&flow);
		runner_expect_long("in the log", 1, logged(&flow, "event=attempt", NULL));
		runner_expect_long("bytes", BODY_LEN, (long)flow.seen.received / 10000 * 10000);
	}
	flow_end(&flow);
}

static void rest_of_a_request_follows_its_start_to_the_old_connection(void)
{
	every_end(keep_the_first);
}

static void rest_of_a_request_follows_its_start_to_the_new_connection(void)
{
	every_end(keep_the_second);
}

/* arg: the call for the body. The head is taken while a new connection hangs. */
PROGRAM(body_that_cannot_follow)
{
	signal(SIGPIPE, SIG_IGN);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	if (put(fd, head, sizeof(head) - 1) &&
	    push(fd, call_named(program.arg), body, sizeof(body) - 1))
		answer(fd);
	hang_up(fd);
}

static void leave_and_shut_out(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(fd, ok);
	peer_close(fd);
}

static void head_without_its_body_is_an_error_and_reaches_nobody(void)
{
	char arg[20];
	struct flow flow = {.program = "body_that_cannot_follow",
			    .peer = leave_and_shut_out,
			    .policy = FOLLOWED,
			    .arg = arg};
	for (int i = 0; i < 2 * CALLS; i++) {
		snprintf(arg, sizeof(arg), "%s ", calls[i / 2].name);
		flow.way = i % 2 ? WAY_POLL : WAY_BLOCK;
		flow_redial(&flow);
		if (!runner_expect_long("an error", 1,
					!strcmp(flow.result.out, "200\nECONNRESET\n") ||
					    !strcmp(flow.result.out, "200\nEPIPE\n") ||
					    !strcmp(flow.result.out, "200\nEOF\n")))
			printf("\n %s %s: %s", arg, way_names[flow.way], flow.result.out);
	}
	flow_end(&flow);
}

static void let_in_later(struct peer *peer)
{
	peer_await_knock(peer);
	peer_let_in(peer);
	int fd = peer_accept(peer);
	for (int i = 0; i < 2; i++) {
		if (peer_read_until(peer, fd, i ? LAST_REQUEST : body) == 0)
			peer_say(fd, ok);
	}
	peer_read_all(peer, fd);
	peer_close(fd);
}

/* arg: the call for the body. It is told that a connect stands that does not stand yet. */
PROGRAM(body_on_a_connect)
{
	struct sockaddr_in peer = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)program.port)};
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(fd, (struct sockaddr *)&peer, sizeof(peer));
	poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 5000);
	if (put(fd, head, sizeof(head) - 1) &&
	    push(fd, call_named(program.arg), body, sizeof(body) - 1)) {
		say("written");
		put(fd, LAST_REQUEST, sizeof(LAST_REQUEST) - 1);
		answer(fd);
		answer(fd);
	}
	hang_up(fd);
}

static void every_call_waits_for_a_connect_that_is_under_way(void)
{
	char arg[20] = "write ";
	struct flow flow = {.program = "body_on_a_connect",
			    .way = WAY_POLL,
			    .peer = let_in_later,
			    .before = peer_shut_out,
			    .policy = AWAITED,
			    .arg = arg};
	flow_bare(&flow);
	struct peer seen = flow.seen;
	for (int i = 0; i < CALLS_ALIKE; i++) {
		snprintf(arg, sizeof(arg), "%s ", calls[i].name);
		flow_redial(&flow);
		if (!expect_printed(&flow, "written\n200\n200\n") |
		    !runner_expect_long("bytes received", (long)seen.received,
					(long)flow.seen.received) |
		    !runner_expect_long("their sum", seen.sum, flow.seen.sum))
			printf(" %s", arg);
	}
	flow_end(&flow);
}

const struct runner_test exits_more_tests[] = {
    T(rest_of_a_request_follows_its_start_to_the_old_connection),
    T(rest_of_a_request_follows_its_start_to_the_new_connection),
    T(head_without_its_body_is_an_error_and_reaches_nobody),
    T(every_call_waits_for_a_connect_that_is_under_way),
    T_END,
};
