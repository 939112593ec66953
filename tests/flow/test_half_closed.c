/* SPDX-License-Identifier: MIT */
/* A server that has ended its own direction may go on reading: what reaches it must not be sent
 * twice. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

enum { BODY_LEN = 60000 };

/*
 * Answers, half-closes, and keeps reading; on the next connection takes the start of a request and
 * resets.
 */
static void half_close_then_reset(struct peer *peer)
{
	int first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_say(first, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	shutdown(first, SHUT_WR);
	int second = peer_accept(peer);
	peer_read_until(peer, second, "\r\n\r\n");
	size_t before = peer->received;
	peer_reset(second);
	peer_read_all(peer, first);
	/* Told to the test: what came on the half-closed connection after all. */
	peer->connections = (int)(peer->received - before);
	peer_close(first);
}

PROGRAM(long_post_on_a_half_closed_connection)
{
	static char body[BODY_LEN + 1];
	int small = 4096;
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	memset(body, 'b', BODY_LEN);
	char head[128];
	int len = snprintf(head, sizeof(head),
			   "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_LEN);
	static char request[sizeof(head) + BODY_LEN];
	memcpy(request, head, (size_t)len);
	memcpy(request + len, body, BODY_LEN);
	if (!put(fd, request, (size_t)len + BODY_LEN) || !answer(fd))
		say("failed");
	hang_up(fd);
}

static void post_that_was_begun_on_a_new_connection_never_reaches_the_old_one(void)
{
	struct flow flow = {.program = "long_post_on_a_half_closed_connection",
			    .peer = half_close_then_reset};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_EDGE; flow.way++) {
		flow_redial(&flow);
		runner_expect_long("bytes on the old connection", 0, flow.seen.connections);
		runner_expect_long("failed", 1, strstr(flow.result.out, "failed") != NULL);
		expect_logged(&flow, 1, "result=exhausted", "reason=method");
	}
	flow_end(&flow);
}

/* Answers, half-closes, lets nobody in any more, and keeps reading. */
static void half_close_and_shut_out(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	shutdown(fd, SHUT_WR);
	size_t before = peer->received;
	peer_read_all(peer, fd);
	/* Told to the test: what came behind it. */
	peer->connections = (int)(peer->received - before);
	peer_close(fd);
}

PROGRAM(get_behind_a_lost_post)
{
	static const char post[] = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi";
	static const char get[] = "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n";
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	say(send(fd, post, sizeof(post) - 1, MSG_NOSIGNAL) > 0 ? "taken" : "not taken");
	struct pollfd told = {.fd = fd, .events = POLLIN};
	do {
		poll(&told, 1, 5000);
	} while (recv(fd, &byte, 1, 0) < 0 && errno == EAGAIN);
	ssize_t n = send(fd, get, sizeof(get) - 1, MSG_NOSIGNAL);
	say(n < 0 && errno == EPIPE ? "EPIPE" : "written");
	close(fd);
}

static void nothing_is_written_behind_what_was_lost(void)
{
	struct flow flow = {.program = "get_behind_a_lost_post",
			    .peer = half_close_and_shut_out,
			    .policy = "retry = { connect_timeout_ms = 100; max_attempts = 2; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\ntaken\nEPIPE\n");
	runner_expect_long("bytes on the old connection", 0, flow.seen.connections);
	expect_logged(&flow, 1, "result=exhausted", "method=POST");
	flow_end(&flow);
}

#define SECOND "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
#define THIRD  "PUT /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n0123456789"

/* Answers and closes; ends its direction of the next once it has the first request, and listens. */
static void half_close_on_the_second(struct peer *peer)
{
	int first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_say(first, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
	peer_close(first);
	int second = peer_accept(peer);
	peer_read_until(peer, second, "\r\n\r\n");
	shutdown(second, SHUT_WR);
	peer->sum = FNV1A_START;
	peer_read_all(peer, second);
	peer_close(second);
}

PROGRAM(rest_of_a_put_behind_a_lost_get)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	put(fd, SECOND THIRD, sizeof(SECOND THIRD) - 1);
	struct pollfd told = {.fd = fd, .events = POLLIN | POLLRDHUP};
	poll(&told, 1, 5000);
	bool failed = send(fd, "abcdefghij", 10, MSG_NOSIGNAL) < 0;
	say(failed ? error_name(errno) : "written");
	say("%zd", recv(fd, &byte, 1, 0));
	close(fd);
}

/* The start of the PUT was taken, and waited for its turn. */
static void what_waits_for_its_turn_goes_out_and_nothing_in_its_place(void)
{
	struct flow flow = {.program = "rest_of_a_put_behind_a_lost_get",
			    .peer = half_close_on_the_second,
			    .policy = "retry = { methods = [\"GET\", \"HEAD\", \"PUT\"]; };"};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_EDGE; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\nECONNRESET\n0\n");
		runner_expect_long("sum of what follows the GET",
				   fnv1a(FNV1A_START, THIRD, sizeof(THIRD) - 1), flow.seen.sum);
	}
	flow_end(&flow);
}

const struct runner_test half_closed_tests[] = {
    T(post_that_was_begun_on_a_new_connection_never_reaches_the_old_one),
    T(nothing_is_written_behind_what_was_lost),
    T(what_waits_for_its_turn_goes_out_and_nothing_in_its_place),
    T_END,
};
