/* SPDX-License-Identifier: MIT */
/*
 * Event loops that heed a hang-up once they have read what came with it, as libuv does: where they
 * have written the next request meanwhile, nobody reads its answer any more.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "flow.h"

enum { SILENCE_MS = 3000 };

static int set = -1;

static bool by_epoll(void)
{
	return program.way != WAY_POLL;
}

/* What the kernel tells of it: poll's bits, which are epoll's. */
static uint32_t events_of(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct epoll_event event = {.events = 0};
	if (!by_epoll())
		return poll(&p, 1, SILENCE_MS) == 1 ? (uint32_t)p.revents : 0;
	return epoll_wait(set, &event, 1, SILENCE_MS) == 1 ? event.events : 0;
}

/* program.arg: the method of the second request, which follows the first answer at once. */
PROGRAM(heed_a_hang_up)
{
	bool edge = program.way == WAY_EDGE;
	int fd = dial();
	set = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event asked = {.events = EPOLLIN | (edge ? EPOLLET : 0u), .data.fd = fd};
	if (by_epoll())
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &asked);
	ask(fd, "GET", "/1", NULL);
	await_death(fd);
	uint32_t events = events_of(fd);
	answer(fd);
	bool asks = ask(fd, program.arg, "/2", strcmp(program.arg, "POST") ? NULL : "order");
	if (events & EPOLLHUP)
		say("hung up");
	else if (asks && events_of(fd) & EPOLLIN)
		answer(fd);
	close(fd);
}

static void request_behind_an_answer_that_a_reset_follows_is_answered(void)
{
	static const char *const methods[] = {"GET", "POST"};
	static const enum way ways[] = {WAY_POLL, WAY_LEVEL};
	struct flow flow = {.program = "heed_a_hang_up", .faults = {"idle-reset=0@1.1"}};
	for (int i = 0; i < 4; i++) {
		flow.arg = methods[i % 2];
		flow.way = ways[i / 2];
		flow_bare(&flow);
		expect_seen(&flow, 0, "path=/2 ", NULL);
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 1, "result=recovered", NULL);
		expect_logged(&flow, 0, "result=abandoned", NULL);
	}
	flow_end(&flow);
}

/* Read to its end, it is told as it is: nothing else will wake who waits for it. */
PROGRAM(wait_for_the_hang_up)
{
	int fd = dial();
	ask(fd, "GET", "/1", NULL);
	await_death(fd);
	answer(fd);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	say("%s", poll(&p, 1, SILENCE_MS) == 1 && p.revents & POLLHUP ? "hung up" : "silent");
	close(fd);
}

static void hang_up_behind_an_answer_is_told_by_the_next_wait(void)
{
	struct flow flow = {.program = "wait_for_the_hang_up", .faults = {"idle-reset=0@1.1"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_both_alike(&flow);
		expect_printed(&flow, "200 /1\nhung up\n");
	}
	flow_end(&flow);
}

static ssize_t by_file(int fd, ssize_t send_it(int, int, off_t *, size_t))
{
	int file = memfd_create("left", MFD_CLOEXEC);
	off_t start = 0;
	if (write(file, "GET ", 4) != 4)
		say("no file");
	ssize_t put = send_it(fd, file, &start, 4);
	close(file);
	return put;
}

static ssize_t by_pipe(int fd)
{
	int ends[2];
	if (pipe(ends) || write(ends[1], "GET ", 4) != 4)
		say("no pipe");
	ssize_t put = splice(ends[0], NULL, fd, NULL, 4, 0);
	close(ends[0]);
	close(ends[1]);
	return put;
}

static ssize_t by_pieces(int fd, bool many)
{
	struct iovec piece = {(void *)"GET ", 4};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
	return many ? sendmmsg(fd, &message, 1, 0) : writev(fd, &piece, 1);
}

static const char *const calls[] = {"write",	"send",	      "writev", "sendmmsg",
				    "sendfile", "sendfile64", "splice"};

static ssize_t put_by(int fd, const char *call)
{
	int which = 0;
	while (strcmp(calls[which], call))
		which++;
	switch (which) {
	case 0:
		return write(fd, "GET ", 4);
	case 1:
		return send(fd, "GET ", 4, 0);
	case 2:
	case 3:
		return by_pieces(fd, which == 3);
	case 4:
		return by_file(fd, sendfile);
	case 5:
		return by_file(fd, (ssize_t(*)(int, int, off_t *, size_t))sendfile64);
	default:
		return by_pipe(fd);
	}
}

/* A program that has something left to write when it reads the end. arg: how. */
PROGRAM(write_behind_the_end)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	say("read %zd", read(fd, &byte, 1));
	say("read %zd", read(fd, &byte, 1));
	ssize_t put = put_by(fd, program.arg);
	say("write %s", put < 0 ? error_name(errno) : "taken");
	say("write %s", send(fd, "x", 1, MSG_NOSIGNAL) < 0 ? error_name(errno) : "taken");
	close(fd);
}

/* Bare the first read tells of it, and the program writes no more. SIGPIPE would end it. */
static void write_behind_a_reset_that_was_read_as_the_end_tells_of_the_reset(void)
{
	struct flow flow = {.program = "write_behind_the_end", .faults = {"idle-reset=0@1.1"}};
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		flow.arg = calls[i];
		for (flow.way = WAY_BLOCK; flow.way < WAY_LEVEL; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow,
				       "200 /1\nread 0\nread 0\nwrite ECONNRESET\nwrite EPIPE\n");
			expect_logged(&flow, 0, NULL, NULL);
		}
	}
	flow_end(&flow);
}

/*
 * A GET that two servers may read differently, of which that is not known yet. Its end is awaited
 * past the hooks.
 */
PROGRAM(events_behind_a_doubtful_get)
{
	static const char request[] =
	    "GET /2 HTTP/1.1\r\nHost: test\r\nUser-Agent: a rather long name of it\r\n"
	    "X-Doubtful: a\nX-Other: b\r\n\r\n";
	static const short asked[] = {POLLOUT, POLLOUT | POLLRDHUP, POLLIN | POLLOUT, POLLIN};
	int fd = dial();
	struct pollfd what = {.fd = fd};
	struct timespec limit = {.tv_sec = 5};
	exchange(fd, "GET", "/1", NULL);
	put(fd, request, sizeof(request) - 1);
	syscall(SYS_ppoll, &what, 1, &limit, NULL, 0);
	for (int i = 0; i < 4; i++) {
		what.events = asked[i];
		int count = poll(&what, 1, 5000);
		say("%d %x", count, (unsigned)what.revents);
	}
	read_to_the_end(fd);
}

static void serve_one_then_reset(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
}

/* Only where a read would begin a rescue does a poll for room say nothing of the end. */
static void end_of_what_is_not_sent_again_is_told_as_it_is(void)
{
	struct flow flow = {.program = "events_behind_a_doubtful_get",
			    .peer = serve_one_then_reset};
	for (flow.way = WAY_BLOCK; flow.way < WAY_LEVEL; flow.way++)
		flow_both_alike(&flow);
	flow_end(&flow);
}

const struct runner_test hang_up_tests[] = {
    T(request_behind_an_answer_that_a_reset_follows_is_answered),
    T(hang_up_behind_an_answer_is_told_by_the_next_wait),
    T(write_behind_a_reset_that_was_read_as_the_end_tells_of_the_reset),
    T(end_of_what_is_not_sent_again_is_told_as_it_is),
    T_END,
};
