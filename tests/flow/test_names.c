/* SPDX-License-Identifier: MIT */
/* Redials follow the name: its other addresses, and how long one is good for. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "flow.h"

#define NO_JITTER "backoff = { base_ms = 1; max_ms = 1; jitter = \"none\"; };"

static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
static const char busy[] = "HTTP/1.1 503 Busy\r\nContent-Length: 2\r\n\r\nno";

/* Listens at another address, and the same port. */
static int listen_at(const struct peer *peer, const char *text, int room)
{
	static const struct timeval limit = {.tv_sec = 10};
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)peer->port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	inet_pton(AF_INET, text, &addr.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, room))
		perror(text);
	return fd;
}

static void serve(struct peer *peer, int fd, const char *response)
{
	if (peer_read_until(peer, fd, "\r\n\r\n") == 0)
		peer_say(fd, response);
}

/* The connection that there is: one request answered, the next one lost. */
static int serve_first(struct peer *peer)
{
	int fd = peer_accept(peer);
	serve(peer, fd, ok);
	peer_read_until(peer, fd, "\r\n\r\n");
	return fd;
}

static void serve_at(struct peer *peer, int listener, int requests)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd >= 0 && requests--)
		serve(peer, fd, ok);
	close(fd);
}

/* 127.0.0.1 refuses from then on; 127.0.0.2 serves. */
static void moves(struct peer *peer)
{
	int fd = serve_first(peer);
	int other = listen_at(peer, "127.0.0.2", 5);
	peer_refuse(peer);
	peer_reset(fd);
	serve_at(peer, other, 1);
	close(other);
}

#define TWO_GETS .program = "two_gets", .address = "svc.internal", .behind = "tests/behind/names.so"

static void redial_that_is_refused_goes_on_to_the_names_next_address(void)
{
	struct flow flow = {TWO_GETS, .peer = moves,
			    .env = {"ADDRESSES=127.0.0.1,127.0.0.4,127.0.0.2"}};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\n200\n");
		expect_logged(&flow, 1, "event=attempt attempt=2 max=3 cause=reset",
			      "peer=127.0.0.1:");
		expect_logged(&flow, 1, "event=attempt attempt=2 max=3 cause=connect",
			      "peer=127.0.0.4:");
		expect_logged(&flow, 1, "event=attempt attempt=2 max=3 cause=connect",
			      "peer=127.0.0.2:");
		expect_logged(&flow, 1, "result=recovered attempts=2 status=200",
			      "peer=127.0.0.2:");
		expect_logged(&flow, 4, NULL, NULL);
	}
	flow_end(&flow);
}

/* To the program it is who its connection leads to, from then on. */
PROGRAM(two_gets_and_the_peer)
{
	struct sockaddr_in addr = {0};
	socklen_t len = sizeof(addr);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	exchange(fd, "GET", "/2", NULL);
	getpeername(fd, (struct sockaddr *)&addr, &len);
	say("%s", inet_ntoa(addr.sin_addr));
	exchange(fd, "GET", "/3", NULL);
	hang_up(fd);
}

static void moves_and_fails_once_more(struct peer *peer)
{
	int fd = serve_first(peer);
	int other = listen_at(peer, "127.0.0.2", 5);
	peer_refuse(peer);
	peer_reset(fd);
	fd = accept4(other, NULL, NULL, SOCK_CLOEXEC);
	serve(peer, fd, ok);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
	serve_at(peer, other, 1);
	close(other);
}

static void connection_that_has_moved_stays_where_it_is(void)
{
	struct flow flow = {TWO_GETS, .peer = moves_and_fails_once_more,
			    .env = {"ADDRESSES=127.0.0.1,127.0.0.2"}};
	flow.program = "two_gets_and_the_peer";
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\n127.0.0.2\n200\n");
	expect_logged(&flow, 1, "event=attempt", "path=/3 peer=127.0.0.2:");
	expect_logged(&flow, 5, NULL, NULL);
	flow_end(&flow);
}

/* 127.0.0.1 answers nothing from then on. */
static void falls_silent(struct peer *peer)
{
	int fd = serve_first(peer);
	int other = listen_at(peer, "127.0.0.2", 5);
	peer_shut_out(peer);
	peer_reset(fd);
	serve_at(peer, other, 1);
	close(other);
}

static void redial_that_nobody_answers_goes_on_to_the_names_next_address(void)
{
	struct flow flow = {TWO_GETS, .peer = falls_silent,
			    .env = {"ADDRESSES=127.0.0.1,127.0.0.2"},
			    .policy = "retry = { connect_timeout_ms = 150; };"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\n200\n");
		expect_logged(&flow, 1, "event=attempt attempt=2 max=3 cause=connect-timeout",
			      "peer=127.0.0.2:");
		expect_logged(&flow, 1, "result=recovered attempts=2", NULL);
	}
	flow_end(&flow);
}

static void falls_silent_alone(struct peer *peer)
{
	int fd = serve_first(peer);
	peer_shut_out(peer);
	peer_reset(fd);
}

static void address_that_nobody_answers_at_costs_one_connect_timeout(void)
{
	struct flow flow = {TWO_GETS, .peer = falls_silent_alone, .env = {"ADDRESSES=127.0.0.1"},
			    .policy = "retry = { connect_timeout_ms = 400; " NO_JITTER " };"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\nECONNRESET\n");
		expect_logged(&flow, 1, "event=attempt", NULL);
		expect_logged(&flow, 1,
			      "result=exhausted attempts=2 cause=connect-timeout reason=cause",
			      NULL);
	}
	flow_end(&flow);
}

enum { SURELY_FULL = 3 };
static int kept[1 + SURELY_FULL]; /* by the test, as long as the program runs */

/* One address refuses, the other is silent: only the first is asked again. */
static void refuses_beside_a_silent_one(struct peer *peer)
{
	int fd = serve_first(peer);
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	kept[0] = listen_at(peer, "127.0.0.2", 0);
	getsockname(kept[0], (struct sockaddr *)&addr, &len);
	for (int i = 1; i <= SURELY_FULL; i++) {
		int type = SOCK_STREAM | SOCK_CLOEXEC | (i > 1 ? SOCK_NONBLOCK : 0);
		kept[i] = socket(AF_INET, type, 0);
		connect(kept[i], (struct sockaddr *)&addr, len);
	}
	peer_refuse(peer);
	peer_reset(fd);
}

static void of_several_addresses_only_those_that_answer_are_asked_again(void)
{
	struct flow flow = {TWO_GETS, .peer = refuses_beside_a_silent_one,
			    .env = {"ADDRESSES=127.0.0.1,127.0.0.2"},
			    .policy = "retry = { connect_timeout_ms = 150; " NO_JITTER " };"};
	flow_redial(&flow);
	for (int i = 0; i <= SURELY_FULL; i++)
		close(kept[i]);
	expect_printed(&flow, "200\nECONNRESET\n");
	expect_logged(&flow, 2, "event=attempt", "peer=127.0.0.1:");
	expect_logged(&flow, 1, "event=attempt", "peer=127.0.0.2:");
	expect_logged(&flow, 1, "result=exhausted attempts=3 cause=connect reason=attempts",
		      "peer=127.0.0.1:");
	flow_end(&flow);
}

static void refuses_everywhere(struct peer *peer)
{
	int fd = serve_first(peer);
	peer_refuse(peer);
	peer_reset(fd);
}

static void error_of_a_name_that_refuses_everywhere_is_the_original(void)
{
	struct flow flow = {TWO_GETS, .peer = refuses_everywhere,
			    .env = {"ADDRESSES=127.0.0.1,127.0.0.2,127.0.0.3"},
			    .policy = "retry = { max_attempts = 2; };"};
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\nECONNRESET\n");
		expect_logged(&flow, 3, "event=attempt attempt=2 max=2", NULL);
		expect_logged(&flow, 1, "result=exhausted attempts=2 cause=connect",
			      "peer=127.0.0.1:");
	}
	flow_end(&flow);
}

/* The other address is never another name's, and never one that was not looked up. */
static void address_that_was_not_looked_up_has_no_others(void)
{
	struct flow flow = {.program = "two_gets",
			    .behind = "tests/behind/names.so",
			    .peer = refuses_everywhere,
			    .env = {"ADDRESSES=127.0.0.1,127.0.0.2"}};
	flow_redial(&flow);
	expect_printed(&flow, "200\nECONNRESET\n");
	expect_logged(&flow, 0, "peer=127.0.0.2", NULL);
	expect_logged(&flow, 1, "result=exhausted attempts=3", NULL);
	flow_end(&flow);
}

/* The response that is held back is from an address that then refuses; the other one fails. */
static void is_busy_and_moves(struct peer *peer)
{
	int fd = peer_accept(peer);
	serve(peer, fd, ok);
	int other = listen_at(peer, "127.0.0.2", 5);
	peer_refuse(peer);
	serve(peer, fd, busy);
	int next = accept4(other, NULL, NULL, SOCK_CLOEXEC);
	peer_read_until(peer, next, "\r\n\r\n");
	close(other);
	peer_reset(next);
	serve(peer, fd, ok);
	close(fd);
}

static void response_held_back_is_given_where_the_next_address_fails_too(void)
{
	struct flow flow = {
	    TWO_GETS, .peer = is_busy_and_moves, .env = {"ADDRESSES=127.0.0.1,127.0.0.2"},
	    .policy = "retry = { statuses = [503]; max_attempts = 3; " NO_JITTER " };"};
	flow.program = "two_gets_and_the_peer";
	flow_redial(&flow);
	expect_printed(&flow, "200\n503\n127.0.0.1\n200\n");
	flow_end(&flow);
}

PROGRAM(two_gets_with_a_pause)
{
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	usleep(120000);
	exchange(fd, "GET", "/2", NULL);
	hang_up(fd);
}

static void serves_on(struct peer *peer)
{
	int fd = serve_first(peer);
	peer_reset(fd);
	shutdown(peer->listener, SHUT_RDWR);
}

#define AGED(ms) "retry = { address_max_age_ms = " #ms "; };"

static void address_whose_look_up_is_too_old_is_not_dialed_again(void)
{
	struct flow flow = {TWO_GETS, .peer = serves_on, .policy = AGED(100),
			    .env = {"ADDRESSES=127.0.0.1,127.0.0.2"}};
	flow.program = "two_gets_with_a_pause";
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "200\nECONNRESET\n");
		expect_logged(&flow, 1, "event=refused reason=address-age cause=reset", NULL);
		expect_logged(&flow, 1, NULL, NULL);
	}
	flow_end(&flow);
}

static void fails_once(struct peer *peer)
{
	peer_reset(serve_first(peer));
	int fd = peer_accept(peer);
	serve(peer, fd, ok);
	close(fd);
}

static void address_is_dialed_again_while_it_is_good(void)
{
	static const char *const policies[] = {
	    AGED(60000), AGED(0),
	    "retry = { address_max_age_ms = 100; }; rules = ( { address_max_age_ms = 60000; } );"};
	for (int i = 0; i < 3; i++) {
		struct flow flow = {TWO_GETS, .peer = fails_once, .policy = policies[i],
				    .env = {"ADDRESSES=127.0.0.1,127.0.0.2"}};
		flow.program = "two_gets_with_a_pause";
		flow_redial(&flow);
		expect_printed(&flow, "200\n200\n");
		flow_end(&flow);
	}
}

static void address_that_was_not_looked_up_is_never_too_old(void)
{
	struct flow flow = {
	    .program = "two_gets_with_a_pause", .peer = fails_once, .policy = AGED(100)};
	flow_redial(&flow);
	expect_printed(&flow, "200\n200\n");
	flow_end(&flow);
}

const struct runner_test names_tests[] = {
    T(redial_that_is_refused_goes_on_to_the_names_next_address),
    T(connection_that_has_moved_stays_where_it_is),
    T(redial_that_nobody_answers_goes_on_to_the_names_next_address),
    T(address_that_nobody_answers_at_costs_one_connect_timeout),
    T(of_several_addresses_only_those_that_answer_are_asked_again),
    T(error_of_a_name_that_refuses_everywhere_is_the_original),
    T(address_that_was_not_looked_up_has_no_others),
    T(response_held_back_is_given_where_the_next_address_fails_too),
    T(address_whose_look_up_is_too_old_is_not_dialed_again),
    T(address_is_dialed_again_while_it_is_good),
    T(address_that_was_not_looked_up_is_never_too_old),
    T_END};
