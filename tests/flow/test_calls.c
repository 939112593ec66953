/* SPDX-License-Identifier: MIT */
/* What the program asks of its socket during a rescue, and finds on it afterwards. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE(ms)                                                                                  \
	"retry = { backoff = { base_ms = " #ms "; max_ms = " #ms "; jitter = \"none\"; }; };"

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	if (getsockopt(fd, level, name, &value, &len))
		return -errno;
	return value;
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static void ask_for_error(int fd)
{
	struct sockaddr_in peer;
	socklen_t len = sizeof(peer);
	say("SO_ERROR %d", option(fd, SOL_SOCKET, SO_ERROR));
	say("SO_TYPE %d", option(fd, SOL_SOCKET, SO_TYPE) == SOCK_STREAM);
	say("getpeername %d", getpeername(fd, (struct sockaddr *)&peer, &len));
	say("of %u bytes, its port %d", (unsigned)len, ntohs(peer.sin_port) == program.port);
	len = sizeof(peer);
	say("getsockname %d", getsockname(fd, (struct sockaddr *)&peer, &len));
	say("of %u bytes, family %d", (unsigned)len, peer.sin_family == AF_INET);
}

static void get_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	say("O_NONBLOCK %d, O_RDWR %d", !!(flags & O_NONBLOCK), (flags & O_ACCMODE) == O_RDWR);
}

static void clear_nonblock(int fd)
{
	say("F_SETFL %d", fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK));
	say("O_NONBLOCK %d", !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	program.way = WAY_BLOCK;
}

static void clear_fionbio(int fd)
{
	int off = 0;
	say("FIONBIO %d", ioctl(fd, FIONBIO, &off));
	say("O_NONBLOCK %d", !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	program.way = WAY_BLOCK;
}

static void count_unread(int fd)
{
	int len = -1;
	say("FIONREAD %d", ioctl(fd, FIONREAD, &len));
	say("%d unread", len);
}

static void set_nodelay(int fd)
{
	say("TCP_NODELAY %d", set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	say("is %d", option(fd, IPPROTO_TCP, TCP_NODELAY));
}

static void shut_down(int fd)
{
	say("shutdown %d", shutdown(fd, SHUT_WR));
}

static void send_another_get(int fd)
{
	say("sent %d", ask(fd, "GET", "/3", NULL));
}

static void send_a_post(int fd)
{
	say("sent %d", ask(fd, "POST", "/3", "order"));
}

static const struct call {
	const char *name;
	void (*make)(int fd);
	const char *printed;  /* in the middle of the rescue */
	const char *answered; /* after it */
} calls[] = {
    {"ask for its error and addresses", ask_for_error,
     "SO_ERROR 0\nSO_TYPE 1\ngetpeername 0\nof 16 bytes, its port 1\ngetsockname 0\n"
     "of 16 bytes, family 1\n",
     "200 /2\n"},
    {"F_GETFL", get_flags, "O_NONBLOCK 1, O_RDWR 1\n", "200 /2\n"},
    {"F_SETFL", clear_nonblock, "F_SETFL 0\nO_NONBLOCK 0\n", "200 /2\n"},
    {"FIONBIO", clear_fionbio, "FIONBIO 0\nO_NONBLOCK 0\n", "200 /2\n"},
    {"FIONREAD", count_unread, "FIONREAD 0\n0 unread\n", "200 /2\n"},
    {"TCP_NODELAY", set_nodelay, "TCP_NODELAY 0\nis 1\n", "200 /2\n"},
    {"shutdown", shut_down, "shutdown 0\n", "200 /2\n"},
    {"another GET", send_another_get, "sent 1\n", "200 /2\n200 /3\n"},
    {"a POST", send_a_post, "sent 1\n", "200 /2\n200 /3\n"},
};

/* The flags and options as they are when all is over. */
static void tell_what_is_left(int fd)
{
	say("O_NONBLOCK %d", !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
	say("TCP_NODELAY %d", option(fd, IPPROTO_TCP, TCP_NODELAY));
}

PROGRAM(call_during_rescue)
{
	const struct call *call = calls;
	while (strcmp(call->name, program.arg))
		call++;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!begin_rescue(fd))
		return;
	call->make(fd);
	answer(fd);
	if (strstr(call->answered, "/3"))
		answer(fd);
	tell_what_is_left(fd);
}

static void call_is_answered_as_by_a_live_socket(size_t i)
{
	char text[400];
	int nonblock = strcmp(calls[i].name, "F_SETFL") && strcmp(calls[i].name, "FIONBIO");
	struct flow flow = {.program = "call_during_rescue",
			    .arg = calls[i].name,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE(120)};
	for (flow.way = WAY_POLL; flow.way < WAY_CURL; flow.way++) {
		snprintf(text, sizeof(text), "200 /1\n%s%sO_NONBLOCK %d\nTCP_NODELAY %d\n",
			 calls[i].printed, calls[i].answered, nonblock,
			 !strcmp(calls[i].name, "TCP_NODELAY"));
		flow_redial(&flow);
		expect_printed(&flow, text);
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_seen(&flow, !!strstr(calls[i].answered, "/3"), "path=/3 ", NULL);
	}
	flow_end(&flow);
}

static void calls_during_a_rescue_are_answered_as_by_a_live_socket(void)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		call_is_answered_as_by_a_live_socket(i);
}

static void set_options(int fd)
{
	struct timeval limit = {.tv_sec = 7, .tv_usec = 500000};
	struct linger linger = {.l_onoff = 1, .l_linger = 3};
	set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 77);
	set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 11);
	set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
	set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 9000);
	set_option(fd, IPPROTO_IP, IP_TOS, 0x10);
	set_option(fd, SOL_SOCKET, SO_RCVBUF, 50000);
	set_option(fd, SOL_SOCKET, SO_SNDBUF, 60000);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static void tell_options(int fd)
{
	struct timeval in = {0}, out = {0};
	struct linger linger = {0};
	socklen_t len = sizeof(in);
	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &in, &len);
	getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &out, &len);
	len = sizeof(linger);
	getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &len);
	say("nodelay %d keepalive %d idle %d interval %d count %d timeout %d tos %d",
	    option(fd, IPPROTO_TCP, TCP_NODELAY), option(fd, SOL_SOCKET, SO_KEEPALIVE),
	    option(fd, IPPROTO_TCP, TCP_KEEPIDLE), option(fd, IPPROTO_TCP, TCP_KEEPINTVL),
	    option(fd, IPPROTO_TCP, TCP_KEEPCNT), option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT),
	    option(fd, IPPROTO_IP, IP_TOS));
	say("buffers %d %d", option(fd, SOL_SOCKET, SO_RCVBUF), option(fd, SOL_SOCKET, SO_SNDBUF));
	say("timeouts %ld.%ld %ld.%ld linger %d %d", (long)in.tv_sec, (long)in.tv_usec,
	    (long)out.tv_sec, (long)out.tv_usec, linger.l_onoff, linger.l_linger);
}

static void tell_descriptor(int fd)
{
	struct sockaddr_in local = {0};
	socklen_t len = sizeof(local);
	char ip[INET_ADDRSTRLEN];
	getsockname(fd, (struct sockaddr *)&local, &len);
	say("bound to %s, close-on-exec %d, O_NONBLOCK %d",
	    inet_ntop(AF_INET, &local.sin_addr, ip, sizeof(ip)),
	    !!(fcntl(fd, F_GETFD) & FD_CLOEXEC), !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
}

/* arg: "inherited" for a descriptor without FD_CLOEXEC. */
PROGRAM(socket_with_options)
{
	struct sockaddr_in local = {.sin_family = AF_INET};
	int fd = dial_socket();
	local.sin_addr.s_addr = htonl(0x7f000002);
	set_options(fd);
	if (!strcmp(program.arg, "inherited"))
		fcntl(fd, F_SETFD, 0);
	bind(fd, (struct sockaddr *)&local, sizeof(local));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	tell_options(fd);
	tell_descriptor(fd);
}

/* What a healthy connection prints bare, a rescued one prints too. */
static void options_flags_and_local_address_outlive_a_rescue(void)
{
	static const char *const args[] = {"", "inherited"};
	for (int i = 0; i < 2; i++) {
		struct flow flow = {.program = "socket_with_options", .arg = args[i]};
		for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
			flow.faults[0] = NULL;
			flow_bare(&flow);
			char *bare = strdup(flow.result.out);
			flow.faults[0] = "shed=1@1.2";
			flow_redial(&flow);
			expect_printed(&flow, bare);
			expect_seen(&flow, 2, "path=/2 ", NULL);
			CU_ASSERT_PTR_NOT_NULL(strstr(bare, "bound to 127.0.0.2"));
			free(bare);
		}
		flow_end(&flow);
	}
}

static int epoll_set_with(int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = {.events = events, .data.u64 = data};
	int set = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event))
		say("epoll_ctl: %s", error_name(errno));
	return set;
}

static void tell_events(const char *name, int set, int wait_ms)
{
	struct epoll_event event;
	int count = epoll_wait(set, &event, 1, wait_ms);
	if (count == 1)
		say("%s: events %x data %llx", name, event.events,
		    (unsigned long long)event.data.u64);
	else
		say("%s: %d", name, count);
}

/* arg: how many sets beyond four, the most that redial can put back. */
PROGRAM(one_descriptor_in_many_sets)
{
	int fd = dial();
	int level = epoll_set_with(fd, EPOLLIN, 0x1111222233334444);
	int edge = epoll_set_with(fd, EPOLLIN | EPOLLET, 0x5555666677778888);
	int fired = epoll_set_with(fd, EPOLLIN | EPOLLONESHOT, 0x99);
	int exclusive = epoll_set_with(fd, EPOLLIN | EPOLLEXCLUSIVE, 0xaaaabbbbccccdddd);
	if (*program.arg)
		epoll_set_with(fd, EPOLLIN, 5);
	ask(fd, "GET", "/1", NULL);
	await(fd);
	tell_events("one-shot", fired, 5000);
	answer(fd);
	if (!exchange(fd, "GET", "/2", NULL))
		return;
	while (epoll_wait(edge, &(struct epoll_event){0}, 1, 0) > 0)
		;
	ask(fd, "GET", "/3", NULL);
	await(fd);
	tell_events("level", level, 5000);
	tell_events("edge", edge, 5000);
	tell_events("edge again", edge, 0);
	tell_events("exclusive", exclusive, 5000);
	tell_events("one-shot that has fired", fired, 0);
	struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 0x77};
	say("MOD %d", epoll_ctl(fired, EPOLL_CTL_MOD, fd, &event));
	tell_events("one-shot armed again", fired, 5000);
	answer(fd);
}

static void epoll_registrations_outlive_a_rescue(void)
{
	struct flow flow = {.program = "one_descriptor_in_many_sets", .way = WAY_POLL};
	flow_bare(&flow);
	char *bare = strdup(flow.result.out);
	flow.faults[0] = "shed=1@1.2";
	flow_redial(&flow);
	expect_printed(&flow, bare);
	expect_seen(&flow, 2, "path=/2 ", NULL);
	free(bare);
	flow_end(&flow);
}

static void descriptor_in_more_sets_than_can_be_put_back_is_not_rescued(void)
{
	struct flow flow = {.program = "one_descriptor_in_many_sets",
			    .arg = "one more",
			    .way = WAY_POLL,
			    .faults = {"reset@1.2"}};
	flow_bare(&flow);
	char *bare = strdup(flow.result.out);
	flow_redial(&flow);
	expect_printed(&flow, bare);
	expect_logged(&flow, 1, "event=refused reason=shared", NULL);
	free(bare);
	flow_end(&flow);
}

const struct runner_test calls_tests[] = {
    T(calls_during_a_rescue_are_answered_as_by_a_live_socket),
    T(options_flags_and_local_address_outlive_a_rescue),
    T(epoll_registrations_outlive_a_rescue),
    T(descriptor_in_more_sets_than_can_be_put_back_is_not_rescued),
    T_END,
};
