/* SPDX-License-Identifier: MIT */
/*
 * Bytes that the program was told are written, while a new connection is not to be had: whichever
 * call comes next, and however it ends, they are on a connection whole and in order, or an error.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"
#include "sending.h"

/* A new connection is tried before the request, in vain, and then the old one serves. */
#define REPLACED "retry = { max_idle_ms = 20; connect_timeout_ms = 60; };"

#define LAST_REQUEST "GET /last HTTP/1.1\r\nHost: test\r\n\r\n"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/* The body would be read as a request if it came alone. */
static const char body[] = "GET /other HTTP/1.1\r\nHost: test\r\n\r\n";

enum { BODY_LEN = sizeof(body) - 1, LARGE = 300000, IDLE_MS = 40 };

/* What the program does behind the body. */
static void end_with_an_answer(int fd)
{
	put(fd, LAST_REQUEST, sizeof(LAST_REQUEST) - 1);
	answer(fd);
	hang_up(fd);
}

static void end_with_half_a_close(int fd)
{
	say("shutdown %d", shutdown(fd, SHUT_WR));
	read_to_the_end(fd);
	hang_up(fd);
}

static void end_with_both_halves(int fd)
{
	say("shutdown %d", shutdown(fd, SHUT_RDWR));
	hang_up(fd);
}

static void end_with_another_file(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	say("dup2 %d", dup2(null, fd) == fd);
	say("write %zd", write(fd, "x", 1));
}

static void end_with_a_range(int fd)
{
	say("close_range %d", close_range((unsigned)fd, (unsigned)fd, 0));
}

/* As libuv closes: redial finds out when the next socket is made. */
static void end_past_the_hooks(int fd)
{
	syscall(SYS_close, fd);
	close(socket(AF_INET, SOCK_STREAM, 0));
}

static void end_with_another_program(int fd)
{
	(void)fd;
	execl("/bin/true", "true", NULL);
}

static void end_with_the_process(int fd)
{
	(void)fd;
	exit(0);
}

static const struct end {
	const char *name;
	void (*make)(int fd);
} ends[] = {
    {"answer", end_with_an_answer},  {"close", hang_up},
    {"half", end_with_half_a_close}, {"both", end_with_both_halves},
    {"dup2", end_with_another_file}, {"close_range", end_with_a_range},
    {"exit", end_with_the_process},  {"exec", end_with_another_program},
    {"raw", end_past_the_hooks},
};

enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

static const struct end *end_named(const char *name)
{
	const struct end *end = ends;
	while (strcmp(end->name, name))
		end++;
	return end;
}

static void rest(long ms)
{
	for (long end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
		poll(NULL, 0, (int)left);
}

/* arg: "CALL LENGTH END". */
PROGRAM(body_by_another_call)
{
	static char bytes[LARGE];
	char head[200], end[20];
	size_t len = 0;
	sscanf(program.arg, "%*s %zu %19s", &len, end);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < len; i++)
		bytes[i] = body[i % BODY_LEN];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	rest(IDLE_MS);
	int head_len =
	    snprintf(head, sizeof(head),
		     "POST /2 HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n\r\n", len);
	if (put(fd, head, (size_t)head_len) && push(fd, call_named(program.arg), bytes, len))
		say("written");
	end_named(end)->make(fd);
}

/* Keeps the first connection, and lets no other one in. */
static void serve_the_first(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_shut_out(peer);
	peer_say(fd, ok);
	if (peer_read_until(peer, fd, LAST_REQUEST) == 0)
		peer_say(fd, ok);
	peer_read_all(peer, fd);
	peer_close(fd);
}

/* What an upload by write is bare, by each call and with redial beside it. */
static void every_call(enum way way, size_t len, const char *end)
{
	char arg[100];
	struct flow flow = {.program = "body_by_another_call",
			    .peer = serve_the_first,
			    .policy = REPLACED,
			    .arg = arg};
	snprintf(arg, sizeof(arg), "write %zu %s", len, end);
	flow_bare(&flow);
	char *printed = strdup(flow.result.out);
	struct peer seen = flow.seen;
	flow.way = way;
	for (int i = 0; i < CALLS_ALIKE; i++) {
		snprintf(arg, sizeof(arg), "%s %zu %s", calls[i].name, len, end);
		flow_redial(&flow);
		if (!expect_printed(&flow, printed) |
		    !runner_expect_long("bytes received", (long)seen.received,
					(long)flow.seen.received) |
		    !runner_expect_long("their sum", seen.sum, flow.seen.sum))
			printf(" %s", arg);
	}
	free(printed);
	flow_end(&flow);
}

static void head_is_not_lost_by_any_call_for_the_body(void)
{
	struct flow urgent = {.program = "body_by_another_call",
			      .peer = serve_the_first,
			      .policy = REPLACED,
			      .arg = "urgent 35 close"};
	every_call(WAY_BLOCK, BODY_LEN, "answer");
	every_call(WAY_POLL, BODY_LEN, "answer");
	for (urgent.way = WAY_BLOCK; urgent.way <= WAY_POLL; urgent.way++)
		flow_both_alike(&urgent);
	flow_end(&urgent);
}

static void what_was_taken_is_not_lost_by_any_end(void)
{
	for (int i = 1; i < ENDS; i++)
		every_call(WAY_POLL, BODY_LEN, ends[i].name);
}

static void large_body_goes_out_whole_by_any_call(void)
{
	every_call(WAY_BLOCK, LARGE, "close");
	every_call(WAY_POLL, LARGE, "answer");
	every_call(WAY_POLL, LARGE, "close");
}

const struct runner_test exits_tests[] = {
    T(head_is_not_lost_by_any_call_for_the_body),
    T(what_was_taken_is_not_lost_by_any_end),
    T(large_body_goes_out_whole_by_any_call),
    T_END,
};
