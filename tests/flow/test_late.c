/* SPDX-License-Identifier: MIT */
/* late_ms: a request that was taken and worked on is not one that a dead connection has lost. */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "flow.h"

#define OK    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define AGAIN "retry = { late_ms = 0; };"

enum { WORK_MS = 300 };

/* The limit is far below the time that the work takes, and far above a loaded machine's. */
#define LATE "retry = { late_ms = 100; };"

static void work(void)
{
	static const struct timespec time = {0, WORK_MS * 1000000L};
	nanosleep(&time, NULL);
}

typedef void end_function(int fd);

/* Answers one, works on the second without an answer, and serves whoever comes then. */
static void serve_late(struct peer *peer, end_function *end)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	work();
	end(fd);
	while ((fd = peer_accept(peer)) >= 0) {
		if (!peer_read_until(peer, fd, "\r\n\r\n"))
			peer_say(fd, OK);
		peer_close(fd);
	}
}

static void serve_then_close(struct peer *peer)
{
	serve_late(peer, peer_close);
}

static void serve_then_reset(struct peer *peer)
{
	serve_late(peer, peer_reset);
}

static void is_the_programs(struct flow flow, const char *printed)
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, printed);
		runner_expect_long("connections", 1, flow.seen.connections);
		expect_logged(&flow, 1, "event=refused reason=late", "path=/2");
		expect_logged(&flow, 0, "event=attempt", NULL);
	}
	flow_end(&flow);
}

static void get_that_was_worked_on_and_closed_is_the_programs(void)
{
	is_the_programs(
	    (struct flow){.program = "two_gets", .peer = serve_then_close, .policy = LATE},
	    "200\nEOF\n");
}

static void get_that_was_worked_on_and_reset_is_the_programs(void)
{
	is_the_programs(
	    (struct flow){.program = "two_gets", .peer = serve_then_reset, .policy = LATE},
	    "200\nECONNRESET\n");
}

static void is_sent_again(struct flow flow)
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\n200\n");
		runner_expect_long("connections", 2, flow.seen.connections);
		expect_logged(&flow, 1, "result=recovered attempts=2", "path=/2");
	}
	flow_end(&flow);
}

static void sooner_than_the_limit_it_is_sent_again(void)
{
	is_sent_again((struct flow){.program = "two_gets", .peer = serve_then_close});
}

static void without_a_limit_it_is_sent_again(void)
{
	is_sent_again(
	    (struct flow){.program = "two_gets", .peer = serve_then_reset, .policy = AGAIN});
}

/* The rescue began when the request was sent: nothing is left of its time. */
static void time_of_the_rescue_counts_from_the_sending(void)
{
	struct flow flow = {.program = "two_gets",
			    .peer = serve_then_close,
			    .policy = "retry = { late_ms = 0; total_timeout_ms = 250; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\nEOF\n");
	runner_expect_long("connections", 1, flow.seen.connections);
	expect_logged(&flow, 1, "event=refused reason=deadline", NULL);
	flow_end(&flow);
}

/* Sends to a peer that has gone already, and looks for the answer only much later. */
PROGRAM(get_that_is_read_late)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	ask(fd, "GET", "/2", NULL);
	work();
	answer(fd);
	hang_up(fd);
}

static void what_was_never_acknowledged_is_never_too_late(void)
{
	struct flow flow = {
	    .program = "get_that_is_read_late", .faults = {"idle-close@1.1"}, .policy = LATE};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

/* When the peer ended it is what counts, not when the program came to look. */
PROGRAM(get_of_a_busy_program)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	await_death(fd);
	work();
	answer(fd);
	hang_up(fd);
}

static void end_that_came_in_time_may_be_found_late(void)
{
	struct flow flow = {
	    .program = "get_of_a_busy_program", .faults = {"close@1.2"}, .policy = LATE};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	expect_logged(&flow, 1, "event=attempt", "cause=eof");
	flow_end(&flow);
}

/* The first is at work; the second has just been sent. */
PROGRAM(two_at_once_one_of_them_late)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	work();
	ask(fd, "GET", "/3", NULL);
	if (answer(fd))
		answer(fd);
	hang_up(fd);
}

static void serve_two_late(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_close(fd);
	while ((fd = peer_accept(peer)) >= 0) {
		while (!peer_read_until(peer, fd, "\r\n\r\n"))
			peer_say(fd, OK);
		peer_close(fd);
	}
}

static void of_several_the_oldest_counts(void)
{
	struct flow flow = {
	    .program = "two_at_once_one_of_them_late", .peer = serve_two_late, .policy = LATE};
	flow_redial(&flow);
	expect_printed(&flow, "200\nEOF\n");
	runner_expect_long("connections", 1, flow.seen.connections);
	expect_logged(&flow, 1, "event=refused reason=late", NULL);
	flow_end(&flow);
}

enum { UPLOAD = 150000 }; /* of which a peer that does not read acknowledges a part */

PROGRAM(get_before_an_upload_that_is_not_read)
{
	static char upload[UPLOAD];
	static const char head[] = "PUT /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 149948\r\n\r\n";
	int room = 1 << 20;
	memset(upload, 'b', sizeof(upload));
	memcpy(upload, head, sizeof(head) - 1);
	int fd = dial_socket();
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	dial_on(fd);
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	if (send(fd, upload, UPLOAD, MSG_DONTWAIT | MSG_NOSIGNAL) != UPLOAD)
		say("not all of it fits");
	answer(fd);
	hang_up(fd);
}

/* The first was taken whole, whatever has become of the second. */
static void what_is_not_acknowledged_of_a_later_request_does_not_count(void)
{
	struct flow flow = {.program = "get_before_an_upload_that_is_not_read",
			    .peer = serve_then_reset,
			    .policy = "retry = { methods = [\"GET\", \"PUT\"]; late_ms = 100; "
				      "max_request_bytes = 1048576; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200\nECONNRESET\n");
	runner_expect_long("connections", 1, flow.seen.connections);
	expect_logged(&flow, 1, "event=refused reason=late", NULL);
	flow_end(&flow);
}

/* Its server: answers one, works on the second and closes, and answers whoever comes then. */
static void serve_locally(int listener)
{
	char bytes[256];
	int fd = accept(listener, NULL, NULL);
	if (read(fd, bytes, sizeof(bytes)) > 0 && write(fd, OK, sizeof(OK) - 1) > 0 &&
	    read(fd, bytes, sizeof(bytes)) > 0)
		work();
	close(fd);
	fd = accept(listener, NULL, NULL);
	if (fd >= 0 && read(fd, bytes, sizeof(bytes)) > 0)
		write(fd, OK, sizeof(OK) - 1);
	_exit(0);
}

PROGRAM(get_of_a_local_server_that_works)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(at.sun_family);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&at, len); /* to a name of the kernel's (unix(7)) */
	listen(listener, 4);
	len = sizeof(at);
	getsockname(listener, (struct sockaddr *)&at, &len);
	pid_t server = fork();
	if (server == 0)
		serve_locally(listener);
	close(listener);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	connect(fd, (struct sockaddr *)&at, len);
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	close(fd);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

static void what_a_local_server_worked_on_is_the_programs(void)
{
	struct flow flow = {.program = "get_of_a_local_server_that_works", .policy = LATE};
	flow_redial(&flow);
	expect_printed(&flow, "200\nEOF\n");
	expect_logged(&flow, 1, "event=refused reason=late", "path=/2");
	flow.policy = NULL;
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\n");
	expect_logged(&flow, 1, "result=recovered", "path=/2");
	flow_end(&flow);
}

/* Whoever ends a new connection over it as well ends it because of it. */
static void get_that_ends_a_new_connection_as_well_is_not_sent_a_third_time(void)
{
	struct flow flow = {.program = "two_gets", .faults = {"close@1.2", "close@2.1"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nEOF\n");
		expect_seen(&flow, 2, "path=/2 ", NULL);
		expect_logged(&flow, 1, "result=exhausted attempts=2", "reason=first-use");
	}
	flow_end(&flow);
	flow = (struct flow){
	    .program = "two_gets",
	    .faults = {"close@1.2", "close@2.1"},
	    .policy = "retry = { on = [\"stale\", \"reset\", \"eof\", \"first-use\"]; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	expect_seen(&flow, 3, "path=/2 ", NULL);
	flow_end(&flow);
}

const struct runner_test late_tests[] = {
    T(get_that_was_worked_on_and_closed_is_the_programs),
    T(get_that_was_worked_on_and_reset_is_the_programs),
    T(sooner_than_the_limit_it_is_sent_again),
    T(without_a_limit_it_is_sent_again),
    T(time_of_the_rescue_counts_from_the_sending),
    T(what_was_never_acknowledged_is_never_too_late),
    T(end_that_came_in_time_may_be_found_late),
    T(of_several_the_oldest_counts),
    T(what_is_not_acknowledged_of_a_later_request_does_not_count),
    T(what_a_local_server_worked_on_is_the_programs),
    T(get_that_ends_a_new_connection_as_well_is_not_sent_a_third_time),
    T_END};
