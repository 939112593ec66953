/* SPDX-License-Identifier: MIT */
/*
 * A program is told that there is no room for what it writes to a dead connection, for too much of
 * it is not held; on the new one it writes otherwise, and that is a request like any other.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"

#define HEAD(method, path) method " " path " HTTP/1.1\r\nHost: test\r\n\r\n"
#define OK(path)	   "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"path\":\"" path "\"}"

#define WATCHED                                                                                    \
	"retry = { on = [\"stale\", \"reset\", \"eof\", \"response-timeout\"]; "                   \
	"response_timeout_ms = 60; max_request_bytes = 60; connect_timeout_ms = 5000; "

enum { PATIENCE_MS = 400, SILENCE_MS = 6000 };

/* arg: the method. Two at once first, and then the first of them alone. */
PROGRAM(ask_for_less)
{
	char both[200], one[100];
	snprintf(one, sizeof(one), HEAD("%s", "/2"), program.arg);
	snprintf(both, sizeof(both), "%s" HEAD("GET", "/3"), one);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	ssize_t sent = send(fd, both, strlen(both), MSG_NOSIGNAL);
	say("%s", sent < 0 ? error_name(errno) : "sent");
	say("room: %d", poll(&room, 1, SILENCE_MS));
	put(fd, one, strlen(one));
	answer(fd);
}

/* The second connection comes late, and its answer too: is there a third one meanwhile? */
static void serve_late(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK("/1"));
	peer_shut_out(peer);
	peer_close(fd);
	peer_await_knock(peer);
	peer_let_in(peer);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	struct pollfd third = {.fd = peer->listener, .events = POLLIN};
	bool repeated = poll(&third, 1, PATIENCE_MS) == 1;
	int last = repeated ? peer_accept(peer) : fd;
	if (repeated)
		peer_read_until(peer, last, "\r\n\r\n");
	peer_say(last, OK("/2"));
	peer_read_all(peer, last);
	peer_close(last);
	if (repeated)
		peer_close(fd);
}

static void asks(const char *method, const char *policy, long connections)
{
	static const enum way ways[] = {WAY_POLL, WAY_LEVEL, WAY_EDGE, WAY_ONESHOT};
	struct flow flow = {
	    .program = "ask_for_less", .arg = method, .peer = serve_late, .policy = policy};
	for (int i = 0; i < 4; i++) {
		flow.way = ways[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nEAGAIN\nroom: 1\n200 /2\n");
		runner_expect_long("connections", connections, flow.seen.connections);
	}
	flow_end(&flow);
}

static void delete_that_the_program_writes_itself_is_not_repeated(void)
{
	asks("DELETE", WATCHED "};", 2);
}

/* It failed with another one, for which there is a rule. */
static void rules_of_what_was_not_written_say_nothing_of_what_is(void)
{
	asks("GET", WATCHED "}; rules = ({ path = \"/2\"; methods = [\"HEAD\"]; });", 2);
}

static void get_that_the_program_writes_itself_is_repeated(void)
{
	asks("GET", WATCHED "};", 3);
}

const struct runner_test own_writing_tests[] = {
    T(delete_that_the_program_writes_itself_is_not_repeated),
    T(rules_of_what_was_not_written_say_nothing_of_what_is),
    T(get_that_the_program_writes_itself_is_repeated),
    T_END,
};
