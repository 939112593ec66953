/* SPDX-License-Identifier: MIT */
/*
 * What calls say of a connect that is not waited for, while redial tries it again and once that has
 * come true or failed: what they say of one that takes so long, and ends so, without redial.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

enum { SILENCE_MS = 6000 };

#define AGAIN(cause)                                                                               \
	"retry = { on = [\"stale\", \"reset\", \"eof\", \"" cause "\"]; max_attempts = 3; "        \
	"connect_timeout_ms = 150; backoff = { base_ms = 30; max_ms = 30; jitter = \"none\"; }; "  \
	"};"

static struct flow asking(const char *policy, const char *how, const char *failing, const char *arg)
{
	return (struct flow){.program = "connect_and_ask",
			     .arg = arg,
			     .behind = "tests/behind/connect.so",
			     .policy = policy,
			     .env = {"QUIET=1", how, failing}};
}

static int call_connect(int fd)
{
	struct sockaddr_in addr = {.sin_family = AF_INET,
				   .sin_port = htons((uint16_t)program.port)};
	inet_pton(AF_INET, program.address, &addr.sin_addr);
	return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ? errno : 0;
}

static int call_getpeername(int fd)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	return getpeername(fd, (struct sockaddr *)&addr, &len) ? errno : 0;
}

static int call_getsockopt(int fd)
{
	int error = -1;
	socklen_t len = sizeof(error);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

static int call_send(int fd)
{
	return send(fd, "G", 1, MSG_NOSIGNAL) < 0 ? errno : 0;
}

static int call_send_nothing(int fd)
{
	return send(fd, "", 0, MSG_NOSIGNAL) < 0 ? errno : 0;
}

static int call_recv(int fd)
{
	char byte;
	return recv(fd, &byte, 1, 0) < 0 ? errno : 0;
}

static const struct {
	const char *name;
	int (*make)(int fd);
} calls[] = {{"connect", call_connect},	     {"getpeername", call_getpeername},
	     {"SO_ERROR", call_getsockopt},  {"send", call_send},
	     {"nothing", call_send_nothing}, {"recv", call_recv}};

/* Makes it and says what it said: 0 if it did not fail. */
static void tell(const char *when, int fd)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strncmp(program.arg, calls[i].name, strlen(calls[i].name)))
			continue;
		int error = calls[i].make(fd);
		say("%s: %s", when, error ? error_name(error) : "0");
	}
}

/* arg: the call, and ", then" if it is not to be made meanwhile. */
PROGRAM(connect_and_ask)
{
	struct epoll_event event = {.events = EPOLLOUT | EPOLLRDHUP};
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	epoll_wait(set, &event, 1, 0);
	epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	call_connect(fd);
	if (!strstr(program.arg, ", then")) {
		epoll_wait(set, &event, 1, 0);
		tell("meanwhile", fd);
	}
	if (epoll_wait(set, &event, 1, SILENCE_MS) != 1)
		say("silence");
	else
		say("%s%s", event.events & EPOLLOUT ? "writable" : "not writable",
		    event.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP) ? ", with an error" : "");
	tell("then", fd);
	tell("again", fd);
	close(fd);
}

static void refused_in_the_end_each_call_says_what_it_does_bare(void)
{
	static const char *const asked[] = {"connect, then", "getpeername, then", "SO_ERROR, then",
					    "send, then",    "nothing, then",	  "recv, then"};
	struct flow flow = asking(AGAIN("connect"), "HOW=refused", "FAILING=9", "");
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		flow.arg = asked[i];
		flow_both_alike(&flow);
		expect_logged(&flow, 1, "result=exhausted attempts=3 cause=connect", NULL);
	}
	flow_end(&flow);
}

static void meanwhile_each_call_says_that_it_is_under_way(void)
{
	static const char *const asked[][2] = {
	    {"connect", "meanwhile: EALREADY\nwritable\nthen: 0\nagain: EISCONN\n"},
	    {"getpeername", "meanwhile: ENOTCONN\nwritable\nthen: 0\nagain: 0\n"},
	    {"SO_ERROR", "meanwhile: 0\nwritable\nthen: 0\nagain: 0\n"},
	    {"send", "meanwhile: EAGAIN\nwritable\nthen: 0\nagain: 0\n"},
	    {"nothing", "meanwhile: EAGAIN\nwritable\nthen: 0\nagain: 0\n"},
	    {"recv", "meanwhile: EAGAIN\nwritable\nthen: EAGAIN\nagain: EAGAIN\n"},
	};
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		struct flow flow =
		    asking(AGAIN("connect"), "HOW=refused", "FAILING=1", asked[i][0]);
		flow_redial(&flow);
		expect_printed(&flow, asked[i][1]);
		expect_logged(&flow, 1, "result=recovered attempts=2", NULL);
		flow_end(&flow);
	}
}

/* The kernel's own is still at it then, and would go on for two minutes. */
static void connect_that_was_given_up_is_no_longer_under_way(void)
{
	struct flow flow = asking(AGAIN("connect-timeout"), "HOW=silent", "FAILING=3", "connect");
	flow_redial(&flow);
	expect_printed(&flow, "meanwhile: EALREADY\nwritable, with an error\nthen: ETIMEDOUT\n"
			      "again: EINPROGRESS\n");
	flow_end(&flow);
}

/*
 * A loop whose waits redial does not see, as Bun's are inlined. arg: "before" or "after" connect
 * the socket is registered.
 */
PROGRAM(connect_and_wait_unseen)
{
	struct epoll_event event = {.events = EPOLLOUT};
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (!strcmp(program.arg, "before"))
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	call_connect(fd);
	if (strcmp(program.arg, "before"))
		epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
	long count = syscall(SYS_epoll_pwait, set, &event, 1, SILENCE_MS, NULL, 8);
	say("%s%s", count == 1 && event.events & EPOLLOUT ? "writable" : "silence",
	    event.events & (EPOLLERR | EPOLLHUP) ? ", with an error" : "");
	int error = call_getsockopt(fd);
	say("%s", error ? error_name(error) : "up");
	close(fd);
}

static const char *const orders[] = {"before", "after"};

static void connect_that_is_waited_for_unseen_fails_as_bare(void)
{
	for (int i = 0; i < 2; i++) {
		struct flow flow = asking(AGAIN("connect\", \"connect-timeout"), "HOW=refused",
					  "FAILING=1", orders[i]);
		flow.program = "connect_and_wait_unseen";
		flow_both_alike(&flow);
		expect_printed(&flow, "writable, with an error\nECONNREFUSED\n");
		expect_logged(&flow, 0, "event=attempt", NULL);
		flow_end(&flow);
	}
}

/* The kernel asks again after a second, and gets in. */
static void lets_in_late(struct peer *peer)
{
	peer_await_knock(peer);
	peer_let_in(peer);
	close(peer_accept(peer));
}

static void connect_that_is_waited_for_unseen_comes_true_as_bare(void)
{
	for (int i = 0; i < 2; i++) {
		struct flow flow = {.program = "connect_and_wait_unseen",
				    .arg = orders[i],
				    .peer = lets_in_late,
				    .before = peer_shut_out,
				    .policy = AGAIN("connect\", \"connect-timeout")};
		flow_redial(&flow);
		expect_printed(&flow, "writable\nup\n");
		expect_logged(&flow, 0, NULL, NULL);
		flow_end(&flow);
	}
}

/* As one that the program has waited for. */
PROGRAM(get_and_connect_again)
{
	int fd = dial();
	say("%s", error_name(call_connect(fd)));
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	say("%s", error_name(call_connect(fd)));
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void connection_that_was_redialed_says_that_it_stands(void)
{
	struct flow flow = {.program = "get_and_connect_again", .faults = {"reset@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "EISCONN\n200 /1\n200 /2\nEISCONN\n200 /3\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

const struct runner_test connect_asked_tests[] = {
    T(refused_in_the_end_each_call_says_what_it_does_bare),
    T(meanwhile_each_call_says_that_it_is_under_way),
    T(connect_that_was_given_up_is_no_longer_under_way),
    T(connect_that_is_waited_for_unseen_fails_as_bare),
    T(connect_that_is_waited_for_unseen_comes_true_as_bare),
    T(connection_that_was_redialed_says_that_it_stands),
    T_END};
