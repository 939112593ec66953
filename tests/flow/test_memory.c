/* SPDX-License-Identifier: MIT */
/*
 * Memory that is not there, in any part of what a program hands to a call that writes or reads: the
 * call says what it says bare, no byte is lost, and the connection goes on.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bad.h"
#include "flow.h"

static char request[] = "GET /x HTTP/1.1\r\nHost: test\r\n\r\n";
enum { REQUEST_LEN = sizeof(request) - 1, ANSWER_PART = 64 };

/* One way to have a call read, or fill, memory at `at`. */
struct act {
	const char *name;
	size_t size;		/* what is looked at there */
	void (*fill)(char *at); /* makes it something that can be used */
	long (*call)(int fd, char *at);
};

static void fill_request(char *at)
{
	memcpy(at, request, REQUEST_LEN);
}

/* A request in two pieces. */
static void fill_pieces(char *at)
{
	struct iovec pieces[2] = {{request, 10}, {request + 10, REQUEST_LEN - 10}};
	memcpy(at, pieces, sizeof(pieces));
}

static struct msghdr message(struct iovec *pieces, size_t count)
{
	return (struct msghdr){.msg_iov = pieces, .msg_iovlen = count};
}

static void fill_message(char *at)
{
	static struct iovec piece = {request, REQUEST_LEN};
	struct msghdr whole = message(&piece, 1);
	memcpy(at, &whole, sizeof(whole));
}

static long call_send(int fd, char *at)
{
	return send(fd, at, REQUEST_LEN, MSG_NOSIGNAL);
}

static long call_sendto(int fd, char *at)
{
	return sendto(fd, at, REQUEST_LEN, MSG_NOSIGNAL, NULL, 0);
}

static long call_write(int fd, char *at)
{
	return write(fd, at, REQUEST_LEN);
}

static long call_writev(int fd, char *at)
{
	struct iovec piece = {at, REQUEST_LEN};
	return writev(fd, &piece, 1);
}

static long call_writev_second(int fd, char *at)
{
	struct iovec pieces[3] = {{NULL, 0}, {request, 10}, {at + 10, REQUEST_LEN - 10}};
	return writev(fd, pieces, 3);
}

static long call_writev_array(int fd, char *at)
{
	return writev(fd, (struct iovec *)(void *)at, 2);
}

static long call_sendmsg(int fd, char *at)
{
	struct iovec piece = {at, REQUEST_LEN};
	struct msghdr whole = message(&piece, 1);
	return sendmsg(fd, &whole, MSG_NOSIGNAL);
}

static long call_sendmsg_array(int fd, char *at)
{
	struct msghdr whole = message((struct iovec *)(void *)at, 2);
	return sendmsg(fd, &whole, MSG_NOSIGNAL);
}

static long call_sendmsg_header(int fd, char *at)
{
	return sendmsg(fd, (struct msghdr *)(void *)at, MSG_NOSIGNAL);
}

static const struct act writes[] = {
    {"send", REQUEST_LEN, fill_request, call_send},
    {"sendto", REQUEST_LEN, fill_request, call_sendto},
    {"write", REQUEST_LEN, fill_request, call_write},
    {"writev", REQUEST_LEN, fill_request, call_writev},
    {"second of writev", REQUEST_LEN, fill_request, call_writev_second},
    {"array of writev", 2 * sizeof(struct iovec), fill_pieces, call_writev_array},
    {"sendmsg", REQUEST_LEN, fill_request, call_sendmsg},
    {"array of sendmsg", 2 * sizeof(struct iovec), fill_pieces, call_sendmsg_array},
    {"header of sendmsg", sizeof(struct msghdr), fill_message, call_sendmsg_header},
};
enum { WRITES = sizeof(writes) / sizeof(*writes) };

/* In a buffer of the kernel's own a part of the bytes may fit, by chance: the rest follows. */
static const char *outcome(int fd, long result, size_t good)
{
	if (result < 0)
		return error_name(errno);
	if (result == 0 || (size_t)result > good)
		return "more than there is";
	put(fd, request + result, REQUEST_LEN - (size_t)result);
	await(fd);
	char bytes[4096];
	return recv(fd, bytes, sizeof(bytes), 0) > 0 ? "EFAULT" : "no answer";
}

/* Uses the memory so often while it is good, then when it is bad. false: that went wrong. */
static bool write_from(int fd, const struct act *act, enum bad kind, size_t good, int uses)
{
	struct bad_memory memory;
	char *at = bad_begin(&memory, kind, good);
	bool fine = true;
	if (at)
		act->fill(at);
	for (int i = 0; at && fine && i < uses; i++) {
		char bytes[4096];
		fine = act->call(fd, at) == REQUEST_LEN && await(fd) &&
		       recv(fd, bytes, sizeof(bytes), 0) > 0;
	}
	bad_spoil(&memory);
	if (fine) {
		const char *how = outcome(fd, act->call(fd, at), good);
		fine = !strcmp(how, "EFAULT");
		if (!fine)
			say("%s from memory %s, %zu good, after %d: %s", act->name, bad_names[kind],
			    good, uses, how);
	}
	bad_end(&memory);
	return fine;
}

/* All kinds of bad memory. Says nothing but what went wrong. */
static void write_from_all(int fd, const struct act *act)
{
	static const int uses[] = {0, 1, 20};
	for (int kind = 0; kind < BAD_COUNT; kind++) {
		for (int i = 0; i < 3; i++) {
			write_from(fd, act, (enum bad)kind, 0, uses[i]);
			if (kind != BAD_NULL)
				write_from(fd, act, (enum bad)kind, act->size / 2, uses[i]);
		}
	}
}

PROGRAM(writes_from_bad_memory_at_once)
{
	for (size_t i = 0; i < WRITES; i++) {
		const struct act *act = &writes[i];
		for (int kind = 0; kind < BAD_COUNT; kind++) {
			int fd = dial();
			write_from(fd, act, (enum bad)kind, 0, 0);
			exchange(fd, "GET", act->name[0] == 's' ? "/s" : "/w", NULL);
			hang_up(fd);
		}
	}
}

PROGRAM(writes_from_memory_that_goes_bad)
{
	for (size_t i = 0; i < WRITES; i++) {
		int fd = dial();
		exchange(fd, "GET", "/1", NULL);
		write_from_all(fd, &writes[i]);
		exchange(fd, "GET", "/2", NULL);
		exchange(fd, "POST", "/3", "body");
		hang_up(fd);
	}
}

static void writing_from_bad_memory_says_what_it_says_bare(void)
{
	struct flow flow = {.program = "writes_from_bad_memory_at_once"};
	flow_both_alike(&flow);
	flow.program = "writes_from_memory_that_goes_bad";
	flow_both_alike(&flow);
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

/* That the connection is still looked after. */
static void request_after_bad_ones_is_saved(void)
{
	struct flow flow = {.program = "writes_from_memory_that_goes_bad",
			    .faults = {"reset@path:/2"}};
	flow_redial(&flow);
	expect_logged(&flow, WRITES, "attempt=2", "/2");
	flow_end(&flow);
}

static long call_recv(int fd, char *at)
{
	return recv(fd, at, ANSWER_PART, 0);
}

/* Bare what was read is lost, if it is not only looked at. */
static long call_recvfrom_len(int fd, char *at)
{
	char byte;
	struct sockaddr_storage addr;
	return recvfrom(fd, &byte, 1, MSG_PEEK, (struct sockaddr *)&addr, (socklen_t *)(void *)at);
}

static long call_read(int fd, char *at)
{
	return read(fd, at, ANSWER_PART);
}

static long call_readv_second(int fd, char *at)
{
	char first[5];
	struct iovec pieces[2] = {{first, sizeof(first)}, {at, ANSWER_PART}};
	return readv(fd, pieces, 2);
}

static long call_readv_array(int fd, char *at)
{
	return readv(fd, (struct iovec *)(void *)at, 2);
}

static long call_recvmsg(int fd, char *at)
{
	struct iovec piece = {at, ANSWER_PART};
	struct msghdr whole = message(&piece, 1);
	return recvmsg(fd, &whole, 0);
}

static long call_recvmsg_array(int fd, char *at)
{
	struct msghdr whole = message((struct iovec *)(void *)at, 2);
	return recvmsg(fd, &whole, 0);
}

static long call_recvmsg_header(int fd, char *at)
{
	return recvmsg(fd, (struct msghdr *)(void *)at, MSG_PEEK);
}

static long call_recvmmsg(int fd, char *at)
{
	return recvmmsg(fd, (struct mmsghdr *)(void *)at, 1, MSG_PEEK, NULL);
}

static void fill_nothing(char *at)
{
	memset(at, 0, 1);
}

static const struct act reads[] = {
    {"recv", ANSWER_PART, fill_nothing, call_recv},
    {"length of recvfrom", sizeof(socklen_t), fill_nothing, call_recvfrom_len},
    {"read", ANSWER_PART, fill_nothing, call_read},
    {"second of readv", ANSWER_PART, fill_nothing, call_readv_second},
    {"array of readv", 2 * sizeof(struct iovec), fill_pieces, call_readv_array},
    {"recvmsg", ANSWER_PART, fill_nothing, call_recvmsg},
    {"array of recvmsg", 2 * sizeof(struct iovec), fill_pieces, call_recvmsg_array},
    {"header of recvmsg", sizeof(struct msghdr), fill_message, call_recvmsg_header},
    {"recvmmsg", sizeof(struct mmsghdr), fill_message, call_recvmmsg},
};
enum { READS = sizeof(reads) / sizeof(*reads) };

static void read_to(int fd, const struct act *act, enum bad kind, size_t good)
{
	struct bad_memory memory;
	char *at = bad_begin(&memory, kind, good);
	if (at)
		act->fill(at);
	bad_spoil(&memory);
	long result = act->call(fd, at);
	if (result >= 0 || errno != EFAULT)
		say("%s to memory %s, %zu good: %ld %s", act->name, bad_names[kind], good, result,
		    error_name(errno));
	bad_end(&memory);
}

static void read_to_all(int fd)
{
	for (size_t i = 0; i < READS; i++) {
		const struct act *act = &reads[i];
		/* It lets go of the connection. */
		if (act->call == call_recvmmsg && !strchr(program.arg, 'm'))
			continue;
		for (int kind = 0; kind < BAD_COUNT; kind++) {
			read_to(fd, act, (enum bad)kind, 0);
			if (kind != BAD_NULL)
				read_to(fd, act, (enum bad)kind, act->size / 2);
		}
	}
}

/* arg: bytes of the answer that are read before, and `m` for recvmmsg as well. */
PROGRAM(reads_to_bad_memory)
{
	int fd = dial();
	char text[200] = "";
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	await(fd);
	size_t before = (size_t)atoi(program.arg), len = 0;
	if (before)
		len = (size_t)get(fd, text, before);
	read_to_all(fd);
	while (!strstr(text, "}"))
		len += (size_t)get(fd, text + len, sizeof(text) - 1 - len);
	say("%s", text);
	hang_up(fd);
}

#define ANSWER(status, path)                                                                       \
	"HTTP/1.1 " status "\r\nContent-Length: 13\r\n\r\n{\"path\":\"" path "\"}"

static int take_request(struct peer *peer, int fd)
{
	if (fd < 0)
		fd = peer_accept(peer);
	if (fd >= 0)
		peer_read_until(peer, fd, "\r\n\r\n");
	return fd;
}

static void serve_good(struct peer *peer)
{
	int fd = take_request(peer, -1);
	peer_say(fd, ANSWER("200 OK", "/1"));
	take_request(peer, fd);
	peer_say(fd, ANSWER("200 OK", "/2"));
	peer_read_all(peer, fd);
	peer_close(fd);
}

static void reading_to_bad_memory_says_what_it_says_bare(void)
{
	struct flow flow = {.program = "reads_to_bad_memory", .arg = "0m", .peer = serve_good};
	flow_both_alike(&flow);
	flow.arg = "5m";
	flow_both_alike(&flow);
	flow_end(&flow);
}

/* Redial's request goes over another connection, bare there is none. */
static void serve_busy(struct peer *peer)
{
	int fd = take_request(peer, -1);
	peer_say(fd, ANSWER("200 OK", "/1"));
	take_request(peer, fd);
	peer_say(fd, ANSWER("503 Busy", "/2"));
	for (int again; (again = take_request(peer, -1)) >= 0;) {
		peer_say(again, ANSWER("503 Busy", "/2"));
		peer_read_all(peer, again);
		peer_close(again);
	}
	peer_close(fd);
}

/* The last response was held back; all of it is owed, or what is left after the first bytes. */
static void response_that_is_owed_is_not_lost_to_bad_memory(void)
{
	static const char *const before[] = {"0", "1", "10m"};
	struct flow flow = {.program = "reads_to_bad_memory",
			    .peer = serve_busy,
			    .policy = "retry = { statuses = [503]; max_attempts = 2; "
				      "backoff = { base_ms = 2; }; };"};
	for (size_t i = 0; i < 3; i++) {
		flow.arg = before[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n" ANSWER("503 Busy", "/2") "\n");
		if (!expect_logged(&flow, 1, "event=attempt", "cause=status"))
			printf(" %s", flow.arg);
	}
	flow_end(&flow);
}

const struct runner_test memory_tests[] = {
    T(writing_from_bad_memory_says_what_it_says_bare),
    T(request_after_bad_ones_is_saved),
    T(reading_to_bad_memory_says_what_it_says_bare),
    T(response_that_is_owed_is_not_lost_to_bad_memory),
    T_END,
};
