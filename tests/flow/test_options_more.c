/* SPDX-License-Identifier: MIT */
/* Options set in unusual ways, in the middle of a rescue, or that no new socket can be given. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

#define PAUSE(ms)                                                                                  \
	"retry = { on = [\"stale\", \"reset\", \"eof\", \"connect-timeout\"]; "                    \
	"connect_timeout_ms = 300; backoff = { base_ms = " #ms "; max_ms = " #ms                   \
	"; jitter = \"none\"; }; };"

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? errno : 0;
}

static int get_int(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	return getsockopt(fd, level, name, &value, &len) ? -errno : value;
}

static int set_filter(int fd)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0xffffffff)};
	struct sock_fprog filter = {.len = 1, .filter = code};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ? errno : 0;
}

static int set_peek_offset(int fd)
{
	return set_int(fd, SOL_SOCKET, SO_PEEK_OFF, 0);
}

static int set_ip_options(int fd)
{
	static const char nothing[4] = {1, 1, 1, 1};
	return setsockopt(fd, IPPROTO_IP, IP_OPTIONS, nothing, sizeof(nothing)) ? errno : 0;
}

static int set_fast_open_key(int fd)
{
	static const char key[16] = "0123456789abcde";
	return setsockopt(fd, IPPROTO_TCP, 33, key, sizeof(key)) ? errno : 0;
}

static int set_ulp(int fd)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3) ? errno : 0;
}

static const struct {
	const char *name;
	int (*set)(int fd);
} others[] = {
    {"SO_ATTACH_FILTER", set_filter},	     {"SO_PEEK_OFF", set_peek_offset},
    {"IP_OPTIONS", set_ip_options},	     {"TCP_ULP", set_ulp},
    {"TCP_FASTOPEN_KEY", set_fast_open_key},
};
enum { OTHERS = sizeof(others) / sizeof(others[0]) };

static int set_other(int fd)
{
	int i = 0;
	while (strcmp(others[i].name, program.arg))
		i++;
	return others[i].set(fd);
}

PROGRAM(option_that_cannot_be_set_again)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int error = set_other(fd);
	if (error) {
		say("not here: %s", error_name(error));
		return;
	}
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void socket_with_an_option_that_cannot_be_set_again_is_not_replaced(void)
{
	for (int i = 0; i < OTHERS; i++) {
		struct flow flow = {.program = "option_that_cannot_be_set_again",
				    .arg = others[i].name,
				    .faults = {"reset@1.2"}};
		for (flow.way = WAY_BLOCK; flow.way <= WAY_EDGE; flow.way++) {
			flow_redial(&flow);
			if (strstr(flow.result.out, "not here"))
				break;
			expect_printed(&flow, "200 /1\nECONNRESET\n");
			expect_logged(&flow, 1, "event=refused reason=options cause=reset", NULL);
			expect_seen(&flow, 1, "path=/2 ", NULL);
		}
		flow_end(&flow);
	}
}

static void tell(int fd)
{
	struct timeval limit = {0};
	socklen_t len = sizeof(limit);
	getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, &len);
	say("TTL %d, low-water %d, cork %d, keep-alive %d, limit %ld",
	    get_int(fd, IPPROTO_IP, IP_TTL), get_int(fd, SOL_SOCKET, SO_RCVLOWAT),
	    get_int(fd, IPPROTO_TCP, TCP_CORK), get_int(fd, SOL_SOCKET, SO_KEEPALIVE),
	    (long)limit.tv_sec);
}

#define AS_SET "TTL 9, low-water 20, cork 1, keep-alive 1, limit 7\n"

static void set_some(int fd)
{
	const struct timeval limit = {.tv_sec = 7};
	set_int(fd, IPPROTO_IP, IP_TTL, 9);
	set_int(fd, SOL_SOCKET, SO_RCVLOWAT, 20);
	set_int(fd, IPPROTO_TCP, TCP_CORK, 1);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* arg: whether the next socket is being connected at that time, or is still to be made. */
PROGRAM(options_set_during_a_rescue)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!begin_rescue(fd))
		return;
	set_some(fd);
	tell(fd);
	say("%s", error_name(set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, -1)));
	answer(fd);
	tell(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void options_set_during_a_rescue_are_told_at_once_and_outlive_it(void)
{
	static const char *const faults[] = {"shed=1@1.2", "hang-accept=1@1.2"};
	for (int i = 0; i < 2; i++) {
		struct flow flow = {.program = "options_set_during_a_rescue",
				    .faults = {faults[i]},
				    .policy = PAUSE(150)};
		for (flow.way = WAY_POLL; flow.way < WAY_CURL; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow,
				       "200 /1\n" AS_SET "EINVAL\n200 /2\n" AS_SET "200 /3\n");
			expect_logged(&flow, 1, "result=recovered", NULL);
		}
		flow_end(&flow);
	}
}

PROGRAM(filter_set_during_a_rescue)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (begin_rescue(fd))
		say("SO_ATTACH_FILTER: %s", set_filter(fd) ? "failed" : "set");
	answer(fd);
	hang_up(fd);
}

static void rescue_ends_when_the_socket_gets_what_the_next_one_cannot_have(void)
{
	struct flow flow = {.program = "filter_set_during_a_rescue",
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE(150)};
	for (flow.way = WAY_POLL; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nSO_ATTACH_FILTER: set\nECONNRESET\n");
		expect_logged(&flow, 1, "result=exhausted", "reason=options");
	}
	flow_end(&flow);
}

/* CAP_NET_ADMIN and CAP_NET_RAW, of this thread alone. */
static int give_up_privileges(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2];
	if (syscall(SYS_capget, &head, sets))
		return errno;
	sets[0].effective &= ~(1u << CAP_NET_ADMIN | 1u << CAP_NET_RAW);
	return syscall(SYS_capset, &head, sets) ? errno : 0;
}

PROGRAM(privileges_dropped_after_use)
{
	int fd = dial_socket();
	int error = set_int(fd, SOL_SOCKET, SO_MARK, 7);
	dial_on(fd);
	if (error || (error = give_up_privileges())) {
		say("not here: %s", error_name(error));
		return;
	}
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void option_that_the_program_could_not_set_any_more_ends_the_rescue(void)
{
	struct flow flow = {.program = "privileges_dropped_after_use", .faults = {"reset@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_EDGE; flow.way++) {
		flow_redial(&flow);
		if (strstr(flow.result.out, "not here")) {
			printf("\n    skipped: SO_MARK is not permitted here ");
			break;
		}
		expect_printed(&flow, "200 /1\nECONNRESET\n");
		expect_logged(&flow, 1, "result=exhausted", "reason=options");
		expect_seen(&flow, 1, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

/* By another number, by a child that shares the memory, and past libc. */
PROGRAM(options_set_by_other_ways)
{
	int ten = 10;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int copy = dup(fd);
	set_int(copy, IPPROTO_IP, IP_TTL, 9);
	close(copy);
	pid_t child = vfork();
	if (child == 0) {
		set_int(fd, SOL_SOCKET, SO_RCVLOWAT, 20);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	syscall(SYS_setsockopt, fd, IPPROTO_IP, IP_TOS, &ten, sizeof(ten));
	syscall(SYS_setsockopt, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ten, sizeof(ten));
	exchange(fd, "GET", "/2", NULL);
	say("TTL %d, low-water %d, TOS %d, timeout %d", get_int(fd, IPPROTO_IP, IP_TTL),
	    get_int(fd, SOL_SOCKET, SO_RCVLOWAT), get_int(fd, IPPROTO_IP, IP_TOS),
	    get_int(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
	hang_up(fd);
}

static void options_count_by_whichever_number_and_call_they_were_set(void)
{
	struct flow flow = {.program = "options_set_by_other_ways", .faults = {"reset@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\nTTL 9, low-water 20, TOS 8, timeout 10\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

PROGRAM(socket_made_past_libc)
{
	int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void socket_whose_options_were_not_seen_is_not_replaced(void)
{
	struct flow flow = {.program = "socket_made_past_libc", .faults = {"reset@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_EDGE; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\n");
		expect_logged(&flow, 1, "event=refused reason=options", NULL);
	}
	flow_end(&flow);
}

PROGRAM(post_under_a_cork)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	set_int(fd, IPPROTO_TCP, TCP_CORK, 1);
	long began = now_ms();
	exchange(fd, "POST", "/2", "order");
	say("%s", now_ms() - began < 190 ? "at once" : "held back");
	say("cork %d", get_int(fd, IPPROTO_TCP, TCP_CORK));
	hang_up(fd);
}

/* The kernel holds back what does not fill a packet for 200 ms; three tries on a busy machine. */
static void cork_does_not_hold_a_rescued_request_back(void)
{
	struct flow flow = {.program = "post_under_a_cork", .faults = {"idle-reset=0@1.1"}};
	for (int i = 0; i < 3; i++) {
		flow_redial(&flow);
		if (strstr(flow.result.out, "at once"))
			break;
	}
	expect_printed(&flow, "200 /1\n200 /2\nat once\ncork 1\n");
	expect_logged(&flow, 1, "result=recovered", NULL);
	flow_end(&flow);
}

/* Asks, and reads the answer's first bytes: do they come with a time? */
static bool is_timed(int fd, const char *path)
{
	char bytes[4096], room[256];
	struct iovec piece = {bytes, sizeof(bytes)};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = room};
	ssize_t got;
	ask(fd, "GET", path, NULL);
	do {
		message.msg_controllen = sizeof(room);
		got = recvmsg(fd, &message, 0);
	} while (got < 0 && errno == EAGAIN && await(fd));
	if (got <= 0)
		say("%s", error_name(got ? errno : 0));
	return message.msg_controllen != 0;
}

/* The kernel takes its time until it begins to note times. */
PROGRAM(get_with_timestamps)
{
	int fd = dial();
	set_int(fd, SOL_SOCKET, SO_TIMESTAMP, 1);
	for (int i = 0; i < 500 && !is_timed(fd, "/1"); i++)
		usleep(1000);
	say("an answer %s time", is_timed(fd, "/2") ? "with its" : "without a");
	hang_up(fd);
}

static void answer_comes_with_the_time_that_the_program_asked_for(void)
{
	struct flow flow = {.program = "get_with_timestamps", .faults = {"reset@1.2+,path:/2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "an answer with its time\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

const struct runner_test options_more_tests[] = {
    T(socket_with_an_option_that_cannot_be_set_again_is_not_replaced),
    T(options_set_during_a_rescue_are_told_at_once_and_outlive_it),
    T(rescue_ends_when_the_socket_gets_what_the_next_one_cannot_have),
    T(option_that_the_program_could_not_set_any_more_ends_the_rescue),
    T(options_count_by_whichever_number_and_call_they_were_set),
    T(socket_whose_options_were_not_seen_is_not_replaced),
    T(cork_does_not_hold_a_rescued_request_back),
    T(answer_comes_with_the_time_that_the_program_asked_for),
    T_END,
};
