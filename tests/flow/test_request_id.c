/* SPDX-License-Identifier: MIT */
/* add_request_id: requests that have no id get one, the same on each sending. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

#define ADD "retry = { add_request_id = true; };"

enum { IDS_MAX = 16, ID_MAX = 130 };

/* The ids of the requests that the server saw with this fragment, in the order of its log. */
static int ids(const struct flow *flow, const char *fragment, char id[IDS_MAX][ID_MAX])
{
	char *log = read_whole(flow->server.log);
	int count = 0;
	for (char *line = strtok(log, "\n"); line && count < IDS_MAX; line = strtok(NULL, "\n")) {
		const char *at = strstr(line, " id=");
		if (strstr(line, "request ") && strstr(line, fragment) && at)
			sscanf(at, " id=%129s", id[count++]);
	}
	free(log);
	return count;
}

static void expect_made(const char *id)
{
	if (strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32) {
		printf("\n    '%s' is no id of ours", id);
		CU_FAIL("id");
	}
}

static void for_each_way(struct flow flow, void (*check)(struct flow *flow))
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++)
		check(&flow);
	flow_end(&flow);
}

static void id_is_the_same(struct flow *flow)
{
	char id[IDS_MAX][ID_MAX], logged[200];
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n");
	runner_expect_long("requests", 3, ids(flow, "path=/", id));
	expect_made(id[0]);
	expect_made(id[1]);
	runner_expect_text("id of the copy", id[1], id[2]);
	CU_ASSERT(strcmp(id[0], id[1]) != 0);
	snprintf(logged, sizeof(logged), " request_id=%s ", id[1]);
	expect_logged(flow, 2, logged, NULL);
	expect_logged(flow, 2, NULL, NULL);
}

static void each_request_gets_an_id_that_its_copies_keep(void)
{
	struct flow flow = {.program = "two_gets", .faults = {"reset@1.2"}, .policy = ADD};
	for_each_way(flow, id_is_the_same);
	flow.policy = "log = { request_id_headers = []; }; " ADD;
	for_each_way(flow, id_is_the_same);
	flow.policy = "rules = ( { path = \"/*\"; add_request_id = true; } );";
	for_each_way(flow, id_is_the_same);
}

static void no_id_is_added(struct flow *flow)
{
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n");
	expect_seen(flow, 3, "id=- ", NULL);
}

static void none_is_added_unless_the_policy_says_so(void)
{
	struct flow flow = {.program = "two_gets", .faults = {"reset@1.2"}};
	for_each_way(flow, no_id_is_added);
	flow.policy = "rules = ( { path = \"/3\"; add_request_id = true; } );";
	for_each_way(flow, no_id_is_added);
}

/* What an id makes of a request that is just small enough. */
static void id_counts_towards_the_size_limit(void)
{
	struct flow flow = {.program = "two_gets",
			    .faults = {"reset@1.2"},
			    .policy =
				"retry = { add_request_id = true; max_request_bytes = 90; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	flow.policy = "retry = { add_request_id = true; max_request_bytes = 60; };";
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\n");
	expect_logged(&flow, 1, "event=refused reason=too-large", NULL);
	flow_end(&flow);
}

/* program.arg: a header of its own. */
PROGRAM(post_with_header)
{
	char request[400];
	int fd = dial();
	int len = snprintf(request, sizeof(request),
			   "POST /2 HTTP/1.1\r\nHost: test\r\n%s\r\nContent-Length: 5\r\n\r\norder",
			   program.arg);
	if (put(fd, request, (size_t)len))
		answer(fd);
	hang_up(fd);
}

static void id_of_the_programs_own_stays(void)
{
	struct flow flow = {
	    .program = "post_with_header", .arg = "x-request-id: mine", .policy = ADD};
	flow_redial(&flow);
	expect_printed(&flow, "200 /2\n");
	expect_seen(&flow, 1, "path=/2 body=5 id=mine ", NULL);
	flow.arg = "X-Correlation-ID: other";
	flow_redial(&flow);
	expect_seen(&flow, 1, "path=/2 body=5 id=- ", NULL);
	flow.arg = "X-Else: other";
	flow_redial(&flow);
	expect_seen(&flow, 0, "path=/2 body=5 id=- ", NULL);
	expect_seen(&flow, 1, "path=/2 body=5 ", NULL);
	flow_end(&flow);
}

/* The head in one write, and the ways to make that; then in two. */
PROGRAM(other_calls)
{
	static char line[] = "POST /2 HTTP/1.1\r\n", host[] = "Host: test\r\nConte",
		    rest[] = "nt-Length: 5\r\n\r\nor", body[] = "der";
	struct iovec pieces[] = {{NULL, 0}, {line, sizeof(line) - 1}, {host, sizeof(host) - 1},
				 {NULL, 0}, {rest, sizeof(rest) - 1}, {body, sizeof(body) - 1}};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 5};
	int fd = dial();
	say("%zd", writev(fd, pieces, 6));
	answer(fd);
	say("%zd", sendmsg(fd, &message, MSG_MORE | MSG_NOSIGNAL));
	say("%zd", send(fd, body, 3, 0));
	answer(fd);
	say("%zd", writev(fd, pieces, 3));
	say("%zd", writev(fd, pieces + 3, 3));
	answer(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void every_call_that_writes_a_head_adds_an_id(void)
{
	char id[IDS_MAX][ID_MAX];
	struct flow flow = {.program = "other_calls", .policy = ADD};
	flow_redial(&flow);
	expect_printed(&flow, "56\n200 /2\n53\n3\n200 /2\n35\n21\n200 /2\n200 /3\n");
	expect_seen(&flow, 3, "method=POST path=/2 body=5 ", "read=full");
	runner_expect_long("requests", 4, ids(&flow, "path=/", id));
	expect_made(id[0]);
	expect_made(id[1]);
	runner_expect_text("head in pieces", "-", id[2]);
	expect_made(id[3]);
	flow_end(&flow);
}

PROGRAM(post_bytes_told)
{
	static const char request[] =
	    "POST /2 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\norder";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (put(fd, request, sizeof(request) - 1))
		answer(fd);
	exchange(fd, "POST", "/3", "order=7");
	hang_up(fd);
}

/* The line has 18 bytes, the header 48, the rest is the program's. */
static void write_that_is_cut_short_anywhere_breaks_nothing(void)
{
	struct flow flow = {
	    .program = "post_bytes_told", .policy = ADD, .behind = "tests/behind/short_send.so"};
	for (int taken = 1; taken < 110; taken++) {
		char size[20], id[IDS_MAX][ID_MAX];
		snprintf(size, sizeof(size), "SHORT=%d", taken);
		flow.env[0] = size;
		flow.way = taken % 2 ? WAY_BLOCK : WAY_EDGE;
		flow_redial(&flow);
		if (!expect_printed(&flow, "200 /1\n200 /2\n200 /3\n"))
			break;
		expect_seen(&flow, 1, "method=POST path=/2 body=5 ", "read=full");
		expect_seen(&flow, 1, "method=POST path=/3 body=7 ", "read=full");
		expect_seen(&flow, 3, NULL, NULL);
		runner_expect_long("requests", 1, ids(&flow, "path=/2 ", id));
		if (taken > 18)
			expect_made(id[0]);
		else
			runner_expect_text("before the header", "-", id[0]);
	}
	flow_end(&flow);
}

/* The same when the connection is then found to be dead, or the next bytes come past the hooks. */
PROGRAM(post_then_sendfile)
{
	static const char head[] = "POST /2 HTTP/1.1\r\n";
	static const char rest[] = "Host: test\r\nContent-Length: 5\r\n\r\norder";
	char path[] = "/tmp/redial-test-XXXXXX", whole[100];
	int file = mkstemp(path), fd = dial();
	unlink(path);
	write(file, rest, sizeof(rest) - 1);
	lseek(file, 0, SEEK_SET);
	exchange(fd, "GET", "/1", NULL);
	int len = snprintf(whole, sizeof(whole), "%s%s", head, rest);
	ssize_t taken = send(fd, whole, (size_t)len, MSG_NOSIGNAL);
	say("%zd", taken);
	sendfile(fd, file, NULL, sizeof(rest) - 1);
	answer(fd);
	hang_up(fd);
}

/* No copy of it is held that could be sent later. */
static void write_that_is_cut_short_in_the_header_of_a_large_request_breaks_nothing(void)
{
	struct flow flow = {.program = "post_bytes_told",
			    .policy = "retry = { add_request_id = true; max_request_bytes = 10; };",
			    .behind = "tests/behind/short_send.so"};
	for (int taken = 19; taken < 66; taken += 5) {
		char size[20], id[IDS_MAX][ID_MAX];
		snprintf(size, sizeof(size), "SHORT=%d", taken);
		flow.env[0] = size;
		flow.way = taken % 2 ? WAY_BLOCK : WAY_EDGE;
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n200 /3\n");
		expect_seen(&flow, 1, "method=POST path=/2 body=5 ", "read=full");
		runner_expect_long("requests", 1, ids(&flow, "path=/2 ", id));
		expect_made(id[0]);
	}
	flow_end(&flow);
}

static void rest_of_the_header_goes_before_bytes_that_pass_the_hooks(void)
{
	char id[IDS_MAX][ID_MAX];
	struct flow flow = {.program = "post_then_sendfile",
			    .policy = ADD,
			    .env = {"SHORT=30"},
			    .behind = "tests/behind/short_send.so"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n18\n200 /2\n");
	expect_seen(&flow, 1, "method=POST path=/2 body=5 ", "read=full");
	runner_expect_long("requests", 1, ids(&flow, "path=/2 ", id));
	expect_made(id[0]);
	flow_end(&flow);
}

PROGRAM(forked_twins)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	for (int i = 0; i < 2; i++) {
		if (fork() == 0) {
			int own = dial();
			exchange(own, "GET", "/2", NULL);
			_exit(0);
		}
		wait(NULL);
	}
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void processes_make_ids_of_their_own(void)
{
	char id[IDS_MAX][ID_MAX];
	struct flow flow = {.program = "forked_twins", .policy = ADD};
	flow_redial(&flow);
	int count = ids(&flow, "path=/", id);
	runner_expect_long("requests", 4, count);
	for (int i = 0; i < count; i++) {
		expect_made(id[i]);
		for (int j = 0; j < i; j++)
			CU_ASSERT(strcmp(id[i], id[j]) != 0);
	}
	flow_end(&flow);
}

/* Bytes that are none of HTTP's, or no request that could have a header. */
PROGRAM(other_protocol)
{
	static const char bytes[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
	int fd = dial();
	put(fd, bytes, sizeof(bytes) - 1);
	shutdown(fd, SHUT_WR);
	read_to_the_end(fd);
}

static void serve_any(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_all(peer, fd);
	peer_close(fd);
}

static void other_protocols_pass_unchanged(void)
{
	struct flow flow = {.program = "other_protocol", .peer = serve_any, .policy = ADD};
	flow_both_alike(&flow);
	flow_end(&flow);
}

const struct runner_test request_id_tests[] = {
    T(each_request_gets_an_id_that_its_copies_keep),
    T(none_is_added_unless_the_policy_says_so),
    T(id_counts_towards_the_size_limit),
    T(id_of_the_programs_own_stays),
    T(every_call_that_writes_a_head_adds_an_id),
    T(write_that_is_cut_short_anywhere_breaks_nothing),
    T(write_that_is_cut_short_in_the_header_of_a_large_request_breaks_nothing),
    T(rest_of_the_header_goes_before_bytes_that_pass_the_hooks),
    T(processes_make_ids_of_their_own),
    T(other_protocols_pass_unchanged),
    T_END,
};
