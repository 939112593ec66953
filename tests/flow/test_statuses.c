/* SPDX-License-Identifier: MIT */
/* statuses: the response is held back and the request sent again; the last one is delivered whole.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "flow.h"

#define RETRY	"retry = { statuses = [503, 429]; backoff = { base_ms = 2; }; "
#define LISTED	RETRY "};"
#define FOREVER "status=503@1+"

enum { WHOLE_MAX = 1 << 22, ARG_MAX_LEN = 80 };

static char whole[WHOLE_MAX];
static size_t whole_len, head_len;

/* How the program reads, how much at once, and what it asks for. */
static struct {
	char style[16];
	size_t size;
	char method[8];
	char path[32];
} how;

static ssize_t take_pieces(int fd, char *bytes, size_t size)
{
	size_t third = size / 3;
	char control[64];
	struct iovec pieces[] = {{bytes, third}, {bytes + third, 0}, {bytes + third, size - third}};
	struct msghdr message = {.msg_iov = pieces,
				 .msg_iovlen = 3,
				 .msg_control = control,
				 .msg_controllen = sizeof(control),
				 .msg_flags = MSG_CTRUNC};
	if (!strcmp(how.style, "readv"))
		return readv(fd, pieces, 3);
	ssize_t got = recvmsg(fd, &message, 0);
	if (got >= 0 && (message.msg_controllen || message.msg_flags))
		say("control data of %zu bytes, flags %d", (size_t)message.msg_controllen,
		    message.msg_flags);
	return got;
}

static ssize_t take_peeked(int fd, char *bytes, size_t size)
{
	char *seen = malloc(size);
	ssize_t peeked = recv(fd, seen, size, MSG_PEEK);
	ssize_t got = peeked > 0 ? recv(fd, bytes, (size_t)peeked, 0) : peeked;
	if (got > 0 && (got != peeked || memcmp(seen, bytes, (size_t)got) != 0))
		say("%zd bytes, but peeked %zd", got, peeked);
	free(seen);
	return got;
}

/* As event loops of old do. */
static ssize_t take_counted(int fd, char *bytes, size_t size)
{
	int waiting = 0;
	if ((program.way == WAY_BLOCK && !await(fd)) || ioctl(fd, FIONREAD, &waiting))
		return -1;
	return recv(fd, bytes, waiting && (size_t)waiting < size ? (size_t)waiting : size, 0);
}

/* How much is left is known once the head is there. */
static ssize_t take_all(int fd, char *bytes, size_t size)
{
	const char *length = head_len ? strcasestr(whole, "Content-Length: ") : NULL;
	size_t left = length ? head_len + strtoul(length + 16, NULL, 10) - whole_len : 0;
	if (!length)
		return recv(fd, bytes, 1, 0);
	ssize_t got = recv(fd, bytes, left < size ? left : size, MSG_WAITALL);
	if (program.way == WAY_BLOCK && got != (ssize_t)(left < size ? left : size))
		say("not all: %zd of %zu", got, left);
	return got;
}

static ssize_t take(int fd, char *bytes, size_t size)
{
	for (;;) {
		ssize_t got = !strcmp(how.style, "recv")       ? get(fd, bytes, size)
			      : !strcmp(how.style, "peek")     ? take_peeked(fd, bytes, size)
			      : !strcmp(how.style, "fionread") ? take_counted(fd, bytes, size)
			      : !strcmp(how.style, "waitall")  ? take_all(fd, bytes, size)
							       : take_pieces(fd, bytes, size);
		if (got >= 0 || errno != EAGAIN || program.way == WAY_BLOCK)
			return got;
		if (!await(fd)) {
			errno = ETIME;
			return -1;
		}
	}
}

static bool is_whole(void)
{
	if (!head_len) {
		const char *end = strstr(whole, "\r\n\r\n");
		head_len = end ? (size_t)(end - whole) + 4 : 0;
	}
	if (!head_len || !strcmp(how.method, "HEAD"))
		return head_len != 0;
	const char *length = strcasestr(whole, "Content-Length: ");
	if (length && length < whole + head_len)
		return whole_len >= head_len + strtoul(length + 16, NULL, 10);
	return strcasestr(whole, "Transfer-Encoding: chunked") && whole_len > head_len + 5 &&
	       !strcmp(whole + whole_len - 7, "\r\n0\r\n\r\n");
}

static void tell_whole(ssize_t got)
{
	const char *sum = strstr(whole, "X-Body-Sum: ");
	bool chunked = strcasestr(whole, "Transfer-Encoding: chunked");
	uint32_t mine = fnv1a(FNV1A_START, whole + head_len, whole_len - head_len);
	bool good =
	    sum && (chunked || !strcmp(how.method, "HEAD") || strtoul(sum + 12, NULL, 16) == mine);
	say("%.3s %s%s", whole_len > 9 ? whole + 9 : "-",
	    is_whole() ? "whole" : error_name(got ? errno : 0), good ? "" : ", spoilt");
}

/* arg: STYLE SIZE METHOD PATH */
PROGRAM(read_one)
{
	sscanf(program.arg, "%15s %zu %7s %31s", how.style, &how.size, how.method, how.path);
	int fd = dial();
	ask(fd, how.method, how.path, strcmp(how.method, "POST") ? NULL : "order");
	ssize_t got = 0;
	while (!is_whole() && (got = take(fd, whole + whole_len, how.size)) > 0)
		whole_len += (size_t)got;
	tell_whole(got);
	hang_up(fd);
	if (descriptors() > 3 + (program.way >= WAY_LEVEL && program.way < WAY_CURL))
		say("descriptors left: %d", descriptors());
}

static void read_in_all_ways(struct flow *flow, const char *printed, int seen)
{
	for (flow->way = WAY_BLOCK; flow->way < WAY_COUNT; flow->way++) {
		if (flow->way == WAY_CURL && strncmp(flow->arg, "recv ", 5) != 0)
			break;
		flow_redial(flow);
		if (!expect_printed(flow, printed) || !expect_seen(flow, seen, NULL, NULL))
			printf("\n    arg: %s", flow->arg);
	}
}

static void status_is_retried_and_never_seen(void)
{
	static const char *const args[] = {
	    "recv 65536 GET /1",  "recv 1 GET /1",	"recv 7 GET /1",     "recv 100 GET /1",
	    "readv 4096 GET /1",  "recvmsg 300 GET /1", "peek 4096 GET /1",  "peek 16 GET /1",
	    "waitall 100 GET /1", "fionread 50 GET /1", "recv 4096 HEAD /1",
	};
	for (size_t i = 0; i < sizeof(args) / sizeof(args[0]); i++) {
		struct flow flow = {.program = "read_one",
				    .arg = args[i],
				    .faults = {"status=503@1.1"},
				    .policy = LISTED};
		read_in_all_ways(&flow, "200 whole\n", 2);
		expect_logged(&flow, 1, "event=attempt", "cause=status");
		expect_logged(&flow, 1, "result=recovered", "status=200");
		flow_end(&flow);
	}
}

static void last_one_is_whole_whatever_the_buffer(void)
{
	static const size_t sizes[] = {1, 7, 100, 1023, 1024, 4096, 1 << 20};
	static const char *const styles[] = {"recv", "readv",	 "recvmsg",
					     "peek", "fionread", "waitall"};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t n = 0; n < sizeof(styles) / sizeof(styles[0]); n++) {
			char arg[ARG_MAX_LEN];
			struct flow flow = {.program = "read_one",
					    .arg = arg,
					    .faults = {FOREVER},
					    .policy = LISTED};
			snprintf(arg, sizeof(arg), "%s %zu GET /bytes/3000", styles[n], sizes[i]);
			read_in_all_ways(&flow, "503 whole\n", 3);
			expect_logged(&flow, 1, "result=exhausted", "reason=attempts");
			expect_logged(&flow, 0, "event=refused", NULL);
			flow_end(&flow);
		}
	}
}

static void last_one_is_whole_whatever_its_framing(void)
{
	static const struct {
		const char *arg, *printed;
	} rows[] = {
	    {"%s GET /chunked", "503 whole\n"}, {"%s GET /http10", "503 EOF\n"},
	    {"%s GET /close", "503 whole\n"},	{"%s HEAD /1", "503 whole\n"},
	    {"%s GET /bytes/0", "503 whole\n"}, {"%s GET /bytes/2500000", "503 whole\n"},
	};
	static const char *const reads[] = {"recv 65536", "recv 100", "readv 2000", "peek 512"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t n = 0; n < sizeof(reads) / sizeof(reads[0]); n++) {
			char arg[ARG_MAX_LEN];
			struct flow flow = {.program = "read_one",
					    .arg = arg,
					    .faults = {FOREVER},
					    .policy = LISTED};
			snprintf(arg, sizeof(arg), rows[i].arg, reads[n]);
			read_in_all_ways(&flow, rows[i].printed, 3);
			flow_end(&flow);
		}
	}
}

/* Over the cap, over the deadline, by a rule, of a method that may not be repeated. */
static void status_is_delivered_where_the_policy_says_so(void)
{
	static const struct {
		const char *fault, *policy, *arg, *printed;
		int seen;
		const char *reason;
	} rows[] = {
	    {"busy=3@1+", LISTED, "GET /1", "503 whole\n", 1, "reason=retry-after"},
	    {"busy=3@1+", RETRY "retry_after_max_ms = 60000; total_timeout_ms = 2000; };", "GET /1",
	     "503 whole\n", 1, "reason=deadline"},
	    {"busy=0@1.1", LISTED, "GET /1", "200 whole\n", 2, NULL},
	    {"status=502@1+", LISTED, "GET /1", "502 whole\n", 1, NULL},
	    {"status=502@1.1", LISTED " rules = ( { path = \"/x\"; statuses = [502]; } );",
	     "GET /x", "200 whole\n", 2, NULL},
	    {"status=502@1+", LISTED " rules = ( { path = \"/x\"; statuses = [502]; } );", "GET /1",
	     "502 whole\n", 1, "reason=cause"},
	    {"status=503@1+", LISTED " rules = ( { path = \"/x\"; statuses = []; } );", "GET /x",
	     "503 whole\n", 1, "reason=cause"},
	    {"status=503@1+", LISTED, "POST /1", "503 whole\n", 1, "reason=method"},
	    {"status=503@1+", LISTED, "PUT /1", "503 whole\n", 1, "reason=method"},
	    {"status=503@1+", "retry = { max_attempts = 5; };", "GET /1", "503 whole\n", 1, NULL},
	    {"status=503@1+", RETRY "max_attempts = 1; };", "GET /1", "503 whole\n", 1,
	     "reason=attempts"},
	    {"status=503@1+", RETRY "max_attempts = 5; };", "GET /1", "503 whole\n", 5, NULL},
	};
	static const char *const reads[] = {"recv 65536", "recv 100", "recv 5", "peek 4096"};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t n = 0; n < sizeof(reads) / sizeof(reads[0]); n++) {
			char arg[ARG_MAX_LEN];
			struct flow flow = {.program = "read_one",
					    .arg = arg,
					    .faults = {rows[i].fault},
					    .policy = rows[i].policy};
			snprintf(arg, sizeof(arg), "%s %s", reads[n], rows[i].arg);
			read_in_all_ways(&flow, rows[i].printed, rows[i].seen);
			expect_logged(&flow, rows[i].reason ? 1 : 0, "event=refused", NULL);
			expect_logged(&flow, rows[i].reason ? 1 : 0,
				      rows[i].reason ? rows[i].reason : "event=refused",
				      "event=refused");
			flow_end(&flow);
		}
	}
}

const struct runner_test statuses_tests[] = {
    T(status_is_retried_and_never_seen),
    T(last_one_is_whole_whatever_the_buffer),
    T(last_one_is_whole_whatever_its_framing),
    T(status_is_delivered_where_the_policy_says_so),
    T_END,
};
