/* SPDX-License-Identifier: MIT */
/* What never reached the peer: on connections opened ahead, of any size, waiting for leave. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"
#include "sending.h"

#define OK	  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define GOODBYE	  "HTTP/1.0 408 Request Time-out\r\nConnection: close\r\n\r\nbye\n"
#define FIRST_USE "retry = { on = [\"stale\", \"reset\", \"eof\", \"first-use\"]; };"
#define LISTED	  "retry = { methods = [\"GET\", \"HEAD\", \"PUT\", \"DELETE\"]; };"
#define LARGE	  "300000"

/* Serves all connections from here on; what a POST sends beyond its head is in `received`. */
static void serve_rest(struct peer *peer)
{
	for (int fd; (fd = peer_accept(peer)) >= 0;) {
		if (!peer_read_until(peer, fd, "\r\n\r\nbody")) {
			peer_say(fd, OK);
			peer_read_all(peer, fd);
		}
		peer_close(fd);
	}
}

static void close_unused(struct peer *peer)
{
	peer_close(peer_accept(peer));
	serve_rest(peer);
}

static void close_unused_with_408(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_say(fd, GOODBYE);
	peer_close(fd);
	serve_rest(peer);
}

static void close_used(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_close(fd);
	serve_rest(peer);
}

/* METHOD /2 with so long a body, which begins with `body`, in a write of its own. */
static void upload(int fd, const char *method, size_t len)
{
	char head[128];
	char *body = malloc(len);
	memset(body, 'x', len);
	memcpy(body, "body", 4);
	int head_len =
	    snprintf(head, sizeof(head), "%s /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
		     method, len);
	if (!put(fd, head, (size_t)head_len) || !put(fd, body, len))
		say("%s", error_name(errno));
	else
		answer(fd);
	free(body);
}

/* arg: METHOD. */
PROGRAM(request_on_an_unused_connection_that_is_closed)
{
	int fd = dial();
	await_death(fd);
	upload(fd, program.arg, 10);
	hang_up(fd);
}

static void is_saved(struct flow flow, const char *printed, int connections)
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, printed);
		runner_expect_long("connections", connections, flow.seen.connections);
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

static void any_request_is_saved_from_an_unused_connection_under_first_use(void)
{
	static const char *const methods[] = {"GET", "PUT", "POST"};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct flow flow = {.program = "request_on_an_unused_connection_that_is_closed",
				    .arg = methods[i],
				    .policy = FIRST_USE,
				    .peer = close_unused};
		is_saved(flow, "200\n", 2);
		flow.peer = close_unused_with_408;
		is_saved(flow, "200\n", 2);
	}
}

static void none_is_without_first_use(void)
{
	struct flow flow = {.program = "request_on_an_unused_connection_that_is_closed",
			    .arg = "POST",
			    .peer = close_unused};
	flow_redial(&flow);
	expect_logged(&flow, 0, "event=attempt", NULL);
	flow_end(&flow);
}

/* arg: METHOD. */
PROGRAM(large_upload_on_a_connection_that_is_closed)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	upload(fd, program.arg, strtoul(LARGE, NULL, 10));
	hang_up(fd);
}

static void upload_too_large_to_hold_is_sent_on_a_new_connection_whatever_is_listed(void)
{
	static const char *const methods[] = {"GET", "PUT", "POST"};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct flow flow = {.program = "large_upload_on_a_connection_that_is_closed",
				    .arg = methods[i],
				    .peer = close_used};
		is_saved(flow, "200\n200\n", 2);
		flow.policy = LISTED;
		is_saved(flow, "200\n200\n", 2);
		/* A rule lets less be held than others do. */
		flow.policy =
		    "retry = { max_request_bytes = 1000000; methods = [\"GET\", "
		    "\"PUT\"]; }; rules = ( { path = \"/2\"; max_request_bytes = 10; } );";
		is_saved(flow, "200\n200\n", 2);
	}
}

PROGRAM(chunked_upload_on_a_connection_that_is_closed)
{
	static const char head[] = "PUT /2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const char begin[] = "40000\r\nbody", end[] = "\r\n0\r\n\r\n";
	static char body[0x40000 - 4];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	memset(body, 'x', sizeof(body));
	if (put(fd, head, sizeof(head) - 1) && put(fd, begin, sizeof(begin) - 1) &&
	    put(fd, body, sizeof(body)) && put(fd, end, sizeof(end) - 1))
		answer(fd);
	hang_up(fd);
}

static void serve_chunked(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_close(fd);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n0\r\n\r\n");
	peer_say(fd, OK);
	peer_close(fd);
}

/* arg: the call that its body comes by. */
PROGRAM(upload_whose_body_cannot_be_held)
{
	static const char head[] = "PUT /2 HTTP/1.1\r\nContent-Length: 4\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	if (put(fd, head, sizeof(head) - 1) && push(fd, call_named(program.arg), "body", 4))
		answer(fd);
	hang_up(fd);
}

/* Of what comes then redial knows no outcome. */
static void is_tried(struct flow flow)
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\n200\n");
		runner_expect_long("connections", 2, flow.seen.connections);
		expect_logged(&flow, 1, "event=attempt", "cause=stale");
	}
	flow_end(&flow);
}

/* However small it is. */
static void upload_by_sendfile_is_sent_on_a_new_connection_whatever_is_listed(void)
{
	static const char *const by[] = {"sendfile ", "zerocopy ", "splice "};
	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		struct flow flow = {.program = "upload_whose_body_cannot_be_held",
				    .arg = by[i],
				    .peer = close_used};
		is_tried(flow);
		flow.policy = LISTED;
		is_tried(flow);
	}
}

static void upload_of_unknown_length_is_sent_on_a_new_connection(void)
{
	struct flow flow = {.program = "chunked_upload_on_a_connection_that_is_closed",
			    .peer = serve_chunked,
			    .policy = LISTED};
	is_saved(flow, "200\n200\n", 2);
	/* Seen before its first byte: later there may be too much of it. */
	flow_redial(&flow);
	expect_logged(&flow, 1, "event=attempt", "cause=stale");
	flow_end(&flow);
}

/* Sends a head that asks for leave, and the body once there is leave. arg: METHOD. */
PROGRAM(post_that_asks_for_leave)
{
	char head[128];
	int len = snprintf(head, sizeof(head),
			   "%s /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
			   "Expect: 100-continue\r\n\r\n",
			   program.arg);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, head, (size_t)len) && answer(fd) && put(fd, "body", 4))
		answer(fd);
	hang_up(fd);
}

/* What is told of the head: nothing, but the connection is over. Then leave is given. */
static void serve_no_leave(struct peer *peer, void end(int fd))
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	end(fd);
	while ((fd = peer_accept(peer)) >= 0) {
		if (!peer_read_until(peer, fd, "\r\n\r\n")) {
			peer_say(fd, "HTTP/1.1 100 Continue\r\n\r\n");
			peer_read_until(peer, fd, "body");
			peer_say(fd, OK);
		}
		peer_close(fd);
	}
}

static void close_without_leave(struct peer *peer)
{
	serve_no_leave(peer, peer_close);
}

static void reset_without_leave(struct peer *peer)
{
	serve_no_leave(peer, peer_reset);
}

static void head_that_waits_for_leave_is_sent_again(void)
{
	static const char *const methods[] = {"PUT", "POST"};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct flow flow = {.program = "post_that_asks_for_leave",
				    .arg = methods[i],
				    .peer = close_without_leave};
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, "200\n100\n200\n");
			runner_expect_long("connections", 2, flow.seen.connections);
		}
		flow.way = WAY_BLOCK;
		flow.peer = reset_without_leave;
		flow_redial(&flow);
		expect_printed(&flow, "200\n100\n200\n");
		flow_end(&flow);
	}
}

/* The body follows without leave: then nobody knows what was read of it. */
PROGRAM(post_that_waits_for_no_leave)
{
	static const char post[] = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
				   "Expect: 100-continue\r\n\r\nbody";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, post, sizeof(post) - 1);
	answer(fd);
	hang_up(fd);
}

static void post_whose_body_is_out_is_never_resent(void)
{
	struct flow flow = {.program = "post_that_waits_for_no_leave", .peer = close_without_leave};
	flow_redial(&flow);
	expect_printed(&flow, "200\nECONNRESET\n");
	runner_expect_long("connections", 1, flow.seen.connections);
	expect_logged(&flow, 1, "event=refused reason=method", NULL);
	flow_end(&flow);
}

/* Connects with its first bytes (tcp(7), MSG_FASTOPEN). arg: the call. */
PROGRAM(two_gets_of_a_fast_open)
{
	static const char get[] = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)program.port)};
	struct iovec piece = {(void *)get, sizeof(get) - 1};
	struct msghdr message = {
	    .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &piece, .msg_iovlen = 1};
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = dial_socket();
	ssize_t sent =
	    strcmp(program.arg, "sendmsg")
		? sendto(fd, get, sizeof(get) - 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof(to))
		: sendmsg(fd, &message, MSG_FASTOPEN);
	if (sent < 0 && errno == EOPNOTSUPP) /* net.ipv4.tcp_fastopen */
		dial_on(fd);
	if (sent < 0 && errno == EINPROGRESS)
		sent = 0;
	if (sent < (ssize_t)sizeof(get) - 1)
		put(fd, get + (sent < 0 ? 0 : sent),
		    sizeof(get) - 1 - (size_t)(sent < 0 ? 0 : sent));
	answer(fd);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void connection_that_a_send_made_is_rescued_like_others(void)
{
	static const char *const names[] = {"sendto", "sendmsg"};
	static const char *const policies[] = {NULL, "retry = { on = [\"reset\", \"connect\"]; };"};
	for (size_t i = 0; i < 4; i++) {
		struct flow flow = {.program = "two_gets_of_a_fast_open",
				    .arg = names[i & 1],
				    .policy = policies[i / 2],
				    .faults = {"reset@1.2"}};
		flow_bare(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\n");
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_seen(&flow, 1, "path=/1 ", NULL);
		flow.way = WAY_POLL;
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_seen(&flow, 1, "path=/1 ", NULL);
		flow_end(&flow);
	}
}

const struct runner_test first_use_tests[] = {
    T(any_request_is_saved_from_an_unused_connection_under_first_use),
    T(none_is_without_first_use),
    T(upload_too_large_to_hold_is_sent_on_a_new_connection_whatever_is_listed),
    T(upload_by_sendfile_is_sent_on_a_new_connection_whatever_is_listed),
    T(upload_of_unknown_length_is_sent_on_a_new_connection),
    T(head_that_waits_for_leave_is_sent_again),
    T(post_whose_body_is_out_is_never_resent),
    T(connection_that_a_send_made_is_rescued_like_others),
    T_END};
