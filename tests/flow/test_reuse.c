/* SPDX-License-Identifier: MIT */
/* The main promise: a request on a reused connection that the server has given up. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "flow.h"

PROGRAM(two_gets)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

PROGRAM(get_then_post)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "POST", "/2", "order=7");
	hang_up(fd);
}

/* The POST is written when the end of the connection has already come. */
PROGRAM(post_on_dead_connection)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	if (exchange(fd, "POST", "/2", "order=7"))
		exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

PROGRAM(head_and_body_apart)
{
	static const char head[] = "POST /2 HTTP/1.1\r\nHost: test\r\nContent-Length: 7\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	if (put(fd, head, sizeof(head) - 1) && put(fd, "order=7", 7))
		answer(fd);
	hang_up(fd);
}

static void for_each_way(void (*check)(struct flow *flow, const char *error), struct flow flow,
			 const char *error)
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++)
		check(&flow, error);
}

/* Two sendings in all; `read` tells whether the server took in the first. */
static void get_is_healed(struct flow *flow, const char *error)
{
	char bare[64];
	snprintf(bare, sizeof(bare), "200 /1\n%s\n", error);
	flow_bare(flow);
	expect_printed(flow, bare);
	expect_seen(flow, 1, "path=/2 ", NULL);
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n");
	expect_seen(flow, 2, "path=/2 ", "method=GET");
	expect_logged(flow, 1, "event=attempt attempt=2 max=3", "path=/2");
	expect_logged(flow, 1, "event=outcome result=recovered attempts=2 status=200", "path=/2");
	flow_end(flow);
}

static void post_is_not_resent(struct flow *flow, const char *error)
{
	char text[64];
	snprintf(text, sizeof(text), "200 /1\n%s\n", error);
	flow_bare(flow);
	expect_printed(flow, text);
	flow_redial(flow);
	expect_printed(flow, text);
	expect_seen(flow, 1, "path=/2 ", NULL);
	expect_logged(flow, 1, "event=refused reason=method", "path=/2");
	expect_logged(flow, 0, "event=attempt", NULL);
	flow_end(flow);
}

static void unsent_post_is_healed(struct flow *flow, const char *error)
{
	(void)error;
	flow_bare(flow);
	expect_seen(flow, 0, "path=/2 ", NULL);
	flow_redial(flow);
	expect_printed(flow, "200 /1\n200 /2\n200 /3\n");
	expect_seen(flow, 1, "path=/2 ", "body=7");
	expect_logged(flow, 1, "event=attempt", "cause=stale");
	flow_end(flow);
}

#define GETS(...)  ((struct flow){.program = "two_gets", .faults = {__VA_ARGS__}})
#define POSTS(...) ((struct flow){.program = "get_then_post", .faults = {__VA_ARGS__}})

static void get_reset_after_it_was_read_is_sent_again(void)
{
	for_each_way(get_is_healed, GETS("reset@1.2"), "ECONNRESET");
}

static void get_closed_after_it_was_read_is_sent_again(void)
{
	for_each_way(get_is_healed, GETS("close@1.2"), "EOF");
}

static void get_reset_unread_is_sent_again(void)
{
	for_each_way(get_is_healed, GETS("reset-unread@1.2"), "ECONNRESET");
}

static void get_closed_unread_is_sent_again(void)
{
	for_each_way(get_is_healed, GETS("close-unread@1.2"), "ECONNRESET");
}

static void get_half_closed_unread_is_sent_again(void)
{
	for_each_way(get_is_healed, GETS("fin-unread@1.2"), "EOF");
}

static void post_reset_after_its_first_byte_is_never_resent(void)
{
	for_each_way(post_is_not_resent, POSTS("reset@1.2"), "ECONNRESET");
}

static void post_closed_after_its_first_byte_is_never_resent(void)
{
	for_each_way(post_is_not_resent, POSTS("close@1.2"), "EOF");
}

static void post_reset_unread_is_never_resent(void)
{
	for_each_way(post_is_not_resent, POSTS("reset-unread@1.2"), "ECONNRESET");
}

static void post_closed_unread_is_never_resent(void)
{
	for_each_way(post_is_not_resent, POSTS("close-unread@1.2"), "ECONNRESET");
}

static void post_on_a_connection_closed_while_idle_is_sent_once_on_a_new_one(void)
{
	struct flow flow = {.program = "post_on_dead_connection", .faults = {"idle-close@1.1"}};
	for_each_way(unsent_post_is_healed, flow, NULL);
}

static void post_on_a_connection_reset_while_idle_is_sent_once_on_a_new_one(void)
{
	struct flow flow = {.program = "post_on_dead_connection", .faults = {"idle-reset@1.1"}};
	for_each_way(unsent_post_is_healed, flow, NULL);
}

static void post_written_in_two_pieces_on_a_dead_connection_is_sent_once(void)
{
	static const char *const faults[] = {"idle-close@1.1", "idle-reset@1.1"};
	struct flow flow = {.program = "head_and_body_apart"};
	for (int i = 0; i < 2; i++) {
		flow.faults[0] = faults[i];
		for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
			flow_redial(&flow);
			expect_printed(&flow, "200 /1\n200 /2\n");
			expect_seen(&flow, 1, "path=/2 ", "body=7");
		}
	}
	flow_end(&flow);
}

static void get_over_ipv6_is_sent_again(void)
{
	struct flow flow = GETS("reset@1.2");
	flow.listen = "::1";
	for_each_way(get_is_healed, flow, "ECONNRESET");
}

static void get_over_a_v4_mapped_address_is_sent_again(void)
{
	struct flow flow = GETS("reset@1.2");
	flow.address = "::ffff:127.0.0.1";
	for_each_way(get_is_healed, flow, "ECONNRESET");
}

static void post_over_ipv6_is_sent_once(void)
{
	struct flow flow = {
	    .program = "post_on_dead_connection", .faults = {"idle-close@1.1"}, .listen = "::1"};
	for_each_way(unsent_post_is_healed, flow, NULL);
	flow.listen = NULL;
	flow.address = "::ffff:127.0.0.1";
	for_each_way(unsent_post_is_healed, flow, NULL);
}

PROGRAM(fifty_gets)
{
	int fd = dial();
	int before = descriptors();
	for (int i = 0; i < 50; i++)
		exchange(fd, "GET", "/x", NULL);
	say("%d descriptors more", descriptors() - before);
}

static void fifty_gets_with_a_reset_on_every_second_all_succeed_and_leak_nothing(void)
{
	char all[1024] = "";
	struct flow flow = {.program = "fifty_gets", .faults = {"reset@2"}};
	for (int i = 0; i < 50; i++)
		strcat(all, "200 /x\n");
	strcat(all, "0 descriptors more\n");
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, all);
	}
	flow_end(&flow);
}

PROGRAM(idle_read)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	say("%s", error_name(get(fd, &byte, 1) < 0 ? errno : 0));
}

static void reading_an_idle_connection_that_was_closed_shows_its_end(void)
{
	struct flow flow = {.program = "idle_read", .faults = {"idle-close@1.1"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nEOF\n");
		expect_logged(&flow, 0, NULL, NULL);
	}
	flow_end(&flow);
}

/* Ruby and others dial anew at the end of a stream, and report an error. */
static void reading_an_idle_connection_that_was_reset_shows_its_end_too(void)
{
	struct flow flow = {.program = "idle_read", .faults = {"idle-reset@1.1"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_bare(&flow);
		expect_printed(&flow, "200 /1\nECONNRESET\n");
		flow_redial(&flow);
		expect_printed(&flow, "200 /1\nEOF\n");
		expect_logged(&flow, 0, NULL, NULL);
	}
	flow_end(&flow);
}

/* arg: "shut" after one exchange, or none at all. */
PROGRAM(read_of_a_connection_in_use)
{
	char byte;
	int fd = dial();
	if (*program.arg) {
		exchange(fd, "GET", "/1", NULL);
		shutdown(fd, SHUT_WR);
	}
	await_death(fd);
	say("%s", error_name(get(fd, &byte, 1) < 0 ? errno : 0));
}

static void reset_at_once(struct peer *peer)
{
	peer_reset(peer_accept(peer));
}

static void reset_after_the_end(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
	peer_read_all(peer, fd);
	peer_reset(fd);
}

static void reset_of_a_connection_that_is_not_idle_is_told(void)
{
	struct flow flow = {.program = "read_of_a_connection_in_use",
			    .peer = reset_at_once,
			    .policy = "retry = { on = [\"stale\", \"reset\", \"eof\"]; };"};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		flow_both_alike(&flow);
		expect_printed(&flow, "ECONNRESET\n");
	}
	flow.arg = "shut";
	flow.peer = reset_after_the_end;
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		flow_both_alike(&flow);
		expect_printed(&flow, "200\nECONNRESET\n");
	}
	flow_end(&flow);
}

/* Which asks nothing, and is not answered by the end that it seems to be. */
PROGRAM(read_without_room)
{
	char byte;
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	ask(fd, "GET", "/2", NULL);
	say("%zd", recv(fd, &byte, 0, 0));
	answer(fd);
	hang_up(fd);
}

static void read_without_room_is_no_end(void)
{
	struct flow flow = {.program = "read_without_room", .faults = {"delay=100@1.2"}};
	flow_both_alike(&flow);
	expect_seen(&flow, 1, "path=/2 ", NULL);
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

const struct runner_test reuse_tests[] = {
    T(get_reset_after_it_was_read_is_sent_again),
    T(get_closed_after_it_was_read_is_sent_again),
    T(get_reset_unread_is_sent_again),
    T(get_closed_unread_is_sent_again),
    T(get_half_closed_unread_is_sent_again),
    T(post_reset_after_its_first_byte_is_never_resent),
    T(post_closed_after_its_first_byte_is_never_resent),
    T(post_reset_unread_is_never_resent),
    T(post_closed_unread_is_never_resent),
    T(post_on_a_connection_closed_while_idle_is_sent_once_on_a_new_one),
    T(post_on_a_connection_reset_while_idle_is_sent_once_on_a_new_one),
    T(post_written_in_two_pieces_on_a_dead_connection_is_sent_once),
    T(get_over_ipv6_is_sent_again),
    T(get_over_a_v4_mapped_address_is_sent_again),
    T(post_over_ipv6_is_sent_once),
    T(fifty_gets_with_a_reset_on_every_second_all_succeed_and_leak_nothing),
    T(reading_an_idle_connection_that_was_closed_shows_its_end),
    T(reading_an_idle_connection_that_was_reset_shows_its_end_too),
    T(reset_of_a_connection_that_is_not_idle_is_told),
    T(read_without_room_is_no_end),
    T_END,
};
