/* SPDX-License-Identifier: MIT */
/* The many calls that read and write a socket: those that are followed, and those that are not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

#define GET_2  "GET /2 HTTP/1.1\r\nHost: test\r\n\r\n"
#define POST_2 "POST /2 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\norder"

ssize_t __read_chk(int fd, void *bytes, size_t len, size_t room);
ssize_t __recv_chk(int fd, void *bytes, size_t len, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *bytes, size_t len, size_t room, int flags,
		       struct sockaddr *addr, socklen_t *addr_len);

/* In pieces, empty ones first, between and last. */
static int cut_up(const char *bytes, size_t len, struct iovec iov[5])
{
	iov[0] = (struct iovec){NULL, 0};
	iov[1] = (struct iovec){(char *)bytes, len / 2};
	iov[2] = (struct iovec){NULL, 0};
	iov[3] = (struct iovec){(char *)bytes + len / 2, len - len / 2};
	iov[4] = (struct iovec){NULL, 0};
	return 5;
}

static ssize_t send_by(const char *call, int fd, const char *bytes, size_t len)
{
	struct iovec iov[5];
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)cut_up(bytes, len, iov)};
	if (!strcmp(call, "send"))
		return send(fd, bytes, len, 0);
	if (!strcmp(call, "sendto"))
		return sendto(fd, bytes, len, MSG_NOSIGNAL, NULL, 0);
	if (!strcmp(call, "sendmsg"))
		return sendmsg(fd, &message, 0);
	if (!strcmp(call, "writev"))
		return writev(fd, iov, 5);
	return write(fd, bytes, len);
}

static ssize_t receive_by(const char *call, int fd, char *bytes, size_t size)
{
	struct iovec iov[5];
	struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)cut_up(bytes, size, iov)};
	if (!strcmp(call, "recv"))
		return recv(fd, bytes, size, 0);
	if (!strcmp(call, "recvfrom"))
		return recvfrom(fd, bytes, size, 0, NULL, NULL);
	if (!strcmp(call, "recvmsg"))
		return recvmsg(fd, &message, 0);
	if (!strcmp(call, "readv"))
		return readv(fd, iov, 5);
	if (!strcmp(call, "__read_chk"))
		return __read_chk(fd, bytes, size, size);
	if (!strcmp(call, "__recv_chk"))
		return __recv_chk(fd, bytes, size, size, 0);
	if (!strcmp(call, "__recvfrom_chk"))
		return __recvfrom_chk(fd, bytes, size, size, 0, NULL, NULL);
	return read(fd, bytes, size);
}

static ssize_t receive_waiting(const char *call, int fd, char *bytes, size_t size)
{
	for (;;) {
		ssize_t got = receive_by(call, fd, bytes, size);
		if (got >= 0 || errno != EAGAIN || program.way == WAY_BLOCK || !await(fd))
			return got;
	}
}

/* arg: "SENDING-CALL RECEIVING-CALL METHOD". */
PROGRAM(by_calls)
{
	char sending[32], receiving[32], method[8], bytes[4096] = "";
	sscanf(program.arg, "%31s %31s %7s", sending, receiving, method);
	const char *request = strcmp(method, "GET") ? POST_2 : GET_2;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (strcmp(method, "GET"))
		await_death(fd);
	ssize_t sent = send_by(sending, fd, request, strlen(request));
	say("%d", sent == (ssize_t)strlen(request));
	ssize_t got = receive_waiting(receiving, fd, bytes, sizeof(bytes) - 1);
	say("%s",
	    got > 0 && strstr(bytes, "\"path\":\"/2\"") ? "answered" : error_name(got ? errno : 0));
}

static const char *const senders[] = {"send", "sendto", "sendmsg", "write", "writev"};
static const char *const receivers[] = {"recv",	 "recvfrom",   "recvmsg",    "read",
					"readv", "__read_chk", "__recv_chk", "__recvfrom_chk"};

static void every_call_rescues(const char *method, const char *fault, int seen)
{
	char arg[100];
	struct flow flow = {.program = "by_calls", .arg = arg, .faults = {fault}};
	for (int i = 0; i < 8; i++) {
		snprintf(arg, sizeof(arg), "%s %s %s", senders[i % 5], receivers[i], method);
		flow.way = i % 2 ? WAY_POLL : WAY_BLOCK;
		flow_redial(&flow);
		if (!expect_printed(&flow, "200 /1\n1\nanswered\n"))
			printf(" by %s", arg);
		expect_seen(&flow, seen, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

static void get_is_sent_again_by_whatever_call_it_is_sent_and_received(void)
{
	every_call_rescues("GET", "reset@1.2", 2);
	every_call_rescues("GET", "close@1.2", 2);
}

static void post_on_a_dead_connection_is_sent_once_by_whatever_call(void)
{
	every_call_rescues("POST", "idle-reset@1.1", 1);
	every_call_rescues("POST", "idle-close@1.1", 1);
}

PROGRAM(peek_before_reading)
{
	char peeked[4096] = "", read_then[4096] = "";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	await(fd);
	while (recv(fd, peeked, sizeof(peeked) - 1, MSG_PEEK) < 0 && errno == EAGAIN)
		await(fd);
	ssize_t got = get(fd, read_then, sizeof(read_then) - 1);
	say("%s", got > 0 && !strcmp(peeked, read_then) ? "the same" : "something else");
	say("%s", strstr(read_then, "/2") ? "/2" : read_then);
	exchange(fd, "GET", "/3", NULL);
}

static void peeked_bytes_are_those_that_are_read(void)
{
	static const char *const faults[] = {NULL, "reset@1.2", "close@1.2"};
	struct flow flow = {.program = "peek_before_reading"};
	for (int i = 0; i < 3; i++) {
		flow.faults[0] = faults[i];
		for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, "200 /1\nthe same\n/2\n200 /3\n");
		}
	}
	flow_end(&flow);
}

PROGRAM(peek_then_reset)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	while (recv(fd, &byte, 1, MSG_PEEK) < 0 && errno == EAGAIN)
		await(fd);
	await_death(fd);
	read_to_the_end(fd);
}

static void request_whose_answer_was_peeked_at_is_never_resent(void)
{
	struct flow flow = {.program = "peek_then_reset", .faults = {"reset-after=9@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_both_alike(&flow);
		expect_seen(&flow, 1, "path=/2 ", NULL);
	}
	flow_end(&flow);
}

PROGRAM(wait_for_all)
{
	static char bytes[100000];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/bytes/200000", NULL);
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_WAITALL);
	say("%zd", got);
	say("%d", recv(fd, bytes, sizeof(bytes), MSG_WAITALL) == (ssize_t)sizeof(bytes));
	say("%d", !memcmp(bytes, bytes + 1, sizeof(bytes) - 1));
}

static void read_with_msg_waitall_gets_all(void)
{
	static const char *const faults[] = {NULL, "reset@1.2", "close@1.2"};
	struct flow flow = {.program = "wait_for_all"};
	for (int i = 0; i < 3; i++) {
		flow.faults[0] = faults[i];
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n100000\n1\n1\n");
	}
	flow_end(&flow);
}

/* Ways to move bytes or descriptors past the tracker. Each ends in an exchange that is reset. */
static void by_truncating_read(int fd)
{
	ask(fd, "GET", "/skipped", NULL);
	await(fd);
	while (recv(fd, NULL, 4096, MSG_TRUNC) < 0 && errno == EAGAIN)
		await(fd);
	exchange(fd, "GET", "/2", NULL);
}

static void by_sendfile(int fd)
{
	int file = memfd_create("request", MFD_CLOEXEC);
	if (write(file, GET_2, strlen(GET_2)) < 0)
		say("memfd");
	off_t start = 0;
	say("%d", sendfile(fd, file, &start, strlen(GET_2)) == (ssize_t)strlen(GET_2));
	answer(fd);
}

static void by_splice(int fd)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) || write(ends[1], GET_2, strlen(GET_2)) < 0)
		say("pipe");
	say("%d", splice(ends[0], NULL, fd, NULL, strlen(GET_2), 0) == (ssize_t)strlen(GET_2));
	answer(fd);
}

static void by_sendmmsg(int fd)
{
	struct iovec iov = {GET_2, strlen(GET_2)};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
	say("%d", sendmmsg(fd, &message, 1, 0));
	answer(fd);
}

static void by_recvmmsg(int fd)
{
	char bytes[4096];
	struct iovec iov = {bytes, sizeof(bytes)};
	struct mmsghdr message = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
	ask(fd, "GET", "/skipped", NULL);
	await(fd);
	say("%d", recvmmsg(fd, &message, 1, 0, NULL));
	exchange(fd, "GET", "/2", NULL);
}

static void by_child(int fd)
{
	pid_t child = fork();
	if (child == 0) {
		exchange(fd, "GET", "/2", NULL);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static const struct detour {
	const char *name;
	void (*take)(int fd);
} detours[] = {
    {"MSG_TRUNC", by_truncating_read}, {"sendfile", by_sendfile}, {"splice", by_splice},
    {"sendmmsg", by_sendmmsg},	       {"recvmmsg", by_recvmmsg}, {"fork", by_child},
};

enum { DETOURS = sizeof(detours) / sizeof(detours[0]) };

PROGRAM(detour)
{
	const struct detour *detour = detours;
	while (strcmp(detour->name, program.arg))
		detour++;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	detour->take(fd);
}

static void bytes_moved_past_the_tracker_are_as_bare_and_never_resent(void)
{
	static const char *const faults[] = {"reset@path:/2", "close@path:/2", "delay=1@path:/2"};
	for (int i = 0; i < 3 * DETOURS; i++) {
		struct flow flow = {.program = "detour",
				    .arg = detours[i / 3].name,
				    .way = i % 2 ? WAY_POLL : WAY_BLOCK,
				    .faults = {faults[i % 3]}};
		flow_both_alike(&flow);
		if (!expect_seen(&flow, 1, "path=/2 ", NULL))
			printf(" by %s", detours[i / 3].name);
		expect_logged(&flow, 0, "event=attempt", NULL);
		flow_end(&flow);
	}
}

static int copy_by(const char *call, int fd)
{
	if (!strcmp(call, "dup2"))
		return dup2(fd, 100);
	if (!strcmp(call, "dup3"))
		return dup3(fd, 100, O_CLOEXEC);
	if (!strcmp(call, "F_DUPFD"))
		return fcntl(fd, F_DUPFD, 50);
	if (!strcmp(call, "F_DUPFD_CLOEXEC"))
		return fcntl(fd, F_DUPFD_CLOEXEC, 50);
	return dup(fd);
}

/* One number writes, the other reads, as buffered files of interpreters do. */
PROGRAM(two_numbers)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int before = descriptors();
	int copy = copy_by(program.arg, fd);
	if (ask(copy, "GET", "/2", NULL))
		answer(fd);
	exchange(fd, "GET", "/3", NULL);
	exchange(copy, "GET", "/4", NULL);
	close(fd);
	exchange(copy, "GET", "/5", NULL);
	close(copy);
	say("%d more", descriptors() - before);
}

static void socket_with_two_numbers_is_rescued_at_both(void)
{
	static const char *const copies[] = {"dup", "dup2", "dup3", "F_DUPFD", "F_DUPFD_CLOEXEC"};
	static const char *const faults[] = {"reset@1.2", "shed=1@1.2", "close@1.2"};
	for (int i = 0; i < 15; i++) {
		struct flow flow = {.program = "two_numbers",
				    .arg = copies[i / 3],
				    .way = i % 2 ? WAY_POLL : WAY_BLOCK,
				    .faults = {faults[i % 3], "close@2.3"}};
		flow_redial(&flow);
		if (!expect_printed(&flow, "200 /1\n200 /2\n200 /3\n200 /4\n200 /5\n-1 more\n"))
			printf(" by %s", copies[i / 3]);
		expect_seen(&flow, 2, "path=/2 ", NULL);
		flow_end(&flow);
	}
}

PROGRAM(unsent_post_by_the_other_number)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int copy = dup(fd);
	await_death(fd);
	if (ask(copy, "POST", "/2", "order"))
		answer(fd);
	exchange(fd, "POST", "/3", "order");
}

static void post_by_another_number_of_a_dead_connection_is_sent_once(void)
{
	static const char *const faults[] = {"idle-close@1.1", "idle-reset@1.1"};
	for (int i = 0; i < 4; i++) {
		struct flow flow = {.program = "unsent_post_by_the_other_number",
				    .way = i % 2 ? WAY_POLL : WAY_BLOCK,
				    .faults = {faults[i / 2]}};
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n200 /3\n");
		expect_seen(&flow, 1, "path=/2 ", "body=5");
		expect_seen(&flow, 1, "path=/3 ", "body=5");
		flow_end(&flow);
	}
}

const struct runner_test variants_tests[] = {
    T(get_is_sent_again_by_whatever_call_it_is_sent_and_received),
    T(post_on_a_dead_connection_is_sent_once_by_whatever_call),
    T(peeked_bytes_are_those_that_are_read),
    T(request_whose_answer_was_peeked_at_is_never_resent),
    T(read_with_msg_waitall_gets_all),
    T(bytes_moved_past_the_tracker_are_as_bare_and_never_resent),
    T(socket_with_two_numbers_is_rescued_at_both),
    T(post_by_another_number_of_a_dead_connection_is_sent_once),
    T_END,
};
