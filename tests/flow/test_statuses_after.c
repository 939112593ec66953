/* SPDX-License-Identifier: MIT */
/* statuses: what the program does while, and after, its request is sent again. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"

#define RETRY  "retry = { statuses = [503, 429]; backoff = { base_ms = 2; }; "
#define LISTED RETRY "};"

#define BUSY "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 13\r\n\r\n{\"path\":\"/5\"}"
#define OK   "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"path\":\"/2\"}"

static int take_request(struct peer *peer)
{
	int fd = peer_accept(peer);
	if (fd >= 0)
		peer_read_until(peer, fd, "\r\n\r\n");
	return fd;
}

/* Answers the second attempt only when the program has gone. */
static void serve_silence(struct peer *peer)
{
	int busy = take_request(peer);
	peer_say(busy, BUSY);
	int fd = take_request(peer);
	peer_read_all(peer, fd);
	peer_close(fd);
	peer_close(busy);
}

/*
 * libuv closes past the hooks: the socket of the response that was kept, that of the silent attempt
 * and the timer that watches it must not stay open for ever.
 */
PROGRAM(closes_past_the_hooks_while_it_waits)
{
	char byte;
	int fd = dial();
	int before = descriptors();
	ask(fd, "GET", "/2", NULL);
	for (int calm = 0, i = 0; calm < 3 && i < 300; i++) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		poll(&p, 1, 10);
		recv(fd, &byte, 1, 0);
		calm = descriptors() == before + 3 ? calm + 1 : 0;
	}
	say("%d kept", descriptors() - before);
	syscall(SYS_close, fd);
	fd = open("/dev/null", O_RDONLY);
	int next = socket(AF_INET, SOCK_STREAM, 0);
	say("%d kept", descriptors() - before - 1);
	close(fd);
	close(next);
}

static void kept_response_ends_with_its_connection(void)
{
	struct flow flow = {.program = "closes_past_the_hooks_while_it_waits",
			    .way = WAY_POLL,
			    .peer = serve_silence,
			    .policy = LISTED};
	flow_redial(&flow);
	expect_printed(&flow, "3 kept\n0 kept\n");
	flow_end(&flow);
}

/* What redial still owes is the socket's, not that of whatever comes to its number. */
PROGRAM(file_on_the_number_of_what_is_owed)
{
	char text[64] = "";
	int fd = dial();
	ask(fd, "GET", "/bytes/3000", NULL);
	ssize_t got = get(fd, text, 12);
	say("%.*s", (int)got, text);
	syscall(SYS_close, fd);
	int file = open("/proc/self/comm", O_RDONLY);
	say(file == fd ? "the same number" : "another number");
	got = read(file, text, sizeof(text) - 1);
	say("%zd, %s", got, strncmp(text, "flow-tests", 10) ? "something else" : "what it holds");
	close(file);
}

static void file_on_the_number_of_what_is_owed_is_read_as_it_is(void)
{
	struct flow flow = {.program = "file_on_the_number_of_what_is_owed",
			    .faults = {"status=503@1+"},
			    .policy = LISTED};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_EDGE; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "HTTP/1.1 503\nthe same number\n11, what it holds\n");
	}
	flow_end(&flow);
}

/* The connection of a response that was delivered is as good as any. */
PROGRAM(goes_on_after_the_last)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void connection_is_guarded_after_a_delivered_status(void)
{
	struct flow flow = {.program = "goes_on_after_the_last",
			    .faults = {"status=503@path:/1", "reset@3.2"},
			    .policy = LISTED};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "503 /1\n200 /2\n200 /3\n");
		expect_seen(&flow, 3, "path=/1 ", NULL);
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_logged(&flow, 1, "result=recovered", "path=/2 ");
	}
	flow_end(&flow);
}

/* arg: more header lines */
PROGRAM(post_one)
{
	char request[400];
	int fd = dial();
	int len = snprintf(request, sizeof(request),
			   "POST /1 HTTP/1.1\r\nHost: x\r\n%sContent-Length: 5\r\n\r\norder",
			   *program.arg ? "Idempotency-Key: 7\r\n" : "");
	put(fd, request, (size_t)len);
	answer(fd);
	hang_up(fd);
}

static void post_needs_a_key(void)
{
	static const struct {
		const char *arg, *fault, *printed;
		int seen;
	} rows[] = {
	    {"", "status=503@1.1", "503 /1\n", 1},
	    {"key", "status=503@1.1", "200 /1\n", 2},
	    {"key", "status=409@1.1", "409 /1\n", 1},
	    {"key", "status=503@1+", "503 /1\n", 3},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct flow flow = {.program = "post_one",
				    .arg = rows[i].arg,
				    .faults = {rows[i].fault},
				    .policy =
					"retry = { statuses = [503, 409]; "
					"idempotency_key_headers = [\"Idempotency-Key\"]; };"};
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, rows[i].printed);
			expect_seen(&flow, rows[i].seen, "method=POST", "body=5");
		}
		flow_end(&flow);
	}
}

/* Half a status line that stalls: the program's signal ends its read as it always did. */
static void serve_half(struct peer *peer)
{
	int fd = take_request(peer);
	peer_say(fd, "HTTP/1.1 5");
	peer_read_all(peer, fd);
	peer_close(fd);
}

static void on_alarm(int signal)
{
	(void)signal;
}

PROGRAM(is_interrupted_in_half_a_line)
{
	struct sigaction action = {.sa_handler = on_alarm};
	struct itimerval timer = {.it_value.tv_usec = 150000};
	char text[100];
	int fd = dial();
	sigaction(SIGALRM, &action, NULL);
	ask(fd, "GET", "/1", NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	ssize_t got = recv(fd, text, *program.arg ? 100 : 5, 0);
	say("%s", got < 0 ? error_name(errno) : "data");
	hang_up(fd);
}

static void signal_ends_the_wait_for_a_head(void)
{
	struct flow flow = {
	    .program = "is_interrupted_in_half_a_line", .peer = serve_half, .policy = LISTED};
	for (int i = 0; i < 2; i++) {
		flow.arg = i ? "large" : "";
		flow_redial(&flow);
		expect_printed(&flow, "EINTR\n");
	}
	flow_end(&flow);
}

/* Writes the next request in the middle of the pause, and shuts down what it has begun. */
PROGRAM(pipelines_meanwhile)
{
	int fd = dial();
	ask(fd, "GET", "/1", NULL);
	await(fd);
	char byte[16];
	ssize_t got = recv(fd, byte, sizeof(byte), 0);
	say("%s", got < 0 ? error_name(errno) : "data");
	ask(fd, "GET", "/2", NULL);
	if (*program.arg)
		shutdown(fd, SHUT_WR);
	answer(fd);
	answer(fd);
	read_to_the_end(fd);
	hang_up(fd);
}

static void program_that_goes_on_gets_the_response(void)
{
	struct flow flow = {.program = "pipelines_meanwhile",
			    .arg = "shutdown",
			    .faults = {"status=503@1.1", "status=503@1.1"},
			    .policy = "retry = { statuses = [503]; backoff = { base_ms = 3000; "
				      "max_ms = 3000; jitter = \"none\"; }; };"};
	for (flow.way = WAY_POLL; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "EAGAIN\n503 /1\n200 /2\n0 bytes, sum 811c9dc5, then EOF\n");
		expect_seen(&flow, 1, "path=/1 ", NULL);
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_within(&flow, 2500);
	}
	flow_end(&flow);
}

enum { STATUS_LINE_PART = 17 };

/* The rest of the response comes when the program has called, and then a reset. */
static void serve_rest_and_reset(struct peer *peer)
{
	int fd = take_request(peer);
	peer_write(fd, BUSY, STATUS_LINE_PART);
	peer_close(peer_accept(peer));
	peer_say(fd, BUSY + STATUS_LINE_PART);
	peer_reset(fd);
}

PROGRAM(pipelines_behind_a_piece)
{
	char bytes[64];
	int fd = dial();
	ask(fd, "GET", "/1", NULL);
	await(fd);
	ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
	say("%s", got < 0 ? error_name(errno) : "data");
	hang_up(dial());
	await_death(fd);
	ask(fd, "GET", "/2", NULL);
	answer(fd);
	read_to_the_end(fd);
	hang_up(fd);
}

/* Its first piece is held back, the rest of it unread, when a request of the program's fails. */
static void failing_send_loses_nothing_of_a_response(void)
{
	struct flow flow = {
	    .program = "pipelines_behind_a_piece", .peer = serve_rest_and_reset, .policy = LISTED};
	flow.way = WAY_POLL;
	flow_redial(&flow);
	expect_printed(&flow, "EAGAIN\nECONNRESET while sending /2\n503 /5\n"
			      "0 bytes, sum 811c9dc5, then EOF\n");
	flow_end(&flow);
}

/* The rest of the head comes when the program has had what there is. */
static void serve_rest_when_called(struct peer *peer)
{
	int fd = take_request(peer);
	peer_write(fd, BUSY, STATUS_LINE_PART);
	peer_close(peer_accept(peer));
	peer_say(fd, BUSY + STATUS_LINE_PART);
	peer_close(fd);
}

PROGRAM(reads_a_piece)
{
	char bytes[64];
	int fd = dial();
	ask(fd, "GET", "/1", NULL);
	await(fd);
	say("%zd bytes", recv(fd, bytes, sizeof(bytes), *program.arg ? MSG_DONTWAIT : 0));
	hang_up(dial());
	read_to_the_end(fd);
	hang_up(fd);
}

/* A program that polls does not expect to wait in its read, nor for ever. */
static void head_that_does_not_end_is_waited_for_no_longer_than_a_rescue(void)
{
	static const char *const args[] = {"", "MSG_DONTWAIT"};
	char expected[80];
	size_t left = sizeof(BUSY) - 1 - STATUS_LINE_PART;
	snprintf(expected, sizeof(expected), "%d bytes\n%zu bytes, sum %08x, then EOF\n",
		 STATUS_LINE_PART, left, fnv1a(FNV1A_START, BUSY + STATUS_LINE_PART, left));
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		struct flow flow = {.program = "reads_a_piece",
				    .arg = args[i],
				    .peer = serve_rest_when_called,
				    .policy = "retry = { statuses = [503]; "
					      "total_timeout_ms = 200; };"};
		flow_redial(&flow);
		expect_printed(&flow, expected);
		flow_end(&flow);
	}
}

/* The whole rescue has its time, the wait for an answer to the repeated request included. */
static void silence_after_a_status_gives_that_response_back(void)
{
	struct flow flow = {.program = "goes_on_after_the_last",
			    .faults = {"status=503@1.2", "drop@2.1"},
			    .policy = "retry = { statuses = [503]; total_timeout_ms = 400; };"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n503 /2\n200 /3\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_seen(&flow, 1, "conn=1 n=3 ", "path=/3 ");
		expect_logged(&flow, 1, "result=exhausted", "reason=deadline");
		expect_within(&flow, 5000);
	}
	flow_end(&flow);
}

const struct runner_test statuses_after_tests[] = {
    T(silence_after_a_status_gives_that_response_back),
    T(kept_response_ends_with_its_connection),
    T(file_on_the_number_of_what_is_owed_is_read_as_it_is),
    T(connection_is_guarded_after_a_delivered_status),
    T(post_needs_a_key),
    T(signal_ends_the_wait_for_a_head),
    T(program_that_goes_on_gets_the_response),
    T(failing_send_loses_nothing_of_a_response),
    T(head_that_does_not_end_is_waited_for_no_longer_than_a_rescue),
    T_END,
};
