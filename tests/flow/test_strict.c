/* SPDX-License-Identifier: MIT */
/* What a rescue must not get wrong, and nothing else would show. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

#define OK   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define BUSY "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno"

#define STATUSES(list) "retry = { statuses = [" list "]; backoff = { base_ms = 0; }; };"

/* Whoever comes once more is served, and counted. */
static void serve_one_more(struct peer *peer)
{
	struct pollfd listener = {.fd = peer->listener, .events = POLLIN};
	peer->connections = 0;
	int fd = poll(&listener, 1, 5000) > 0 ? peer_accept(peer) : -1;
	if (fd < 0)
		return;
	peer->connections = 1;
	while (!peer_read_until(peer, fd, "\r\n\r\n"))
		peer_say(fd, OK);
	peer_close(fd);
}

/* A connection of whose first request it has the answer. */
static int accept_used(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	return fd;
}

static void none_more(const struct flow *flow)
{
	runner_expect_long("further connections", 0, flow->seen.connections);
}

PROGRAM(two_gets_at_once)
{
	static const char both[] =
	    "GET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, both, sizeof(both) - 1) && answer(fd))
		answer(fd);
	hang_up(fd);
}

static void busy_for_the_first_of_two(struct peer *peer)
{
	int fd = accept_used(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, BUSY OK);
	serve_one_more(peer);
	peer_close(fd);
}

static void status_in_a_pipeline_is_delivered(void)
{
	struct flow flow = {.program = "two_gets_at_once",
			    .peer = busy_for_the_first_of_two,
			    .policy = STATUSES("503")};
	flow_both_alike(&flow);
	none_more(&flow);
	flow_end(&flow);
}

/* One at a time: counts what comes of the second before the first is answered. */
static void answer_one_by_one(struct peer *peer)
{
	int fd = accept_used(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	struct pollfd more = {.fd = fd, .events = POLLIN};
	peer->connections = poll(&more, 1, 150) > 0;
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_all(peer, fd);
	peer_close(fd);
}

/* RFC 9112 section 9.3.2. */
static void requests_of_a_pipeline_are_not_pipelined_again(void)
{
	struct flow flow = {.program = "two_gets_at_once", .peer = answer_one_by_one};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_LEVEL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\n200\n200\n");
		runner_expect_long("the second came too early", 0, flow.seen.connections);
	}
	flow_end(&flow);
}

PROGRAM(get_twice)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

/* It says that the connection goes on, and ends it all the same. */
static void time_out_and_go(struct peer *peer)
{
	int fd = accept_used(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
	peer_close(fd);
	serve_one_more(peer);
}

static void response_408_that_does_not_end_the_connection_is_delivered(void)
{
	struct flow flow = {.program = "get_twice", .peer = time_out_and_go};
	for (int i = 0; i < 2; i++) {
		flow.policy = i ? STATUSES("503") : NULL;
		flow_both_alike(&flow);
		expect_printed(&flow, "200\n408\n");
		expect_logged(&flow, 0, NULL, NULL);
		none_more(&flow);
	}
	flow_end(&flow);
}

/* A head that is peeked at, and then read. */
PROGRAM(post_whose_answer_is_peeked_at)
{
	char bytes[1000];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "POST", "/2", "order");
	recv(fd, bytes, sizeof(bytes), MSG_PEEK);
	answer(fd);
	hang_up(fd);
}

static void refusal_of_a_status_is_told_once(void)
{
	struct flow flow = {.program = "post_whose_answer_is_peeked_at",
			    .faults = {"status=503@1.2"},
			    .policy = STATUSES("503")};
	flow_both_alike(&flow);
	expect_logged(&flow, 1, "event=refused", "reason=method");
	flow_end(&flow);
}

static void reset_the_first_of_two(struct peer *peer)
{
	int fd = accept_used(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_all(peer, fd);
	peer_close(fd);
}

/* The first of two is out again, and its answer waits; the number becomes another socket. */
PROGRAM(another_socket_amid_a_pipeline)
{
	static const char both[] =
	    "GET /2 HTTP/1.1\r\nHost: x\r\n\r\nGET /3 HTTP/1.1\r\nHost: x\r\n\r\n";
	char bytes[200];
	int pair[2];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int before = descriptors();
	put(fd, both, sizeof(both) - 1);
	for (long end = now_ms() + 2000; now_ms() < end;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		if (recv(fd, bytes, 1, MSG_PEEK) > 0)
			break;
		poll(&p, 1, 100);
	}
	syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
	syscall(SYS_dup3, pair[0], fd, 0);
	syscall(SYS_write, pair[1], OK, sizeof(OK) - 1);
	say("%d more", descriptors() - before);
	say("%zd", recv(fd, bytes, sizeof(bytes), 0));
	long got = syscall(SYS_read, pair[1], bytes, sizeof(bytes));
	say("%s", got > 0 ? "a request" : "nothing");
}

static void rest_of_a_pipeline_never_goes_to_another_socket(void)
{
	struct flow flow = {.program = "another_socket_amid_a_pipeline",
			    .way = WAY_POLL,
			    .peer = reset_the_first_of_two};
	flow_redial(&flow);
	expect_printed(&flow, "200\n2 more\n40\nnothing\n");
	flow_end(&flow);
}

PROGRAM(get_with_a_header_of_its_own)
{
	static const char request[] = "GET /2 HTTP/1.1\r\nHost: x\r\nX-Again: mine\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, request, sizeof(request) - 1))
		answer(fd);
	hang_up(fd);
}

static void compare_two_sendings(struct peer *peer)
{
	int fd = accept_used(peer);
	size_t before = peer->received;
	peer_read_until(peer, fd, "\r\n\r\n");
	size_t first = peer->received - before;
	peer_reset(fd);
	fd = peer_accept(peer);
	before = peer->received;
	peer_read_until(peer, fd, "\r\n\r\n");
	peer->connections = (int)(peer->received - before) - (int)first;
	peer_say(fd, OK);
	peer_read_all(peer, fd);
	peer_close(fd);
}

static void attempt_header_of_the_programs_own_is_not_doubled(void)
{
	struct flow flow = {.program = "get_with_a_header_of_its_own",
			    .peer = compare_two_sendings,
			    .policy = "retry = { attempt_header = \"X-Again\"; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\n");
	runner_expect_long("bytes more", 0, flow.seen.connections);
	flow_end(&flow);
}

/* The last byte of what is sent so is not in the stream (tcp(7)). */
PROGRAM(get_out_of_band)
{
	static const char request[] = "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	send(fd, request, sizeof(request) - 1, MSG_OOB);
	answer(fd);
	hang_up(fd);
}

static void reset_before_the_last_byte(struct peer *peer)
{
	int fd = accept_used(peer);
	peer_read_until(peer, fd, "\r\n\r");
	peer_reset(fd);
	serve_one_more(peer);
}

static void request_with_a_byte_out_of_band_is_not_sent_again(void)
{
	struct flow flow = {.program = "get_out_of_band", .peer = reset_before_the_last_byte};
	flow_both_alike(&flow);
	none_more(&flow);
	flow_end(&flow);
}

/* The end is found by a write, when the POST before it has long been read. */
PROGRAM(get_behind_a_post_that_was_lost)
{
	static const char get[] = "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "POST", "/2", "order");
	usleep(200000);
	if (send(fd, get, sizeof(get) - 1, MSG_NOSIGNAL) < 0)
		say("%s", error_name(errno));
	else
		answer(fd);
	hang_up(fd);
}

static void reset_the_post(struct peer *peer)
{
	int fd = accept_used(peer);
	peer_read_until(peer, fd, "order");
	peer_reset(fd);
	serve_one_more(peer);
}

static void post_before_a_write_that_fails_was_sent(void)
{
	struct flow flow = {.program = "get_behind_a_post_that_was_lost", .peer = reset_the_post};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		flow_both_alike(&flow);
		expect_printed(&flow, "200\nECONNRESET\n");
		expect_logged(&flow, 1, "event=refused", "reason=method");
		none_more(&flow);
	}
	flow_end(&flow);
}

/* The answer has come before the second half of the request was written. */
PROGRAM(put_that_is_answered_early)
{
	static const char head[] = "PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, head, sizeof(head) - 1);
	usleep(200000);
	say("%s", send(fd, "order", 5, MSG_NOSIGNAL) < 0 ? error_name(errno) : "taken");
	answer(fd);
	hang_up(fd);
}

static void answer_early_and_reset(struct peer *peer)
{
	int fd = accept_used(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
	peer_reset(fd);
	serve_one_more(peer);
}

static void answer_that_waits_before_a_reset_is_the_programs(void)
{
	struct flow flow = {.program = "put_that_is_answered_early",
			    .peer = answer_early_and_reset,
			    .policy = "retry = { methods = [\"GET\", \"PUT\"]; };"};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		flow_both_alike(&flow);
		expect_printed(&flow, "200\nECONNRESET\n413\n");
		expect_logged(&flow, 1, "event=refused reason=answer-waiting", NULL);
		none_more(&flow);
	}
	flow_end(&flow);
}

/* Too large to be held it waits for the new connection; another one is written in its place. */
PROGRAM(post_in_the_place_of_another)
{
	static char large[5000];
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	int other = dial(); /* by which the server knows when to be away */
	exchange(other, "GET", "/other", NULL);
	hang_up(other);
	memset(large, 'b', sizeof(large));
	memcpy(large, "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n", 51);
	say("%s", send(fd, large, sizeof(large), MSG_NOSIGNAL) < 0 ? error_name(errno) : "taken");
	for (int i = 0; i < 40; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		recv(fd, &byte, 1, MSG_PEEK);
		poll(&p, 1, 10);
	}
	exchange(fd, "POST", "/3", "order");
	hang_up(fd);
}

static void post_written_where_another_was_not_is_sent_once(void)
{
	struct flow flow = {.program = "post_in_the_place_of_another",
			    .way = WAY_POLL,
			    .faults = {"idle-close@1.1", "refuse=1@2.1", "reset@path:/3"},
			    .policy = "retry = { max_request_bytes = 1000; max_attempts = 6; "
				      "backoff = { base_ms = 50; max_ms = 50; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\nEAGAIN\nECONNRESET\n");
	expect_seen(&flow, 1, "path=/3 ", NULL);
	flow_end(&flow);
}

const struct runner_test strict_tests[] = {
    T(status_in_a_pipeline_is_delivered),
    T(requests_of_a_pipeline_are_not_pipelined_again),
    T(response_408_that_does_not_end_the_connection_is_delivered),
    T(refusal_of_a_status_is_told_once),
    T(rest_of_a_pipeline_never_goes_to_another_socket),
    T(attempt_header_of_the_programs_own_is_not_doubled),
    T(request_with_a_byte_out_of_band_is_not_sent_again),
    T(post_before_a_write_that_fails_was_sent),
    T(answer_that_waits_before_a_reset_is_the_programs),
    T(post_written_where_another_was_not_is_sent_once),
    T_END};
