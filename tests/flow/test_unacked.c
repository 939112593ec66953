/* SPDX-License-Identifier: MIT */
/* unacked_timeout_ms: a path that has gone without a word. */
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"

/* Bare, such a path is noticed after a quarter of an hour. */
#define LIMIT	  "unacked_timeout_ms = 300; "
#define ON_SILENT "retry = { " LIMIT "};"

enum { SOON_MS = 3000 };

static void say_limit(int fd)
{
	unsigned ms = 0;
	socklen_t len = sizeof(ms);
	getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &len);
	say("limit %u", ms);
}

static void set_limit(int fd, unsigned ms)
{
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, sizeof(ms));
}

/* arg: METHOD. */
PROGRAM(two_over_a_path_that_goes)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, program.arg, "/2", strcmp(program.arg, "GET") ? "order" : NULL);
	if (program.way != WAY_CURL)
		say_limit(fd);
	hang_up(fd);
}

static void get_into_the_void_is_sent_again(void)
{
	struct flow flow = {.program = "two_over_a_path_that_goes",
			    .arg = "GET",
			    .faults = {"idle-silent@1.1"},
			    .policy = ON_SILENT};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, flow.way == WAY_CURL ? "200 /1\n200 /2\n"
							   : "200 /1\n200 /2\nlimit 300\n");
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 1, "event=attempt", "cause=reset");
		expect_logged(&flow, 1, "result=recovered", NULL);
		expect_within(&flow, SOON_MS);
	}
	flow_end(&flow);
}

static void post_into_the_void_fails_and_is_never_sent_again(void)
{
	struct flow flow = {.program = "two_over_a_path_that_goes",
			    .arg = "POST",
			    .faults = {"idle-silent@1.1"},
			    .policy = ON_SILENT};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nETIMEDOUT\nlimit 300\n");
		expect_seen(&flow, 0, "path=/2 ", NULL);
		expect_logged(&flow, 1, "event=refused reason=method cause=reset", NULL);
		expect_within(&flow, SOON_MS);
	}
	flow_end(&flow);
}

/* Passes the handshake, then drops what carries data: a filter sees the segment from its header on.
 */
static void lose_data(int fd)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 12), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 4),
	    BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 2), BPF_STMT(BPF_MISC | BPF_TAX, 0),
	    BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),  BPF_JUMP(BPF_JMP | BPF_JGT | BPF_X, 0, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, 0),	    BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog filter = {.len = sizeof(code) / sizeof(*code), .filter = code};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)))
		perror("SO_ATTACH_FILTER");
}

/* The second connection has the listener's filter, the third one does not. */
static void serve_second_void(struct peer *peer)
{
	int none = 0;
	int ready = peer_accept(peer);
	lose_data(peer->listener);
	peer_close(ready);
	int lost = peer_accept(peer);
	setsockopt(peer->listener, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof(none));
	int fd = peer_accept(peer);
	if (fd >= 0 && !peer_read_until(peer, fd, "\r\n\r\n"))
		peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"path\":\"/1\"}");
	peer_close(fd);
	peer_close(lost);
}

PROGRAM(one_get_into_the_void)
{
	int ready = dial();
	await_death(ready);
	hang_up(ready);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	hang_up(fd);
}

static void first_request_into_the_void_needs_first_use(void)
{
	struct flow flow = {
	    .program = "one_get_into_the_void", .peer = serve_second_void, .policy = ON_SILENT};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow.policy = ON_SILENT;
		flow_redial(&flow);
		expect_printed(&flow, "ETIMEDOUT\n");
		expect_logged(&flow, 1, "event=refused reason=first-use cause=reset", NULL);
		flow.policy = "retry = { " LIMIT "on = [\"reset\", \"first-use\"]; };";
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

/* Larger than what the kernel takes: the writer itself is told. */
PROGRAM(large_put_into_the_void)
{
	enum { BODY = 600000, BUFFER = 32768 };
	int size = BUFFER;
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	char *request = malloc(BODY + 200);
	int head =
	    sprintf(request, "PUT /2 HTTP/1.1\r\nHost: test\r\nContent-Length: %d\r\n\r\n", BODY);
	memset(request + head, 'x', BODY);
	if (put(fd, request, (size_t)head + BODY))
		answer(fd);
	else
		say("%s", error_name(errno));
	free(request);
	hang_up(fd);
}

static void writer_into_the_void_is_rescued_as_well(void)
{
	struct flow flow = {.program = "large_put_into_the_void",
			    .faults = {"idle-silent@1.1"},
			    .policy = "retry = { " LIMIT "methods = [\"GET\", \"PUT\"]; "
				      "max_request_bytes = 1048576; };"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_seen(&flow, 1, "path=/2 ", "body=600000");
		expect_within(&flow, SOON_MS);
	}
	flow.way = WAY_BLOCK;
	flow.policy = ON_SILENT;
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nETIMEDOUT\n");
	expect_seen(&flow, 0, "path=/2 ", NULL);
	flow_end(&flow);
}

PROGRAM(tell_limits)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	say_limit(fd);
	hang_up(fd);
	fd = dial_socket();
	set_limit(fd, 77777);
	dial_on(fd);
	exchange(fd, "GET", "/2", NULL);
	say_limit(fd);
	set_limit(fd, 55555);
	exchange(fd, "GET", "/3", NULL);
	say_limit(fd);
	hang_up(fd);
}

static void program_limit(struct flow *flow, const char *first)
{
	char expected[100];
	snprintf(expected, sizeof(expected),
		 "200 /1\nlimit %s\n200 /2\nlimit 77777\n200 /3\nlimit 55555\n", first);
	for (flow->way = WAY_BLOCK; flow->way < WAY_CURL; flow->way++) {
		flow_redial(flow);
		expect_printed(flow, expected);
	}
	flow_end(flow);
}

static void write_rule(const char *path, int port)
{
	FILE *file = fopen(path, "we");
	fprintf(file,
		"rules = ( { path = \"*\"; unacked_timeout_ms = 1000; },\n"
		"          { port = %d; unacked_timeout_ms = 2000; } );\n",
		port);
	fclose(file);
}

static void only_sockets_that_the_policy_names_are_limited(void)
{
	struct flow flow = {.program = "tell_limits"};
	program_limit(&flow, "0");
	flow.policy = ON_SILENT;
	program_limit(&flow, "300");
	flow.policy = ON_SILENT " rules = ( { unacked_timeout_ms = 0; } );";
	program_limit(&flow, "0");
	flow.policy = NULL;
	flow.make_policy = write_rule;
	program_limit(&flow, "2000");
}

/* A connect that has only begun must not be cut short: the limit comes with the first request. */
PROGRAM(limit_while_connecting)
{
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(program.port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	say("%s",
	    connect(fd, (struct sockaddr *)&peer, sizeof(peer)) ? error_name(errno) : "at once");
	say_limit(fd);
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	poll(&p, 1, -1);
	exchange(fd, "GET", "/1", NULL);
	say_limit(fd);
	hang_up(fd);
}

static void socket_that_is_still_connecting_is_not_limited(void)
{
	struct flow flow = {
	    .program = "limit_while_connecting", .way = WAY_POLL, .policy = ON_SILENT};
	flow_redial(&flow);
	expect_printed(&flow, "EINPROGRESS\nlimit 0\n200 /1\nlimit 300\n");
	flow_end(&flow);
}

const struct runner_test unacked_tests[] = {
    T(get_into_the_void_is_sent_again),
    T(post_into_the_void_fails_and_is_never_sent_again),
    T(first_request_into_the_void_needs_first_use),
    T(writer_into_the_void_is_rescued_as_well),
    T(only_sockets_that_the_policy_names_are_limited),
    T(socket_that_is_still_connecting_is_not_limited),
    T_END,
};
