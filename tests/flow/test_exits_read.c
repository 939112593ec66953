/* SPDX-License-Identifier: MIT */
/*
 * Calls and answers that redial cannot follow, in the middle of a rescue or behind one: what the
 * program is owed it is given, or told.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flow.h"

#define LATER                                                                                      \
	"retry = { backoff = { base_ms = 300; max_ms = 300; jitter = \"none\"; }; max_attempts = " \
	"4; };"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

static void by_both_halves(int fd)
{
	shutdown(fd, SHUT_RDWR);
}

static void by_the_reading_half(int fd)
{
	shutdown(fd, SHUT_RD);
}

static void by_dropping(int fd)
{
	char bytes[10];
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_TRUNC | MSG_DONTWAIT);
	if (got >= 0 || errno != EAGAIN)
		say("%s", error_name(got ? errno : 0));
}

static void by_recvmmsg(int fd)
{
	char bytes[10];
	struct iovec piece = {bytes, sizeof(bytes)};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};
	int got = recvmmsg(fd, &message, 1, MSG_DONTWAIT, NULL);
	if (got != -1 || errno != EAGAIN)
		say("%s", error_name(got < 0 ? errno : 0));
}

static void by_splice(int fd)
{
	int ends[2];
	if (pipe(ends))
		say("no pipe");
	ssize_t got = splice(fd, NULL, ends[1], NULL, 100, SPLICE_F_NONBLOCK);
	if (got >= 0 || errno != EAGAIN)
		say("%s", error_name(got ? errno : 0));
	close(ends[0]);
	close(ends[1]);
}

static void by_many_numbers(int fd)
{
	for (int i = 0; i < 5; i++)
		dup(fd);
}

static const struct unseen {
	const char *name;
	void (*make)(int fd);
} unseen[] = {
    {"shutdown", by_both_halves}, {"half", by_the_reading_half}, {"trunc", by_dropping},
    {"recvmmsg", by_recvmmsg},	  {"splice", by_splice},	 {"dup", by_many_numbers},
};

enum { UNSEEN = sizeof(unseen) / sizeof(unseen[0]) };

/* arg: the call. The kernel tells of a reset once, and has told redial. */
PROGRAM(call_in_the_middle)
{
	char byte;
	int i = 0;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!begin_rescue(fd))
		return;
	while (strcmp(unseen[i].name, program.arg))
		i++;
	unseen[i].make(fd);
	for (ssize_t got = 1; got;) {
		got = recv(fd, &byte, 1, 0);
		if (got < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 5000);
			continue;
		}
		say("%s", error_name(got ? errno : 0));
	}
}

static void failure_is_told_once_whatever_ends_the_rescue(void)
{
	struct flow flow = {.program = "call_in_the_middle",
			    .way = WAY_POLL,
			    .faults = {"refuse=9@1.2"},
			    .policy = LATER};
	for (int i = 0; i < UNSEEN; i++) {
		flow.arg = unseen[i].name;
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\nEOF\n");
		expect_seen(&flow, 2, NULL, NULL);
	}
	flow_end(&flow);
}

/* What redial does not follow, or knows to be the last. */
static const struct answer {
	const char *name, *text;
} odd[] = {
    {"folded", "HTTP/1.1 200 OK\r\nA: b;\r\n c\r\nContent-Length: 2\r\n\r\naa"},
    {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\naa"},
    {"length and chunks",
     "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2\r\naa\r\n0\r\n\r\n"},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\naa\r\n0\r\n\r\n"},
    {"bare feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\naa"},
    {"another version", "HTTP/3.0 200 OK\r\nContent-Length: 2\r\n\r\naa"},
    {"no version", "hello\r\n\r\naa"},
    {"switched", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\naa"},
    {"more than one",
     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\naaHTTP/1.1 100 Continue\r\n\r\n"},
    {"surplus", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naa"},
    {"last", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\naa"},
    {"old", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\naa"},
};

enum { ODD = sizeof(odd) / sizeof(odd[0]) };

static const char *answer_text;

static void answer_oddly(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_until(peer, fd, "GET /c HTTP/1.1\r\n\r\n");
	peer_reset(fd);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, answer_text);
	for (int i = 0; i < 2; i++) {
		if (!peer_read_until(peer, fd, "\r\n\r\n"))
			peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbb");
	}
	peer_close(fd);
}

PROGRAM(three_at_once)
{
	static const char requests[] =
	    "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n";
	char bytes[4096];
	size_t len = 0;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, requests, sizeof(requests) - 1);
	for (ssize_t got; (got = get(fd, bytes + len, sizeof(bytes) - 1 - len));
	     len += (size_t)got) {
		if (got < 0) {
			say("%s", error_name(errno));
			break;
		}
	}
	bytes[len] = '\0';
	say("%s", bytes);
}

static void requests_behind_an_answer_that_cannot_be_followed_are_sent(void)
{
	static const char seen[] = "GET /1 HTTP/1.1\r\nHost: test\r\n\r\n";
	static const char more[] =
	    "GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n";
	char printed[4096];
	uint32_t sum = fnv1a(FNV1A_START, seen, sizeof(seen) - 1);
	struct flow flow = {.program = "three_at_once", .peer = answer_oddly};
	for (int i = 0; i < 2; i++)
		sum = fnv1a(sum, more, sizeof(more) - 1);
	for (int i = 0; i < 2 * ODD; i++) {
		answer_text = odd[i / 2].text;
		flow.way = i % 2 ? WAY_EDGE : WAY_BLOCK;
		snprintf(printed, sizeof(printed),
			 "200\n%sHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbb"
			 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbb\n",
			 answer_text);
		flow_redial(&flow);
		if (!expect_printed(&flow, printed) |
		    !runner_expect_long("sum of what was sent", sum, flow.seen.sum))
			printf(" %s", odd[i / 2].name);
	}
	flow_end(&flow);
}

const struct runner_test exits_read_tests[] = {
    T(failure_is_told_once_whatever_ends_the_rescue),
    T(requests_behind_an_answer_that_cannot_be_followed_are_sent),
    T_END,
};
