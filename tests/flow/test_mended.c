/* SPDX-License-Identifier: MIT */
/* Each of these was wrong once, in a corner that few programs come to. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"

enum { BODY_LEN = 300000, PIPELINED = 7, PADDING = 2000, STALL_MS = 1500 };

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static int pipes;

static void on_signal(int signal)
{
	pipes += signal == SIGPIPE;
}

static void handle(int signal)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigaction(signal, &action, NULL);
}

/* Answers twice, reads nothing of the second request's body, and stays. */
static void leave_the_body(struct peer *peer)
{
	int small = 4096;
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	int fd = peer_accept(peer);
	for (int i = 0; i < 2; i++) {
		peer_read_until(peer, fd, "\r\n\r\n");
		peer_say(fd, ok);
	}
	peer_accept(peer); /* until the test is over */
	peer_close(fd);
}

static void write_and_tell(int fd)
{
	static const char request[] = "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
	bool written = write(fd, request, sizeof(request) - 1) > 0;
	say("%s, %d signals", written ? "written" : error_name(errno), pipes);
}

/* The kernel gives up bytes that were not acknowledged; the connection was idle to the program. */
PROGRAM(writes_on_a_connection_that_timed_out)
{
	static const char head[] = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n";
	static char body[60000];
	int fd = dial_socket();
	int room = 200000, limit_ms = 300;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms));
	dial_on(fd);
	handle(SIGPIPE);
	exchange(fd, "GET", "/1", NULL);
	put(fd, head, sizeof(head) - 1);
	memset(body, 'b', sizeof(body));
	put(fd, body, sizeof(body));
	answer(fd);
	await_death(fd);
	for (int i = 0; i < 3; i++)
		write_and_tell(fd);
	hang_up(fd);
}

static void timeout_is_no_broken_pipe(void)
{
	struct flow flow = {.program = "writes_on_a_connection_that_timed_out",
			    .way = WAY_POLL,
			    .peer = leave_the_body,
			    .policy = "retry = { on = [\"reset\"]; };"};
	flow_both_alike(&flow);
	expect_printed(&flow, "200\n200\nETIMEDOUT, 0 signals\nEPIPE, 1 signals\n"
			      "EPIPE, 2 signals\n");
	flow_end(&flow);
}

/* Reads nothing of the second request for a while. */
static void read_late(struct peer *peer)
{
	int small = 4096;
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_until(peer, fd, "\r\n\r\n");
	poll(&(struct pollfd){.fd = -1}, 1, 400);
	peer_read_count(peer, fd, BODY_LEN);
	peer_say(fd, ok);
	peer_read_all(peer, fd);
	peer_close(fd);
}

/* A signal makes the kernel end a write with a part of it done. */
PROGRAM(stream_that_is_interrupted)
{
	static char request[BODY_LEN + 128];
	struct itimerval timer = {.it_value.tv_usec = 150000};
	int small = 4096;
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	FILE *stream = fdopen(fd, "r+");
	int len = snprintf(request, sizeof(request),
			   "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_LEN);
	memset(request + len, 'b', BODY_LEN);
	handle(SIGALRM);
	setitimer(ITIMER_REAL, &timer, NULL);
	size_t written = fwrite(request, 1, (size_t)len + BODY_LEN, stream);
	say("%zu left, flushed %d", (size_t)len + BODY_LEN - written, fflush(stream));
	answer(fd);
	fclose(stream);
}

static void stream_goes_on_after_a_part_was_written(void)
{
	struct flow flow = {.program = "stream_that_is_interrupted", .peer = read_late};
	flow_both_alike(&flow);
	expect_printed(&flow, "200\n0 left, flushed 0\n200\n");
	flow_end(&flow);
}

/* Tells that the idle connection is over, and lets nobody in any more. */
static void say_408_and_refuse(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	close(peer->listener);
	peer->listener = -1;
	poll(&(struct pollfd){.fd = -1}, 1, 100); /* the answer is read */
	peer_say(fd, "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
		     "Content-Length: 0\r\n\r\n");
	shutdown(fd, SHUT_WR);
	peer_read_all(peer, fd);
	peer_close(fd);
}

/* What redial knows of the number is about a rescue that has failed. */
PROGRAM(file_on_the_number_of_a_failed_rescue)
{
	char text[64] = "";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	exchange(fd, "GET", "/2", NULL);
	syscall(SYS_close, fd);
	int file = open("/proc/self/comm", O_RDONLY);
	say(file == fd ? "the same number" : "another number");
	ssize_t got = read(file, text, sizeof(text) - 1);
	say("%zd, %s", got, strncmp(text, "flow-tests", 10) ? "something else" : "what it holds");
	close(file);
}

static void file_on_the_number_of_a_failed_rescue_is_read_as_it_is(void)
{
	struct flow flow = {.program = "file_on_the_number_of_a_failed_rescue",
			    .peer = say_408_and_refuse,
			    .policy = "retry = { max_attempts = 2; };"};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		flow_both_alike(&flow);
		expect_printed(&flow, "200\n408\nthe same number\n11, what it holds\n");
		expect_logged(&flow, 1, "result=exhausted", NULL);
	}
	flow_end(&flow);
}

/* The digit of the next request's path, or -1. */
static int next_path(struct peer *peer, int fd)
{
	char start[sizeof("GET /1") - 1];
	if (recv(fd, start, sizeof(start), MSG_WAITALL) != (ssize_t)sizeof(start) ||
	    peer_read_until(peer, fd, "\r\n\r\n"))
		return -1;
	return start[sizeof(start) - 1] - '0';
}

/* Resets the first connection in the middle of a pipeline, and is slow to read the second. */
static void stall_the_second_connection(struct peer *peer)
{
	int small = 2048, order = 0;
	int fd = peer_accept(peer);
	setsockopt(peer->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	next_path(peer, fd);
	peer_say(fd, ok);
	for (int i = 0; i < PIPELINED; i++)
		next_path(peer, fd);
	peer_reset(fd);
	fd = peer_accept(peer);
	order = next_path(peer, fd);
	poll(&(struct pollfd){.fd = -1}, 1, STALL_MS);
	peer_say(fd, ok);
	for (int path; order < 10000000 && (path = next_path(peer, fd)) >= 0;) {
		peer_say(fd, ok);
		order = order * 10 + path;
	}
	peer->connections = order;
	peer_close(fd);
}

static void ask_at_length(int fd, int number)
{
	char request[PADDING + 64];
	int len =
	    snprintf(request, sizeof(request), "GET /%d HTTP/1.1\r\nHost: x\r\nX-Pad: %0*d\r\n\r\n",
		     number, PADDING, 0);
	ssize_t sent = send(fd, request, (size_t)len, MSG_NOSIGNAL);
	if (sent == len)
		return;
	say("%s", sent < 0 ? error_name(errno) : "a part");
	put(fd, request + (sent < 0 ? 0 : sent), (size_t)(len - (sent < 0 ? 0 : sent)));
}

/* arg: "block" to write the last request on a blocking socket. */
PROGRAM(pipeline_to_a_peer_that_stalls)
{
	char byte;
	int small = 2048;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	for (int i = 0; i < PIPELINED; i++)
		ask_at_length(fd, 2 + i);
	await_death(fd);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)); /* of the new one as well */
	ssize_t got = recv(fd, &byte, 1, 0);
	say("%s", got < 0 ? error_name(errno) : "data");
	if (!strcmp(program.arg, "block"))
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	ask_at_length(fd, 9);
	for (int i = 0; i <= PIPELINED; i++)
		answer(fd);
	hang_up(fd);
}

static void request_never_overtakes_a_pipeline_that_a_slow_peer_stalls(void)
{
	static const char answers[] = "200\n200\n200\n200\n200\n200\n200\n200\n";
	char printed[200];
	struct flow flow = {.program = "pipeline_to_a_peer_that_stalls",
			    .way = WAY_POLL,
			    .peer = stall_the_second_connection};
	for (int i = 0; i < 2; i++) {
		flow.arg = i ? "block" : "";
		snprintf(printed, sizeof(printed), "200\nEAGAIN\n%s%s", i ? "" : "EAGAIN\n",
			 answers);
		flow_redial(&flow);
		expect_printed(&flow, printed);
		runner_expect_long("order of the requests", 23456789, flow.seen.connections);
	}
	flow_end(&flow);
}

/* A small response was copied to where the next connection's lock would lie, and never left it. */
PROGRAM(dials_after_small_responses)
{
	for (int i = 0; i < 20; i++) {
		int fd = dial();
		exchange(fd, "POST", "/1", "x");
		int other = dial();
		hang_up(fd);
		hang_up(other);
	}
}

static void small_response_that_was_held_back_leaves_no_lock_behind(void)
{
	struct flow flow = {.program = "dials_after_small_responses",
			    .faults = {"status=503@1+"},
			    .policy = "retry = { statuses = [503]; };"};
	flow_redial(&flow);
	expect_logged(&flow, 20, "event=refused reason=method cause=status", NULL);
	flow_end(&flow);
}

/* arg: a path whose response ends its connection. */
PROGRAM(eight_closing_exchanges_then_three_failures)
{
	static const char *const cut[] = {"/cut-1", "/cut-2", "/cut-3"};
	char bytes[1024];
	for (int i = 0; i < 8; i++) {
		int fd = dial();
		ask(fd, "GET", program.arg, NULL);
		while (get(fd, bytes, sizeof(bytes)) > 0)
			;
		hang_up(fd);
	}
	for (int i = 0; i < 3; i++) {
		int fd = dial();
		exchange(fd, "GET", cut[i], NULL);
		hang_up(fd);
	}
}

/* They are most of what there is to a peer whose every response says Connection: close. */
static void responses_that_end_their_connection_keep_the_breaker_closed(void)
{
	static const char *const paths[] = {"/close", "/http10"};
	struct flow flow = {.program = "eight_closing_exchanges_then_three_failures",
			    .faults = {"reset@once:path:/cut-1", "reset@once:path:/cut-2",
				       "reset@once:path:/cut-3"},
			    .policy = "retry = { on = [\"reset\", \"first-use\"]; };\n"
				      "breaker = { failure_ratio = 0.5; min_attempts = 3; };\n"};
	for (int i = 0; i < 2; i++) {
		flow.arg = paths[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /cut-1\n200 /cut-2\n200 /cut-3\n");
		expect_logged(&flow, 0, "reason=breaker", NULL);
	}
	flow_end(&flow);
}

PROGRAM(throws_away_an_answer_to_a_pipeline)
{
	static const char requests[] = "GET /2 HTTP/1.1\r\nHost: test\r\n\r\n"
				       "GET /3 HTTP/1.1\r\nHost: test\r\n\r\n"
				       "GET /close HTTP/1.1\r\nHost: test\r\n\r\n";
	char bytes[4096];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, requests, sizeof(requests) - 1);
	get(fd, bytes, 1);
	recv(fd, bytes, sizeof(bytes), MSG_TRUNC);
	ssize_t got = 1;
	while (got > 0)
		got = get(fd, bytes, sizeof(bytes));
	say("%s", error_name(got < 0 ? errno : 0));
	hang_up(fd);
}

/* What waited its turn behind a repeated request was lost when the connection was let go. */
static void requests_of_a_pipeline_go_out_when_their_answers_are_thrown_away(void)
{
	struct flow flow = {.program = "throws_away_an_answer_to_a_pipeline",
			    .faults = {"reset-unread@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nEOF\n");
		expect_seen(&flow, 1, "conn=2 n=2 method=GET path=/3 ", NULL);
		expect_seen(&flow, 1, "conn=2 n=3 method=GET path=/close ", NULL);
	}
	flow_end(&flow);
}

const struct runner_test mended_tests[] = {
    T(small_response_that_was_held_back_leaves_no_lock_behind),
    T(timeout_is_no_broken_pipe),
    T(stream_goes_on_after_a_part_was_written),
    T(file_on_the_number_of_a_failed_rescue_is_read_as_it_is),
    T(request_never_overtakes_a_pipeline_that_a_slow_peer_stalls),
    T(responses_that_end_their_connection_keep_the_breaker_closed),
    T(requests_of_a_pipeline_go_out_when_their_answers_are_thrown_away),
    T_END,
};
