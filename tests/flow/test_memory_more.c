/* SPDX-License-Identifier: MIT */
/*
 * Requests from memory that must not be touched, for it may go away: they are sent again all the
 * same. And calls that come before there is a connection, or beside one.
 */
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bad.h"
#include "flow.h"

/* A file's pages, which nobody cuts short. */
static char *map_file(size_t len)
{
	int file = memfd_create("request", MFD_CLOEXEC);
	char *at = file < 0 || ftruncate(file, (off_t)len)
		       ? MAP_FAILED
		       : mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (at == MAP_FAILED)
		exit(2);
	close(file);
	return at;
}

/* arg: method, and how long its body is. */
PROGRAM(request_from_a_file)
{
	char method[16];
	size_t len = 0;
	sscanf(program.arg, "%15s %zu", method, &len);
	char *at = map_file(len + 4096);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int head = sprintf(at, "%s /2 HTTP/1.1\r\nHost: x\r\n", method);
	if (len)
		head += sprintf(at + head, "Content-Length: %zu\r\n", len);
	head += sprintf(at + head, "\r\n");
	for (size_t i = 0; i < len; i++)
		at[(size_t)head + i] = (char)('a' + i % 23);
	await_death(fd);
	put(fd, at, (size_t)head + len);
	answer(fd);
	for (int i = 0; i < 20; i++) {
		if (write(fd, at, (size_t)head + len) > 0)
			answer(fd);
	}
	hang_up(fd);
}

static void expect_saved(struct flow *flow, const char *what)
{
	char printed[400] = "200 /1\n", logged[64];
	for (int i = 0; i < 21; i++)
		strcat(printed, "200 /2\n");
	flow->arg = what;
	flow_redial(flow);
	expect_printed(flow, printed);
	snprintf(logged, sizeof(logged), "method=%.*s ", (int)strcspn(what, " "), what);
	expect_seen(flow, 21, "path=/2 ", logged);
	expect_logged(flow, 1, "result=recovered", "path=/2");
}

static void request_from_a_mapped_file_is_saved(void)
{
	struct flow flow = {.program = "request_from_a_file", .faults = {"idle-close@1.1"}};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		expect_saved(&flow, "GET");
		expect_saved(&flow, "POST 100");
		expect_saved(&flow, "POST 60000");
	}
	flow_end(&flow);
}

/* There is no copy of it: only its head is looked at. */
static void upload_from_a_mapped_file_is_saved(void)
{
	struct flow flow = {.program = "request_from_a_file", .faults = {"idle-close@1.1"}};
	expect_saved(&flow, "POST 1000000");
	flow.policy = "rules = ( { path = \"/2\"; on = []; } );";
	flow.arg = "POST 1000000";
	flow.status = 128 + SIGPIPE;
	flow_redial(&flow);
	expect_logged(&flow, 0, "result=recovered", NULL);
	flow_end(&flow);
}

static void request_from_a_mapped_file_gets_an_id(void)
{
	struct flow flow = {.program = "request_from_a_file",
			    .faults = {"idle-close@1.1"},
			    .policy = "retry = { add_request_id = true; };"};
	expect_saved(&flow, "GET");
	expect_seen(&flow, 0, "path=/2 ", " id=- ");
	expect_saved(&flow, "POST 100");
	expect_seen(&flow, 0, "path=/2 ", " id=- ");
	flow_end(&flow);
}

PROGRAM(pieces_from_a_file)
{
	char *at = map_file(4096);
	char head[] = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n";
	struct iovec *pieces = (struct iovec *)(void *)(at + 2048);
	strcpy(at, "body");
	pieces[0] = (struct iovec){head, strlen(head)};
	pieces[1] = (struct iovec){at, 4};
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	say("%zd", writev(fd, pieces, 2));
	answer(fd);
	struct msghdr *message = (struct msghdr *)(void *)(at + 3072);
	*message = (struct msghdr){.msg_iov = pieces, .msg_iovlen = 2};
	await_death(fd);
	say("%zd", sendmsg(fd, message, 0));
	answer(fd);
	hang_up(fd);
}

static void array_and_header_in_a_mapped_file_are_good(void)
{
	struct flow flow = {.program = "pieces_from_a_file",
			    .faults = {"idle-close@1.1", "idle-close@2.1"}};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n52\n200 /2\n52\n200 /2\n");
	expect_logged(&flow, 2, "result=recovered", NULL);
	flow_end(&flow);
}

PROGRAM(bad_addresses)
{
	for (int kind = 0; kind < BAD_COUNT; kind++) {
		for (size_t good = 0; good < sizeof(struct sockaddr_in); good += 8) {
			struct bad_memory memory;
			char *at = bad_begin(&memory, (enum bad)kind, kind == BAD_NULL ? 0 : good);
			int fd = dial_socket();
			const struct sockaddr_in peer = {.sin_family = AF_INET};
			if (at)
				memcpy(at, &peer, sizeof(peer));
			bad_spoil(&memory);
			const struct sockaddr *addr = (const struct sockaddr *)(void *)at;
			int error = connect(fd, addr, sizeof(peer)) ? errno : 0;
			say("connect: %s", error_name(error));
			error = bind(fd, addr, sizeof(peer)) ? errno : 0;
			say("bind: %s", error_name(error));
			error = connect(fd, addr, 0) ? errno : 0;
			say("no address: %s", error_name(error));
			dial_on(fd);
			exchange(fd, "GET", "/1", NULL);
			hang_up(fd);
			bad_end(&memory);
		}
	}
}

static void address_that_is_not_there_is_told_as_bare(void)
{
	struct flow flow = {.program = "bad_addresses"};
	static const char *const policies[] = {
	    NULL,
	    "retry = { on = [\"connect\", \"connect-timeout\"]; };",
	    "breaker = { reject = true; };",
	};
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		flow.policy = policies[i];
		flow_both_alike(&flow);
	}
	flow_end(&flow);
}

/* The control data of a message to fd, over a local socket: a descriptor. */
static void send_descriptor(int to, int fd, char *control)
{
	struct iovec piece = {"x", 1};
	struct msghdr message = {.msg_iov = &piece,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = CMSG_SPACE(sizeof(int))};
	struct cmsghdr header = {
	    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
	if (control && fd >= 0) {
		memcpy(control, &header, sizeof(header));
		memcpy(control + CMSG_LEN(0), &fd, sizeof(fd));
	}
	ssize_t result = sendmsg(to, &message, MSG_NOSIGNAL);
	say("%zd %s", result, error_name(result < 0 ? errno : 0));
}

PROGRAM(bad_control_data)
{
	int pair[2];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	for (int kind = 0; kind < BAD_COUNT; kind++) {
		struct bad_memory memory;
		size_t part = kind == BAD_NULL ? 0 : sizeof(struct cmsghdr);
		char *control = bad_begin(&memory, (enum bad)kind, part);
		if (control)
			send_descriptor(pair[0], pair[1], control);
		bad_spoil(&memory);
		send_descriptor(pair[0], -1, control);
		send_descriptor(fd, -1, control);
		bad_end(&memory);
	}
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void control_data_that_is_not_there_is_told_as_bare(void)
{
	struct flow flow = {.program = "bad_control_data"};
	flow_both_alike(&flow);
	flow_end(&flow);
}

PROGRAM(descriptor_from_a_file)
{
	int pair[2];
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	send_descriptor(pair[0], fd, map_file(4096));
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void socket_handed_on_from_a_mapped_file_is_not_replaced(void)
{
	struct flow flow = {.program = "descriptor_from_a_file", .faults = {"reset@2"}};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n1 EOF\nECONNRESET\n");
	expect_logged(&flow, 1, "event=refused reason=shared", NULL);
	flow_end(&flow);
}

/* Sends from the middle of it three times, and once more when it has been freed. */
static void send_freed(int fd, char *piece)
{
	static const char request[] = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
	volatile uintptr_t at = (uintptr_t)piece + 100000;
	memcpy((void *)at, request, sizeof(request));
	for (int i = 0; i < 3; i++) {
		put(fd, (void *)at, sizeof(request) - 1);
		answer(fd);
	}
	free(piece);
	ssize_t result = send(fd, (void *)at, sizeof(request) - 1, MSG_NOSIGNAL);
	say("%zd %s", result, error_name(result < 0 ? errno : 0));
}

/* What free gives back to the system no hook sees. */
PROGRAM(freed_memory)
{
	int fd = dial();
	mallopt(M_MMAP_THRESHOLD, 200000);
	mallopt(M_TRIM_THRESHOLD, 4096);
	mallopt(M_TOP_PAD, 0);
	send_freed(fd, malloc(1 << 20));
	send_freed(fd, malloc(190000));
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void memory_that_was_freed_is_told_as_bare(void)
{
	struct flow flow = {.program = "freed_memory"};
	flow_bare(&flow);
	expect_printed(&flow, "200 /1\n200 /1\n200 /1\n-1 EFAULT\n"
			      "200 /1\n200 /1\n200 /1\n-1 EFAULT\n200 /2\n");
	flow_both_alike(&flow);
	flow_end(&flow);
}

/* More than the kernel takes at once, the last part of it bad: what it takes is what is there. */
PROGRAM(large_body_from_bad_memory)
{
	enum { GOOD = 300000, LEN = GOOD + 5000 };
	static const char head[] = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n";
	size_t whole = (GOOD + 4095) / 4096 * 4096;
	char *pages =
	    mmap(NULL, whole + 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *body = pages + whole - GOOD;
	for (int i = 0; i < GOOD; i++)
		body[i] = (char)('a' + i % 19);
	mprotect(pages + whole, 8192, PROT_NONE);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, head, sizeof(head) - 1);
	ssize_t taken = send(fd, body, LEN, MSG_NOSIGNAL);
	say("%s", taken > 0 && taken <= GOOD ? "a part" : error_name(errno));
	put(fd, body + (taken > 0 ? taken : 0), GOOD - (size_t)(taken > 0 ? taken : 0));
	answer(fd);
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void serve_upload(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_read_count(peer, fd, 300000);
	peer_say(fd, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
	peer_read_all(peer, fd);
	peer_close(fd);
}

static void part_that_the_kernel_takes_is_what_counts(void)
{
	struct flow flow = {.program = "large_body_from_bad_memory", .peer = serve_upload};
	flow_both_alike(&flow);
	flow_end(&flow);
}

const struct runner_test memory_more_tests[] = {
    T(request_from_a_mapped_file_is_saved),
    T(upload_from_a_mapped_file_is_saved),
    T(request_from_a_mapped_file_gets_an_id),
    T(array_and_header_in_a_mapped_file_are_good),
    T(address_that_is_not_there_is_told_as_bare),
    T(control_data_that_is_not_there_is_told_as_bare),
    T(socket_handed_on_from_a_mapped_file_is_not_replaced),
    T(memory_that_was_freed_is_told_as_bare),
    T(part_that_the_kernel_takes_is_what_counts),
    T_END,
};
