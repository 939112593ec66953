/* SPDX-License-Identifier: MIT */
/* tcp.keep_alive: probes find a path that has gone while nothing was sent. */
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>

#include "flow.h"

/* The shortest that the kernel does: two seconds after the last byte the connection has ended. */
#define PROBES "tcp = { keep_alive = { idle_s = 1; interval_s = 1; count = 1; }; };"

static int option_of(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);
	getsockopt(fd, level, name, &value, &len);
	return value;
}

static void set_option(int fd, int level, int name, int value)
{
	setsockopt(fd, level, name, &value, sizeof(value));
}

static void say_probes(int fd)
{
	say("probes %d %d %d %d", option_of(fd, SOL_SOCKET, SO_KEEPALIVE),
	    option_of(fd, IPPROTO_TCP, TCP_KEEPIDLE), option_of(fd, IPPROTO_TCP, TCP_KEEPINTVL),
	    option_of(fd, IPPROTO_TCP, TCP_KEEPCNT));
}

static void say_of_another(int level, int name, int value)
{
	int fd = dial_socket();
	set_option(fd, level, name, value);
	dial_on(fd);
	exchange(fd, "GET", "/", NULL);
	say("%d", option_of(fd, SOL_SOCKET, SO_KEEPALIVE));
	hang_up(fd);
}

PROGRAM(tell_probes)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	say_probes(fd);
	exchange(fd, "GET", "/2", NULL); /* on a fresh socket */
	say_probes(fd);
	hang_up(fd);
	say_of_another(SOL_SOCKET, SO_KEEPALIVE, 0);
	say_of_another(IPPROTO_TCP, TCP_KEEPIDLE, 7777);
	say_of_another(SOL_SOCKET, SO_REUSEADDR, 1);
}

static void every_socket_probes_whose_program_has_not_chosen(void)
{
	struct flow flow = {.program = "tell_probes", .faults = {"reset@1.2"}, .policy = PROBES};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nprobes 1 1 1 1\n200 /2\nprobes 1 1 1 1\n"
				      "200 /\n0\n200 /\n0\n200 /\n1\n");
	}
	flow_end(&flow);
}

PROGRAM(tell_whether_it_probes)
{
	say_of_another(SOL_SOCKET, SO_REUSEADDR, 1);
}

static void without_a_time_there_are_no_probes(void)
{
	struct flow flow = {.program = "tell_whether_it_probes",
			    .policy = "tcp = { keep_alive = { interval_s = 7; count = 5; }; };"};
	flow_redial(&flow);
	expect_printed(&flow, "200 /\n0\n");
	flow_end(&flow);
}

PROGRAM(post_after_a_silence)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	exchange(fd, "POST", "/2", "order");
	hang_up(fd);
}

static void path_that_went_while_idle_is_found_before_the_next_request(void)
{
	struct flow flow = {
	    .program = "post_after_a_silence", .faults = {"idle-silent@1.1"}, .policy = PROBES};
	for (flow.way = WAY_BLOCK; flow.way < WAY_LEVEL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\n200 /2\n");
		expect_seen(&flow, 1, "path=/2 ", "body=5");
		expect_logged(&flow, 1, "event=attempt", "cause=stale");
	}
	flow_end(&flow);
}

/* Reads the second request, and is then cut off. */
static void serve_then_vanish(struct peer *peer)
{
	struct sock_filter code[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog nothing = {.len = 1, .filter = code};
	int fd = peer_accept(peer);
	if (fd >= 0 && !peer_read_until(peer, fd, "\r\n\r\n"))
		peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"path\":\"/1\"}");
	if (fd >= 0 && !peer_read_until(peer, fd, "\r\n\r\n"))
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &nothing, sizeof(nothing));
	int again = peer_accept(peer);
	if (again >= 0 && !peer_read_until(peer, again, "\r\n\r\n"))
		peer_say(again, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"path\":\"/2\"}");
	peer_close(again);
	peer_close(fd);
}

PROGRAM(get_from_one_that_vanishes)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

/* It was taken, and is perhaps worked on: as late as any other loss. */
static void request_whose_server_vanished_is_sent_again_if_it_may_be_late(void)
{
	struct flow flow = {
	    .program = "get_from_one_that_vanishes", .peer = serve_then_vanish, .policy = PROBES};
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\nETIMEDOUT\n");
	expect_logged(&flow, 1, "event=refused reason=late cause=reset", "path=/2");
	flow.policy = PROBES " retry = { late_ms = 0; };";
	flow_redial(&flow);
	expect_printed(&flow, "200 /1\n200 /2\n");
	expect_logged(&flow, 1, "result=recovered", "path=/2");
	flow_end(&flow);
}

const struct runner_test keep_alive_tests[] = {
    T(every_socket_probes_whose_program_has_not_chosen),
    T(without_a_time_there_are_no_probes),
    T(path_that_went_while_idle_is_found_before_the_next_request),
    T(request_whose_server_vanished_is_sent_again_if_it_may_be_late),
    T_END,
};
