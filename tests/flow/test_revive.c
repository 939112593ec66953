/* SPDX-License-Identifier: MIT */
/* A socket that was reset is connected anew and serves again, where it is no other than a new one.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

/* Before all other tries fail: the peer is dialed once. */
#define ONCE "retry = { max_attempts = 2; };"

static uint64_t cookie(int fd)
{
	uint64_t value = 0;
	socklen_t len = sizeof(value);
	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &value, &len);
	return value;
}

/* arg: "raw" to set IP_TTL past the hooks, "segment" for an option that a reconnected one loses. */
PROGRAM(get_on_which_socket)
{
	int fd = dial_socket(), ttl = 77, segment = 1200;
	socklen_t len = sizeof(ttl);
	if (!strcmp(program.arg, "raw"))
		syscall(SYS_setsockopt, fd, IPPROTO_IP, IP_TTL, &ttl, len);
	if (!strcmp(program.arg, "segment"))
		setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, len);
	dial_on(fd);
	int flags = fcntl(fd, F_GETFL);
	exchange(fd, "GET", "/1", NULL);
	uint64_t before = cookie(fd);
	exchange(fd, "GET", "/2", NULL);
	getsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, &len);
	say("%s socket, TTL %s, flags %s", cookie(fd) == before ? "the same" : "another",
	    ttl == 77 ? "kept" : "as it was", fcntl(fd, F_GETFL) == flags ? "kept" : "lost");
	exchange(fd, "GET", "/3", NULL);
	exchange(fd, "GET", "/4", NULL);
}

static void expect_socket(struct flow *flow, const char *told)
{
	char printed[120];
	snprintf(printed, sizeof(printed), "200 /1\n200 /2\n%s\n200 /3\n200 /4\n", told);
	for (flow->way = WAY_BLOCK; flow->way < WAY_CURL; flow->way++) {
		flow_redial(flow);
		expect_printed(flow, printed);
	}
	flow_end(flow);
}

/* The second and the fourth request are reset: it is revived twice. */
static void socket_that_was_reset_serves_again_with_all_that_was_set_of_it(void)
{
	struct flow flow = {
	    .program = "get_on_which_socket", .arg = "raw", .faults = {"reset@1.2", "reset@2.3"}};
	expect_socket(&flow, "the same socket, TTL kept, flags kept");
}

static void socket_that_would_lose_an_option_is_replaced(void)
{
	struct flow flow = {
	    .program = "get_on_which_socket", .arg = "segment", .faults = {"reset@1.2"}};
	expect_socket(&flow, "another socket, TTL as it was, flags kept");
}

/* Its peer has closed it, and could still read: it is not at its end. */
static void socket_that_was_not_reset_is_replaced(void)
{
	struct flow flow = {.program = "get_on_which_socket", .faults = {"close@1.2"}};
	expect_socket(&flow, "another socket, TTL as it was, flags kept");
}

/* A preload that has its own mind of a connect may know the number for that of what it has made. */
static void socket_that_another_preload_may_know_is_replaced(void)
{
	struct flow flow = {.program = "get_on_which_socket",
			    .arg = "",
			    .faults = {"reset@1.2"},
			    .behind = "tests/behind/connect.so",
			    .env = {"FAILING=0", "QUIET=1"}};
	expect_socket(&flow, "another socket, TTL as it was, flags kept");
}

PROGRAM(use_what_could_not_be_saved)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int flags = fcntl(fd, F_GETFL);
	exchange(fd, "GET", "/2", NULL);
	struct pollfd end = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
	poll(&end, 1, 0);
	say("%s", end.revents & POLLHUP && end.revents & POLLIN ? "hung up" : "alive");
	say("read %zd", read(fd, &byte, 1));
	say("write %s", send(fd, "x", 1, MSG_NOSIGNAL) < 0 ? error_name(errno) : "taken");
	say("flags %s", fcntl(fd, F_GETFL) == flags ? "kept" : "lost");
}

/* What a new connection would be refused is told by the first error, and the socket stays dead. */
static void socket_that_could_not_be_revived_is_at_its_end_as_bare(void)
{
	struct flow flow = {
	    .program = "use_what_could_not_be_saved", .faults = {"shed=1@1.2"}, .policy = ONCE};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_bare(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\nhung up\nread 0\nwrite EPIPE\n"
				      "flags kept\n");
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\nhung up\nread 0\nwrite EPIPE\n"
				      "flags kept\n");
		expect_logged(&flow, 1, "result=exhausted", NULL);
	}
	flow_end(&flow);
}

const struct runner_test revive_tests[] = {
    T(socket_that_was_reset_serves_again_with_all_that_was_set_of_it),
    T(socket_that_would_lose_an_option_is_replaced),
    T(socket_that_was_not_reset_is_replaced),
    T(socket_that_another_preload_may_know_is_replaced),
    T(socket_that_could_not_be_revived_is_at_its_end_as_bare),
    T_END,
};
