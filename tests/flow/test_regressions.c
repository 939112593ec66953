/* SPDX-License-Identifier: MIT */
/* Each of these once sent too much, too little, or to the wrong place. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow.h"

#define NO_JITTER "backoff = { base_ms = 50; max_ms = 50; jitter = \"none\"; }; "

enum { BODY_LEN = 100000 }; /* more than is held, while what the kernel takes at once is less */

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/* Waits a moment for one connection more; its bytes count as too many. */
static int bytes_of_one_more(struct peer *peer)
{
	struct pollfd listener = {.fd = peer->listener, .events = POLLIN};
	size_t before = peer->received;
	if (poll(&listener, 1, 400) <= 0)
		return 0;
	int fd = peer_accept(peer);
	peer_read_all(peer, fd);
	peer_close(fd);
	return (int)(peer->received - before);
}

static void reset_the_second_connection(struct peer *peer)
{
	int first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	peer_say(first, ok);
	peer_close(first);
	int second = peer_accept(peer);
	peer_read_until(peer, second, "\r\n\r\n");
	peer_reset(second);
	peer->connections = bytes_of_one_more(peer);
}

PROGRAM(post_too_large_to_hold)
{
	static char request[BODY_LEN + 128];
	int small = 4096;
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	int len = snprintf(request, sizeof(request),
			   "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_LEN);
	memset(request + len, 'b', BODY_LEN);
	ssize_t taken = send(fd, request, (size_t)len + BODY_LEN, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (taken <= 0 || taken > BODY_LEN / 2 || !answer(fd))
		say("failed");
	hang_up(fd);
}

static void post_too_large_to_hold_is_never_begun_twice(void)
{
	struct flow flow = {.program = "post_too_large_to_hold",
			    .peer = reset_the_second_connection};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_LEVEL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\nECONNRESET\nfailed\n");
		runner_expect_long("bytes on a third connection", 0, flow.seen.connections);
	}
	flow_end(&flow);
}

/* Half-closes, and lets nobody in any more. */
static void half_close_and_refuse(struct peer *peer)
{
	int first = peer_accept(peer);
	peer_read_until(peer, first, "\r\n\r\n");
	size_t before = peer->received;
	peer_say(first, ok);
	close(peer->listener);
	peer->listener = -1;
	shutdown(first, SHUT_WR);
	peer_read_all(peer, first);
	peer->connections = (int)(peer->received - before);
	peer_close(first);
}

PROGRAM(post_whose_head_a_rescue_has_taken)
{
	static const char head[] = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n";
	static const char body[] = "GET /delete HTTP/1.1\r\nHost:\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	if (!put(fd, head, sizeof(head) - 1))
		say("head failed");
	poll(&(struct pollfd){.fd = -1}, 1, 300); /* the rescue has ended by then */
	if (!put(fd, body, 30))
		say("body failed");
	hang_up(fd);
}

static void body_never_goes_where_its_head_did_not(void)
{
	struct flow flow = {.program = "post_whose_head_a_rescue_has_taken",
			    .peer = half_close_and_refuse,
			    .way = WAY_POLL,
			    .policy = "retry = { " NO_JITTER " };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\nbody failed\n");
	runner_expect_long("bytes on the old connection", 0, flow.seen.connections);
	flow_end(&flow);
}

/* As Python does under a timeout: asks before each piece whether it may write. */
PROGRAM(post_that_polls_before_each_write)
{
	static const char head[] = "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	int other = dial();
	exchange(other, "GET", "/other", NULL);
	hang_up(other);
	struct pollfd writable = {.fd = fd, .events = POLLOUT};
	poll(&writable, 1, 1000);
	put(fd, head, sizeof(head) - 1);
	if (poll(&writable, 1, 1000) != 1 || !(writable.revents & POLLOUT))
		say("not writable");
	put(fd, "order", 5);
	answer(fd);
	hang_up(fd);
}

static void socket_under_rescue_is_writable_to_poll(void)
{
	struct flow flow = {.program = "post_that_polls_before_each_write",
			    .way = WAY_POLL,
			    .faults = {"idle-close@1.1", "refuse=1@2.1"},
			    .policy = "retry = { max_attempts = 6; " NO_JITTER " };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\n200 /2\n");
	expect_seen(&flow, 1, "path=/2 ", NULL);
	flow_end(&flow);
}

PROGRAM(put_in_two_pieces)
{
	static const char rest[] = "Host: test\r\nContent-Length: 0\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	put(fd, "PUT /2 HTTP/1.1\r\n", 17);
	put(fd, rest, sizeof(rest) - 1);
	answer(fd);
	hang_up(fd);
}

static void rule_holds_for_a_request_whose_host_came_late(void)
{
	struct flow flow = {.program = "put_in_two_pieces",
			    .faults = {"idle-close@1.1", "reset@path:/2"},
			    .policy = "retry = { methods = [\"GET\", \"PUT\"]; };"
				      "rules = ( { host = \"test\"; methods = [\"GET\"]; } );"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nECONNRESET\n");
	expect_seen(&flow, 1, "path=/2 ", NULL);
	flow_end(&flow);
}

PROGRAM(numbers_taken_during_a_rescue)
{
	struct stat null, now;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int file = open("/dev/null", O_RDWR);
	fstat(file, &null);
	if (!begin_rescue(fd))
		say("no rescue");
	for (int number = file + 1; number < file + 8; number++)
		dup2(file, number);
	char byte;
	recv(fd, &byte, 1, 0);
	hang_up(fd);
	int lost = 0;
	for (int number = file; number < file + 8; number++)
		lost += fstat(number, &now) || now.st_rdev != null.st_rdev;
	say("%d lost", lost);
}

static void number_that_the_program_takes_is_not_a_rescues_any_more(void)
{
	struct flow flow = {.program = "numbers_taken_during_a_rescue",
			    .way = WAY_POLL,
			    .faults = {"shed=1@1.2"},
			    .policy = "retry = { backoff = { base_ms = 400; max_ms = 400; "
				      "jitter = \"none\"; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n0 lost\n");
	flow_end(&flow);
}

/* A port of this host at which nobody listens. */
static struct sockaddr_in deserted(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* kept, so that nobody else gets the port */
	if (bind(fd, (struct sockaddr *)&address, len) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		say("no port");
	return address;
}

PROGRAM(post_after_a_connect_that_failed)
{
	struct sockaddr_in nobody = deserted();
	struct sockaddr_in address = nobody;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	connect(fd, (struct sockaddr *)&nobody, sizeof(nobody));
	poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
	address.sin_port = htons((uint16_t)program.port);
	for (int i = 0; i < 3; i++) {
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
		    errno == EINPROGRESS)
			break;
	}
	poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	exchange(fd, "POST", "/2", "order");
	close(fd);
}

static void redial_goes_to_the_address_that_connected(void)
{
	struct flow flow = {.program = "post_after_a_connect_that_failed",
			    .way = WAY_POLL,
			    .faults = {"idle-close@1.1"}};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	flow_end(&flow);
}

/* libuv registers by io_uring where it can: no call of libc's tells of it. */
PROGRAM(get_with_a_registration_past_libc)
{
	int fd = dial();
	int set = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1234567890};
	char text[4096];
	syscall(SYS_epoll_ctl, set, EPOLL_CTL_ADD, fd, &event);
	for (int i = 1; i <= 2; i++) {
		ssize_t got = -1;
		ask(fd, "GET", i == 1 ? "/1" : "/2", NULL);
		while (got < 0 && epoll_wait(set, &event, 1, 2000) == 1) {
			got = recv(fd, text, sizeof(text), 0);
			if (got < 0 && errno != EAGAIN)
				break;
		}
		say(got > 0 && event.data.u64 == 0x1234567890 ? "answered" : "silent");
	}
	hang_up(fd);
}

static void registration_past_libc_outlives_a_rescue(void)
{
	struct flow flow = {
	    .program = "get_with_a_registration_past_libc", .way = WAY_POLL, .faults = {"reset@2"}};
	flow_redial(&flow);
	expect_printed(&flow, "answered\nanswered\n");
	flow_end(&flow);
}

/* arg: "late" to end its direction when the first request is out again, and the others wait. */
PROGRAM(pipeline_that_is_shut_down)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	int before = descriptors();
	if (!begin_rescue(fd))
		return;
	ask(fd, "GET", "/3", NULL);
	ask(fd, "GET", "/4", NULL);
	while (*program.arg && descriptors() > before && recv(fd, &byte, 1, MSG_PEEK) < 0)
		await(fd);
	say("%d", shutdown(fd, SHUT_WR));
	answer(fd);
	answer(fd);
	answer(fd);
	read_to_the_end(fd);
	hang_up(fd);
}

static void shutdown_waits_for_what_a_rescue_has_yet_to_send(void)
{
	struct flow flow = {.program = "pipeline_that_is_shut_down",
			    .faults = {"shed=1@1.2"},
			    .policy = "retry = { " NO_JITTER " };"};
	for (int i = 0; i < 4; i++) {
		flow.arg = i % 2 ? "late" : "";
		flow.way = i / 2 ? WAY_POLL : WAY_LEVEL;
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n0\n200 /2\n200 /3\n200 /4\n"
				      "0 bytes, sum 811c9dc5, then EOF\n");
	}
	flow_end(&flow);
}

const struct runner_test regressions_tests[] = {
    T(post_too_large_to_hold_is_never_begun_twice),
    T(body_never_goes_where_its_head_did_not),
    T(socket_under_rescue_is_writable_to_poll),
    T(rule_holds_for_a_request_whose_host_came_late),
    T(number_that_the_program_takes_is_not_a_rescues_any_more),
    T(redial_goes_to_the_address_that_connected),
    T(registration_past_libc_outlives_a_rescue),
    T(shutdown_waits_for_what_a_rescue_has_yet_to_send),
    T_END};
