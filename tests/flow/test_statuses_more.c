/* SPDX-License-Identifier: MIT */
/* statuses, when it comes in pieces, the next attempt fails otherwise, or the program goes on. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "flow.h"

#define RETRY  "retry = { statuses = [503, 429]; backoff = { base_ms = 2; }; "
#define LISTED RETRY "};"
#define SLOW                                                                                       \
	"retry = { statuses = [503]; backoff = { base_ms = 400; max_ms = 400; jitter = \"none\"; " \
	"}; };"

#define BUSY "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 13\r\n\r\n{\"path\":\"/5\"}"
#define OK   "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"path\":\"/2\"}"
#define TOO_MANY                                                                                   \
	"HTTP/1.1 429 Too Many\r\nTransfer-Encoding: "                                             \
	"chunked\r\n\r\nd\r\n{\"path\":\"/4\"}\r\n0\r\n\r\n"

enum { BIG = 200000 };

/* Takes a connection and its next request; -1 at the end. */
static int take_request(struct peer *peer)
{
	int one = 1;
	int fd = peer_accept(peer);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fd >= 0 && peer_read_until(peer, fd, "\r\n\r\n")) {
		peer_close(fd);
		return -1;
	}
	return fd;
}

/* Until the kernel over there has it, and the program has had a chance to. */
static void let_it_arrive(int fd)
{
	int unsent = 1;
	for (int i = 0; i < 1000 && !ioctl(fd, TIOCOUTQ, &unsent) && unsent; i++)
		poll(NULL, 0, 1);
	poll(NULL, 0, 1);
}

static void say_in_two(int fd, const char *text, size_t first)
{
	peer_write(fd, text, first);
	let_it_arrive(fd);
	peer_say(fd, text + first);
}

/* arg: SIZE of each read, and how many exchanges, each with a connection of its own */
PROGRAM(read_in_small_pieces)
{
	size_t size = 1;
	int count = 1;
	char text[1024], bytes[512];
	sscanf(program.arg, "%zu %d", &size, &count);
	for (int i = 0; i < count; i++) {
		int fd = dial();
		size_t len = 0;
		ssize_t got = 0;
		ask(fd, "GET", "/2", NULL);
		text[0] = '\0';
		while (!strchr(text, '}') && (got = get(fd, bytes, size)) > 0) {
			memcpy(text + len, bytes, (size_t)got);
			text[len += (size_t)got] = '\0';
		}
		if (strcmp(text, OK) != 0)
			say("%s: %s", error_name(got < 0 ? errno : 0), text);
		hang_up(fd);
	}
	say("read");
}

static void serve_splits(struct peer *peer)
{
	for (size_t first = 1; first < sizeof(BUSY) - 1; first++) {
		int busy = take_request(peer);
		say_in_two(busy, BUSY, first);
		int fd = take_request(peer);
		say_in_two(fd, OK, first < sizeof(OK) - 1 ? first : 1);
		peer_read_all(peer, fd);
		peer_close(fd);
		peer_close(busy);
	}
}

static void head_may_be_cut_anywhere(void)
{
	static const size_t sizes[] = {1, 5, 40, 512};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char arg[32];
		struct flow flow = {.program = "read_in_small_pieces",
				    .arg = arg,
				    .peer = serve_splits,
				    .policy = LISTED "budget = { min_per_second = 1000; }; "
						     "breaker = { min_attempts = 1000; };"};
		snprintf(arg, sizeof(arg), "%zu %zu", sizes[i], sizeof(BUSY) - 2);
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, "read\n");
			runner_expect_long("connections", 2 * (sizeof(BUSY) - 2),
					   flow.seen.connections);
		}
		flow_end(&flow);
	}
}

/* Which way the second attempt goes wrong, and what the program gets then. */
static const char *second;

static void fail_second(struct peer *peer)
{
	int busy = take_request(peer);
	peer_write(busy, BUSY, sizeof(BUSY) - 8); /* the rest of the body is still to come */
	if (!strcmp(second, "refuse")) {
		close(peer->listener);
		peer->listener = -1;
	} else {
		int fd = take_request(peer);
		if (!strncmp(second, "HTTP", 4))
			say_in_two(fd, second, strlen(second) / 2);
		if (!strcmp(second, "head-reset"))
			peer_say(fd, "HTTP/1.1 20");
		if (strstr(second, "reset")) {
			let_it_arrive(fd);
			peer_reset(fd);
		} else {
			peer_close(fd);
		}
	}
	peer_write(busy, &BUSY[sizeof(BUSY) - 8], 7);
	if (!peer_read_until(peer, busy, "\r\n\r\n"))
		peer_say(busy, OK);
	peer_close(busy);
	if (peer->listener >= 0)
		close(peer->listener); /* what comes now is not to wait for an answer */
	peer->listener = -1;
}

PROGRAM(one_that_is_busy)
{
	int fd = dial();
	exchange(fd, "GET", "/2", NULL);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void response_is_delivered_whole_if_the_next_attempt_fails(void)
{
	static const struct {
		const char *second, *printed;
	} rows[] = {
	    {"refuse", "503 /5\n200 /2\n"},
	    {"reset", "503 /5\n200 /2\n"},
	    {"eof", "503 /5\n200 /2\n"},
	    {"head-reset", "503 /5\n200 /2\n"},
	    {"HTTP/1.1 5", "503 /5\n200 /2\n"},
	    {"HTTP/1.1 429 X\r\nContent-Le", "503 /5\n200 /2\n"},
	    {TOO_MANY, "429 chunked\n"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow flow = {.program = "one_that_is_busy",
				    .peer = fail_second,
				    .policy = RETRY "max_attempts = 2; };"};
		second = rows[i].second;
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_redial(&flow);
			if (strncmp(flow.result.out, rows[i].printed, strlen(rows[i].printed)) !=
			    0) {
				expect_printed(&flow, rows[i].printed);
				printf("\n    second: %s", second);
			}
			expect_logged(&flow, 1, "result=exhausted", "path=/2 ");
		}
		flow_end(&flow);
	}
}

/* What it was told once it is told again, as libcurl has it, which looks twice. */
PROGRAM(polls_again_before_it_reads)
{
	int fd = dial();
	char byte;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	ask(fd, "GET", "/2", NULL);
	poll(&wait, 1, 10000);
	say("%s", recv(fd, &byte, 1, 0) < 0 ? error_name(errno) : "read");
	say("%d", poll(&wait, 1, 10000));
	say("%d", poll(&wait, 1, 0));
	answer(fd);
	hang_up(fd);
}

static void failed_rescue_is_told_to_each_poll(void)
{
	struct flow flow = {.program = "polls_again_before_it_reads",
			    .way = WAY_POLL,
			    .peer = fail_second,
			    .policy = "retry = { statuses = [503]; max_attempts = 2; "
				      "connect_timeout_ms = 60000; total_timeout_ms = 120000; "
				      "backoff = { base_ms = 300; jitter = \"none\"; }; };"};
	second = "refuse";
	flow_redial(&flow);
	expect_printed(&flow, "EAGAIN\n1\n1\n503 /5\n");
	expect_logged(&flow, 1, "result=exhausted", "path=/2 ");
	flow_end(&flow);
}

/* Says half of a status line, and then nothing more until the program has gone, or the end. */
static void stall_in_the_line(struct peer *peer)
{
	int fd = take_request(peer);
	peer_say(fd, "HTTP/1.1 50");
	let_it_arrive(fd);
	if (!strcmp(second, "reset"))
		peer_reset(fd);
	else
		peer_close(fd);
}

static void not_http(struct peer *peer)
{
	int fd = take_request(peer);
	peer_say(fd, second);
	peer_read_until(peer, fd, "!");
	peer_close(fd);
}

PROGRAM(read_what_comes)
{
	char text[512];
	int fd = dial();
	ask(fd, "GET", "/2", NULL);
	for (;;) {
		ssize_t got = get(fd, text, sizeof(text) - 1);
		if (got <= 0) {
			say("%s", error_name(got ? errno : 0));
			break;
		}
		text[got] = '\0';
		say("%s", text);
		if (*program.arg)
			put(fd, "!", 1);
	}
	hang_up(fd);
}

static void what_is_no_response_is_delivered(void)
{
	struct flow flow = {.program = "read_what_comes", .policy = LISTED};
	static const char *const texts[] = {"hi", "HTTX", "<html>", "HTTP/2.0x503", "ICY 503 Busy"};
	static const char *const ends[] = {"eof", "reset"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
			second = ends[i];
			flow.peer = stall_in_the_line;
			flow_redial(&flow);
			expect_printed(&flow,
				       i ? "HTTP/1.1 50\nECONNRESET\n" : "HTTP/1.1 50\nEOF\n");
		}
		flow.arg = "talk";
		for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
			second = texts[i];
			flow.peer = not_http;
			flow_both_alike(&flow);
		}
		flow.arg = "";
	}
	flow_end(&flow);
}

/* The rest of a body comes late, and the program waits for all of it. */
static void late_body(struct peer *peer)
{
	for (int i = 0; i < 3; i++) {
		int fd = take_request(peer);
		peer_write(fd, BUSY, sizeof(BUSY) - 8);
		let_it_arrive(fd);
		poll(NULL, 0, 20);
		peer_write(fd, &BUSY[sizeof(BUSY) - 8], 7);
		if (i == 2)
			peer_read_all(peer, fd);
		peer_close(fd);
	}
}

PROGRAM(wait_for_all_of_a_late_body)
{
	enum { FIRST = 12, LEFT = sizeof(BUSY) - 1 - FIRST };
	char text[sizeof(BUSY)] = "";
	struct iovec pieces[] = {{text + FIRST, 30}, {text + FIRST + 30, LEFT - 30}};
	struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
	int fd = dial();
	ask(fd, "GET", "/2", NULL);
	recv(fd, text, FIRST, 0);
	ssize_t got = *program.arg ? recvmsg(fd, &message, MSG_WAITALL)
				   : recv(fd, text + FIRST, LEFT, MSG_WAITALL);
	say("%s", got != LEFT ? "cut" : strcmp(text, BUSY) ? "spoilt" : "whole");
	hang_up(fd);
}

static void waiting_for_all_waits_for_all(void)
{
	struct flow flow = {
	    .program = "wait_for_all_of_a_late_body", .peer = late_body, .policy = LISTED};
	for (int i = 0; i < 2; i++) {
		flow.arg = i ? "message" : "";
		flow_redial(&flow);
		expect_printed(&flow, "whole\n");
		runner_expect_long("connections", 3, flow.seen.connections);
	}
	flow_end(&flow);
}

/* Calls that go past what is held must not get what comes behind it. */
PROGRAM(odd_reads)
{
	static char bytes[4096];
	struct iovec piece = {bytes, sizeof(bytes)};
	struct mmsghdr messages[2] = {{.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}}};
	int fd = dial(), pipes[2], waiting = 0, taken = 0;
	ask(fd, "GET", "/bytes/30", NULL);
	ssize_t got = get(fd, bytes, 10);
	if (!strcmp(program.arg, "recvmmsg"))
		piece.iov_len = 20;
	say("%.*s", (int)got, bytes);
	ioctl(fd, FIONREAD, &waiting);
	say("%d more", waiting);
	if (!strcmp(program.arg, "trunc"))
		taken = (int)(got = recv(fd, NULL, 5, MSG_TRUNC));
	else if (!strcmp(program.arg, "splice") && !pipe(pipes))
		taken = (int)(got = splice(fd, NULL, pipes[1], NULL, 5, 0));
	else if (!strcmp(program.arg, "recvmmsg"))
		taken = (int)(got = recvmmsg(fd, messages, 1, 0, NULL) == 1
					? (ssize_t)messages[0].msg_len
					: -1);
	else if (!strcmp(program.arg, "dup"))
		got = dup2(fd, 100) == 100 && !close(100);
	else if (!strcmp(program.arg, "send"))
		got = put(fd, "GET /bytes/3 HTTP/1.1\r\nHost: x\r\n\r\n", 34);
	else if (!strcmp(program.arg, "shutdown"))
		got = !shutdown(fd, SHUT_WR);
	say("%zd", got);
	uint32_t sum = FNV1A_START;
	for (int left = waiting - taken; left > 0 && got > 0; left -= (int)got) {
		got = get(fd, bytes, left < 7 ? (size_t)left : 7);
		sum = got > 0 ? fnv1a(sum, bytes, (size_t)got) : sum;
	}
	say("%08x, %s", sum, error_name(got < 0 ? errno : 0));
	if (!strcmp(program.arg, "send"))
		answer(fd);
	hang_up(fd);
}

static void owed_bytes_are_lost_to_no_call(void)
{
	static const char *const calls[] = {"",	   "trunc", "recvmmsg", "splice",
					    "dup", "send",  "shutdown"};
	struct flow flow = {.program = "odd_reads", .faults = {"status=503@1+"}};
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		flow.arg = calls[i];
		for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
			if (!*calls[i] && flow.way == WAY_POLL)
				continue;
			flow.policy = LISTED;
			flow_both_alike(&flow);
		}
	}
	flow_end(&flow);
}

const struct runner_test statuses_more_tests[] = {
    T(head_may_be_cut_anywhere),
    T(response_is_delivered_whole_if_the_next_attempt_fails),
    T(what_is_no_response_is_delivered),
    T(waiting_for_all_waits_for_all),
    T(owed_bytes_are_lost_to_no_call),
    T(failed_rescue_is_told_to_each_poll),
    T_END,
};
