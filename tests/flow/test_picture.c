/* SPDX-License-Identifier: MIT */
/*
 * Before a rescue the picture that redial has of the socket is held against the kernel's. Each of
 * these is a picture that is wrong in one thing alone, and would send, or close, what it must not.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "flow.h"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/* Whoever comes once more is served, and counted. */
static void serve_one_more(struct peer *peer)
{
	struct pollfd listener = {.fd = peer->listener, .events = POLLIN};
	peer->connections = 0;
	if (poll(&listener, 1, 5000) <= 0)
		return;
	int fd = peer_accept(peer);
	if (fd < 0) /* the test is over */
		return;
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_all(peer, fd);
	peer_close(fd);
	peer->connections = 1;
}

/* Answers the first request of each of two connections, and resets the second one at its second. */
static void reset_the_connection_that_is_another(struct peer *peer)
{
	int first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_say(first, ok);
	peer_read_until(peer, first, "\r\n\r\n");
	int second = peer_accept(peer);
	peer_read_until(peer, second, "\r\n\r\n");
	peer_say(second, ok);
	peer_read_until(peer, second, "\r\n\r\n");
	peer_reset(second);
	serve_one_more(peer);
	peer_close(first);
}

static void say_past_the_hooks(int fd, const char *request)
{
	syscall(SYS_write, fd, request, strlen(request));
}

static void hear_past_the_hooks(int fd, size_t len)
{
	char bytes[256];
	for (size_t got = 0; got < len;) {
		long more = syscall(SYS_read, fd, bytes, len - got);
		if (more <= 0)
			break;
		got += (size_t)more;
	}
}

/* As many bytes have come on the one as on the other: only who it is tells them apart. */
PROGRAM(number_that_is_another_socket)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons((uint16_t)program.port)};
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	syscall(SYS_close, fd);
	if (syscall(SYS_socket, AF_INET, SOCK_STREAM, 0) != fd ||
	    syscall(SYS_connect, fd, &to, sizeof(to)))
		say("not here");
	say_past_the_hooks(fd, "GET /3 HTTP/1.1\r\nHost: x\r\n\r\n");
	hear_past_the_hooks(fd, sizeof(ok) - 1);
	say_past_the_hooks(fd, "DELETE /4 HTTP/1.1\r\nHost: x\r\n\r\n");
	answer(fd);
}

static void number_that_is_another_socket_by_now_is_not_rescued(void)
{
	struct flow flow = {.program = "number_that_is_another_socket",
			    .peer = reset_the_connection_that_is_another};
	flow_both_alike(&flow);
	expect_printed(&flow, "200\nECONNRESET\n");
	runner_expect_long("connections after the reset", 0, flow.seen.connections);
	flow_end(&flow);
}

PROGRAM(other_number_that_is_a_file)
{
	struct stat null, now;
	stat("/dev/null", &null);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int copy = dup(fd);
	syscall(SYS_close, copy);
	if (open("/dev/null", O_RDWR) != copy)
		say("not here");
	exchange(fd, "GET", "/2", NULL);
	say("%s", fstat(copy, &now) || now.st_rdev != null.st_rdev ? "lost" : "there");
}

static void other_number_that_is_a_file_by_now_stays_one(void)
{
	struct flow flow = {.program = "other_number_that_is_a_file", .faults = {"reset@1.2"}};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		flow_both_alike(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\nthere\n");
		expect_seen(&flow, 1, "path=/2 ", NULL);
		expect_logged(&flow, 1, "event=refused", "reason=identity");
	}
	flow_end(&flow);
}

/* Of the second answer come so many bytes, and then a reset. */
static void reset_after(struct peer *peer, size_t len)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_write(fd, ok, len);
	peer_reset(fd);
	serve_one_more(peer);
}

static void reset_after_two(struct peer *peer)
{
	reset_after(peer, 2);
}

static void reset_after_nine(struct peer *peer)
{
	reset_after(peer, 9);
}

/* arg: how much of the answer is read. */
PROGRAM(start_of_an_answer_past_the_hooks)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	hear_past_the_hooks(fd, (size_t)atoi(program.arg));
	answer(fd);
	hang_up(fd);
}

static void answer_that_was_begun_past_the_hooks_is_not_asked_for_again(void)
{
	struct flow flow = {.program = "start_of_an_answer_past_the_hooks"};
	for (int i = 0; i < 2; i++) {
		flow.peer = i ? reset_after_nine : reset_after_two;
		flow.arg = i ? "9" : "2";
		flow_both_alike(&flow);
		expect_printed(&flow, "200\nECONNRESET\n");
		expect_logged(&flow, 1, "event=refused", "reason=unseen-bytes");
		runner_expect_long("connections after the reset", 0, flow.seen.connections);
	}
	flow_end(&flow);
}

enum { UPLOAD = 400000 }; /* more than the kernel takes for a server that does not read */

static void *upload(void *arg)
{
	static char request[UPLOAD + 100];
	int len =
	    sprintf(request, "PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", UPLOAD);
	memset(request + len, 'b', UPLOAD);
	send(*(int *)arg, request, (size_t)len + UPLOAD, MSG_NOSIGNAL);
	return NULL;
}

static void hang_up_amid_an_upload(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_until(peer, fd, "\r\n\r\n");
	shutdown(fd, SHUT_WR);
	serve_one_more(peer);
	peer_close(fd);
}

PROGRAM(read_while_a_thread_is_inside_send)
{
	int small = 4096;
	pthread_t writer;
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	pthread_create(&writer, NULL, upload, &fd);
	answer(fd);
	shutdown(fd, SHUT_RDWR); /* lets the writer out */
	pthread_join(writer, NULL);
	hang_up(fd);
}

static void request_that_a_thread_is_still_writing_is_not_sent_again_by_a_reader(void)
{
	struct flow flow = {.program = "read_while_a_thread_is_inside_send",
			    .peer = hang_up_amid_an_upload,
			    .policy = "retry = { methods = [\"GET\", \"PUT\"]; "
				      "max_request_bytes = 1048576; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\nEOF\n");
	expect_logged(&flow, 1, "event=refused", "reason=shared");
	runner_expect_long("connections after the end", 0, flow.seen.connections);
	flow_end(&flow);
}

/* Reads though it has not said all. */
PROGRAM(read_amid_a_request)
{
	static const char part[] = "PUT /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nor";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, part, sizeof(part) - 1);
	answer(fd);
	hang_up(fd);
}

static void reset_amid_a_request(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_read_until(peer, fd, "\r\n\r\nor");
	peer_reset(fd);
	serve_one_more(peer);
}

static void part_of_a_request_is_not_sent_again_for_who_reads(void)
{
	struct flow flow = {.program = "read_amid_a_request",
			    .peer = reset_amid_a_request,
			    .policy = "retry = { methods = [\"GET\", \"PUT\"]; };"};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		flow_both_alike(&flow);
		expect_printed(&flow, "200\nECONNRESET\n");
		expect_logged(&flow, 1, "event=refused", "reason=not-held");
		runner_expect_long("connections after the reset", 0, flow.seen.connections);
	}
	flow_end(&flow);
}

#define PAUSE "retry = { backoff = { base_ms = 200; max_ms = 200; jitter = \"none\"; }; };"

PROGRAM(file_at_the_number_of_a_rescue)
{
	struct stat null, now;
	char byte;
	stat("/dev/null", &null);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	if (!begin_rescue(fd))
		say("no rescue");
	syscall(SYS_close, fd);
	if (open("/dev/null", O_RDWR) != fd)
		say("not here");
	usleep(300000); /* by then it is time for the next attempt */
	say("%s", recv(fd, &byte, 1, 0) < 0 && errno == ENOTSOCK ? "no socket" : "a socket");
	say("%s", fstat(fd, &now) || now.st_rdev != null.st_rdev ? "lost" : "there");
}

static void file_that_takes_the_number_of_a_rescue_stays_there(void)
{
	struct flow flow = {.program = "file_at_the_number_of_a_rescue",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = PAUSE};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nno socket\nthere\n");
	flow_end(&flow);
}

/* A POST that was unsent until now, and of which the new connection takes a part. */
PROGRAM(post_of_which_a_part_is_taken)
{
	static char request[UPLOAD + 100];
	int small = 4096;
	int len =
	    sprintf(request, "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", UPLOAD);
	memset(request + len, 'b', UPLOAD);
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	if (put(fd, request, (size_t)len + UPLOAD))
		answer(fd);
	hang_up(fd);
}

static void reset_amid_the_second_sending(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, ok);
	peer_close(fd);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
	serve_one_more(peer);
}

static void post_of_which_the_new_connection_took_a_part_is_not_begun_again(void)
{
	struct flow flow = {.program = "post_of_which_a_part_is_taken",
			    .peer = reset_amid_the_second_sending,
			    .policy = "retry = { max_request_bytes = 1048576; };"};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_LEVEL; flow.way++) {
		flow_redial(&flow);
		expect_logged(&flow, 1, "event=attempt", NULL);
		expect_logged(&flow, 1, "result=exhausted", "reason=method");
		runner_expect_long("connections after the reset", 0, flow.seen.connections);
	}
	flow_end(&flow);
}

static int ask_in_a_child(void *arg)
{
	answer(*(int *)arg);
	return 0;
}

/* Its memory is ours, but its descriptors are not: what it puts at a number is not put at ours. */
PROGRAM(ask_in_a_child_that_shares_memory)
{
	static char stack[1 << 18] __attribute__((aligned(16)));
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	pid_t child = clone(ask_in_a_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, &fd);
	if (child < 0 || waitpid(child, NULL, 0) != child)
		say("no child");
	exchange(fd, "GET", "/3", NULL);
}

static void connection_is_not_replaced_in_a_child_that_shares_our_memory(void)
{
	struct flow flow = {.program = "ask_in_a_child_that_shares_memory",
			    .faults = {"reset@1.2"}};
	flow_both_alike(&flow);
	expect_seen(&flow, 1, "path=/2 ", NULL);
	flow_end(&flow);
}

const struct runner_test picture_tests[] = {
    T(number_that_is_another_socket_by_now_is_not_rescued),
    T(other_number_that_is_a_file_by_now_stays_one),
    T(answer_that_was_begun_past_the_hooks_is_not_asked_for_again),
    T(request_that_a_thread_is_still_writing_is_not_sent_again_by_a_reader),
    T(part_of_a_request_is_not_sent_again_for_who_reads),
    T(file_that_takes_the_number_of_a_rescue_stays_there),
    T(post_of_which_the_new_connection_took_a_part_is_not_begun_again),
    T(connection_is_not_replaced_in_a_child_that_shares_our_memory),
    T_END};
