/* SPDX-License-Identifier: MIT */
/* Plain HTTP in a tunnel that a proxy has opened by CONNECT, and the tunnel's end. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

#define HEAD   "CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n"
#define OPENED "HTTP/1.1 200 Connection established\r\n\r\n"
#define HELLO  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static bool is(const char *arg)
{
	return !strcmp(program.arg, arg);
}

/* The head of what the proxy says, byte by byte, as libraries do that may take no more. */
static bool read_head(int fd)
{
	char head[256] = "";
	size_t len = 0;
	while (len < sizeof(head) - 1 && !strstr(head, "\r\n\r\n")) {
		ssize_t got = get(fd, head + len, 1);
		if (got <= 0) {
			say("%s", error_name(got ? errno : 0));
			return false;
		}
		len++;
	}
	say("%.*s", (int)strcspn(head, "\r"), head);
	return true;
}

/* arg: "peeks" looks at the answer first; "late" writes behind the head before it has come. */
PROGRAM(tunnel)
{
	char bytes[256];
	int fd = dial();
	put(fd, HEAD, 40);
	put(fd, HEAD + 40, sizeof(HEAD) - 41);
	if (is("late"))
		put(fd, "GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n", 36);
	if (is("peeks")) {
		struct pollfd what = {fd, POLLIN, 0};
		poll(&what, 1, 5000);
		say("%d", recv(fd, bytes, sizeof(bytes), MSG_PEEK) > 0);
	}
	if (!read_head(fd))
		return;
	if (is("late"))
		answer(fd);
	else
		exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

/* What the proxy says when it is asked once more. */
static const char *later;

static void serve(struct peer *peer)
{
	for (int i = 0; i < 2; i++) {
		int fd = peer_accept(peer);
		if (fd < 0)
			return;
		peer_read_until(peer, fd, HEAD);
		peer_say(fd, i ? later : OPENED);
		if (!i && peer_read_until(peer, fd, "\r\n\r\n") == 0)
			peer_say(fd, HELLO);
		if (peer_read_until(peer, fd, "\r\n\r\n") < 0 || !i) {
			peer_reset(fd);
			continue;
		}
		peer_say(fd, HELLO);
		peer_read_all(peer, fd);
		peer_close(fd);
	}
}

static const char quick[] = "retry = { backoff = { base_ms = 1; }; };\n";

static void it_is_opened_again_and_the_request_sent_in_it(void)
{
	static const char *const args[] = {"", "peeks"};
	struct flow flow = {.program = "tunnel", .peer = serve, .policy = quick};
	later = OPENED;
	for (size_t i = 0; i < sizeof(args) / sizeof(*args); i++) {
		flow.arg = args[i];
		for (flow.way = WAY_BLOCK; flow.way < (i ? WAY_CURL : WAY_COUNT); flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow,
				       i ? "1\nHTTP/1.1 200 Connection established\n200\n200\n"
					 : "HTTP/1.1 200 Connection established\n200\n200\n");
			expect_logged(&flow, 1, "result=recovered", "path=/2");
			CU_ASSERT_EQUAL(flow.seen.connections, 2);
		}
	}
	flow_end(&flow);
}

static void whatever_else_is_said_then_is_nobodys(void)
{
	static const char *const answers[] = {
	    "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/1.1 502 No\r\nConnection: close\r\nContent-Length: 5\r\n\r\nsorry",
	    OPENED "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "\25\3\1", "\5\0"};
	struct flow flow = {.program = "tunnel", .peer = serve, .policy = quick};
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		later = answers[i];
		for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow,
				       "HTTP/1.1 200 Connection established\n200\nECONNRESET\n");
			expect_logged(&flow, 1, "result=exhausted", "reason=proxy");
		}
	}
	flow_end(&flow);
}

static void what_does_not_wait_for_the_answer_is_left_alone(void)
{
	struct flow flow = {.program = "tunnel", .arg = "late", .peer = serve, .policy = quick};
	later = OPENED;
	flow_redial(&flow);
	expect_printed(&flow, "HTTP/1.1 200 Connection established\n200\nECONNRESET\n");
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

/*
 * As nginx waits, by edges for both directions, and without a read that it was not told of. Once
 * the other connection hears of it the proxy has answered the one that is dialed: its event and
 * that of room to write are one.
 */
PROGRAM(tunnel_by_edges)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	int set = epoll_create1(EPOLL_CLOEXEC), fd = dial();
	char byte;
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	epoll_wait(set, &event, 1, 0);
	put(fd, HEAD, sizeof(HEAD) - 1);
	if (!read_head(fd) || !exchange(fd, "GET", "/1", NULL))
		return;
	await_death(fd);
	ask(fd, "GET", "/2", NULL);
	program.way = WAY_BLOCK;
	int other = dial();
	if (get(other, &byte, 1) != 1)
		say("no word of the proxy's");
	program.way = WAY_POLL;
	do {
		if (epoll_wait(set, &event, 1, 5000) != 1) {
			say("no event");
			return;
		}
	} while (!(event.events & EPOLLIN));
	answer(fd);
	hang_up(other);
	hang_up(fd);
}

static void serve_and_tell(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, HEAD);
	peer_say(fd, OPENED);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, HELLO);
	peer_reset(fd);
	fd = peer_accept(peer);
	if (fd < 0 || peer_read_until(peer, fd, HEAD))
		return;
	int other = peer_accept(peer);
	peer_say(fd, OPENED);
	peer_say(other, "x");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, HELLO);
	peer_read_all(peer, fd);
	peer_close(fd);
	peer_close(other);
}

/* Else nobody hears of the proxy's answer until the attempt's time is over, here half a minute. */
static void room_to_write_takes_no_edge_from_the_rescue(void)
{
	struct flow flow = {.program = "tunnel_by_edges",
			    .peer = serve_and_tell,
			    .way = WAY_POLL,
			    .policy = "retry = { connect_timeout_ms = 30000; "
				      "total_timeout_ms = 60000; };\n"};
	flow_redial(&flow);
	expect_printed(&flow, "HTTP/1.1 200 Connection established\n200\n200\n");
	expect_logged(&flow, 1, "result=recovered", "path=/2");
	flow_end(&flow);
}

const struct runner_test tunnel_tests[] = {T(it_is_opened_again_and_the_request_sent_in_it),
					   T(whatever_else_is_said_then_is_nobodys),
					   T(what_does_not_wait_for_the_answer_is_left_alone),
					   T(room_to_write_takes_no_edge_from_the_rescue), T_END};
