/* SPDX-License-Identifier: MIT */
/* TLS connections that die before the server has said a word, under a policy with tls-handshake. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "flow.h"

#define WITH(more)                                                                                 \
	"retry = { on = [\"stale\", \"tls-handshake\"]; backoff = { base_ms = 0; }; " more "};\n"
#define HANDSHAKE WITH("")

enum { HELLO_LEN = 300, ANSWER_LEN = 7 };

static const char answer_text[] = "\x16\x03\x03\0\2\2\x11";

/* With the end of a head and a Host in it, which are random bytes here. */
static const char *hello(void)
{
	static char bytes[HELLO_LEN] = "\x16\x03\x01\x01\x27\x01\0\x01\x23\x03\x03";
	memcpy(bytes + 20, "\r\nHost: a\r\n\r\n", 13);
	for (int i = 40; i < HELLO_LEN; i++)
		bytes[i] = (char)(i * 7);
	return bytes;
}

static void tell_answer(int fd)
{
	char bytes[64];
	ssize_t got = get(fd, bytes, sizeof(bytes));
	if (got <= 0)
		say("%s", error_name(got ? errno : 0));
	else
		say("%zd %s", got, memcmp(bytes, answer_text, (size_t)got) ? "others" : "bytes");
}

PROGRAM(shake_hands)
{
	int fd = dial();
	if (!put(fd, hello(), HELLO_LEN))
		say("put %s", error_name(errno));
	else
		tell_answer(fd);
	say("%d descriptors", descriptors());
	hang_up(fd);
}

PROGRAM(shake_hands_in_pieces)
{
	int fd = dial();
	put(fd, hello(), 3);
	put(fd, hello() + 3, 60);
	put(fd, hello() + 63, HELLO_LEN - 63);
	tell_answer(fd);
	hang_up(fd);
}

/* The end has come before the first byte is written. */
PROGRAM(shake_hands_late)
{
	int fd = dial();
	await_death(fd);
	if (!put(fd, hello(), HELLO_LEN))
		say("put %s", error_name(errno));
	else
		tell_answer(fd);
	hang_up(fd);
}

PROGRAM(shake_hands_with_early_data)
{
	static const char data[] = "\x14\x03\x03\0\1\1\x17\x03\x03\0\4GET ";
	int fd = dial();
	put(fd, hello(), HELLO_LEN);
	put(fd, data, sizeof(data) - 1);
	tell_answer(fd);
	hang_up(fd);
}

/* arg: the first byte of what is not a ClientHello: 5 other places of it are in turn made wrong. */
PROGRAM(say_something_else)
{
	static const struct {
		int at;
		char byte;
	} wrong[] = {{0, 0x17}, {0, 'P'}, {1, 2}, {5, 2}, {3, 0x7f}};
	int which = program.arg[0] - '0';
	char bytes[HELLO_LEN];
	int fd = dial();
	memcpy(bytes, hello(), sizeof(bytes));
	bytes[wrong[which].at] = wrong[which].byte;
	put(fd, bytes, sizeof(bytes));
	tell_answer(fd);
	hang_up(fd);
}

PROGRAM(shake_hands_and_go_on)
{
	char bytes[64];
	int fd = dial();
	put(fd, hello(), HELLO_LEN);
	tell_answer(fd);
	put(fd, "finished", 8);
	say("%zd", get(fd, bytes, sizeof(bytes)));
	say("%zd", get(fd, bytes, sizeof(bytes)));
	hang_up(fd);
}

static int read_hello(struct peer *peer)
{
	int fd = peer_accept(peer);
	if (fd >= 0)
		peer_read_count(peer, fd, HELLO_LEN);
	return fd;
}

static void answer_one(struct peer *peer)
{
	int fd = read_hello(peer);
	peer_write(fd, answer_text, ANSWER_LEN);
	peer_read_all(peer, fd);
	peer_close(fd);
}

static void reset_one(struct peer *peer)
{
	peer_reset(read_hello(peer));
	answer_one(peer);
}

static void close_one(struct peer *peer)
{
	peer_close(read_hello(peer));
	answer_one(peer);
}

static void reset_all(struct peer *peer)
{
	for (int fd; (fd = read_hello(peer)) >= 0;)
		peer_reset(fd);
}

static void reset_before_it(struct peer *peer)
{
	peer_reset(peer_accept(peer));
	answer_one(peer);
}

/* The kernel takes the bytes before the end: which of the two comes first is not told. */
static void reset_with_early_data(struct peer *peer)
{
	int fd = read_hello(peer);
	peer_read_count(peer, fd, 15);
	peer_reset(fd);
	answer_one(peer);
}

static void reset_after_a_byte(struct peer *peer)
{
	int fd = read_hello(peer);
	peer_write(fd, answer_text, 1);
	peer_read_until(peer, fd, "finished");
	peer_reset(fd);
	answer_one(peer);
}

static void answer_then_close(struct peer *peer)
{
	peer_reset(read_hello(peer));
	int fd = read_hello(peer);
	peer_write(fd, answer_text, ANSWER_LEN);
	peer_read_until(peer, fd, "finished");
	peer_write(fd, "x", 1);
	peer_close(fd);
	answer_one(peer);
}

static void expect_hellos(struct flow *flow, int count)
{
	uint32_t sum = FNV1A_START;
	for (int i = 0; i < count; i++)
		sum = fnv1a(sum, hello(), HELLO_LEN);
	runner_expect_long("bytes at the server", (long)count * HELLO_LEN,
			   (long)flow->seen.received);
	runner_expect_long("the same ones", sum, flow->seen.sum);
	runner_expect_long("connections", count, flow->seen.connections);
}

static void saved(struct flow flow)
{
	flow_redial(&flow);
	if (!strcmp(flow.program, "shake_hands"))
		expect_printed(&flow, flow.way == WAY_LEVEL || flow.way == WAY_EDGE ||
					      flow.way == WAY_ONESHOT
					  ? "7 bytes\n5 descriptors\n"
					  : "7 bytes\n4 descriptors\n");
	else
		expect_printed(&flow, "7 bytes\n");
	expect_hellos(&flow, 2);
	expect_logged(&flow, 1, "event=attempt attempt=2 max=3 cause=tls-handshake peer=127", NULL);
	expect_logged(&flow, 1, "result=recovered attempts=2 elapsed_ms=", NULL);
	expect_logged(&flow, 2, NULL, NULL);
	flow_end(&flow);
}

static void handshake_without_an_answer_is_begun_again(void)
{
	for (enum way way = WAY_BLOCK; way < WAY_CURL; way++) {
		saved((struct flow){"shake_hands", .way = way, .peer = reset_one,
				    .policy = HANDSHAKE});
		saved((struct flow){"shake_hands", .way = way, .peer = close_one,
				    .policy = HANDSHAKE});
	}
}

static void first_flight_may_come_in_pieces(void)
{
	for (enum way way = WAY_BLOCK; way < WAY_CURL; way++)
		saved((struct flow){"shake_hands_in_pieces", .way = way, .peer = reset_one,
				    .policy = HANDSHAKE});
}

static void connection_that_is_dead_before_the_first_flight_is_replaced(void)
{
	struct flow flow = {"shake_hands_late", .peer = reset_before_it, .policy = HANDSHAKE};
	for (flow.way = WAY_BLOCK; flow.way < WAY_CURL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "7 bytes\n");
		expect_logged(&flow, 1, "event=attempt", "cause=tls-handshake");
		expect_logged(&flow, 1, "result=recovered", NULL);
	}
	flow_end(&flow);
}

static void no_byte_of_a_first_flight_is_changed_by_other_keys(void)
{
	saved(
	    (struct flow){"shake_hands", .peer = reset_one,
			  .policy = WITH("statuses = [503]; attempt_header = \"X-Attempt\"; "
					 "add_request_id = true; max_idle_ms = 1; "
					 "keep_alive_hints = true; unacked_timeout_ms = 9999; ")});
}

static void policy_without_the_cause_leaves_handshakes_alone(void)
{
	static const char *const policies[] = {NULL, "retry = { on = [\"reset\", \"eof\"]; };"};
	for (int i = 0; i < 2; i++) {
		struct flow flow = {"shake_hands", .peer = reset_one, .policy = policies[i]};
		flow_redial(&flow);
		expect_printed(&flow, "ECONNRESET\n4 descriptors\n");
		expect_logged(&flow, 0, NULL, NULL);
		flow_end(&flow);
	}
}

static void handshake_that_goes_on_failing_fails_as_bare(void)
{
	struct flow flow = {"shake_hands", .peer = reset_all, .policy = HANDSHAKE};
	for (flow.way = WAY_BLOCK; flow.way <= WAY_POLL; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, "ECONNRESET\n4 descriptors\n");
		expect_hellos(&flow, 3);
		expect_logged(&flow, 1,
			      "result=exhausted attempts=3 cause=tls-handshake reason=attempts",
			      NULL);
	}
	flow_end(&flow);
}

static void budget_counts_handshakes(void)
{
	struct flow flow = {"shake_hands", .peer = reset_one,
			    .policy = HANDSHAKE "budget = { ratio = 0.0; min_per_second = 0; };"};
	flow_redial(&flow);
	expect_printed(&flow, "ECONNRESET\n4 descriptors\n");
	expect_logged(&flow, 1, "event=refused reason=budget cause=tls-handshake", NULL);
	flow_end(&flow);
}

static void early_data_is_never_sent_again(void)
{
	struct flow flow = {"shake_hands_with_early_data", .peer = reset_with_early_data,
			    .policy = HANDSHAKE};
	flow_redial(&flow);
	expect_printed(&flow, "ECONNRESET\n");
	runner_expect_long("bytes at the server", HELLO_LEN + 15, (long)flow.seen.received);
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
}

static void what_is_no_client_hello_is_left_alone(void)
{
	static const char *const args[] = {"0", "1", "2", "3", "4"};
	for (int i = 0; i < 5; i++) {
		struct flow flow = {"say_something_else", .arg = args[i], .peer = reset_one,
				    .policy = HANDSHAKE};
		flow_redial(&flow);
		expect_printed(&flow, "ECONNRESET\n");
		expect_logged(&flow, 0, "event=attempt", NULL);
		flow_end(&flow);
	}
}

static void once_the_server_has_spoken_nothing_is_sent_again(void)
{
	struct flow flow = {"shake_hands_and_go_on", .peer = reset_after_a_byte,
			    .policy = HANDSHAKE};
	flow_redial(&flow);
	expect_printed(&flow, "1 bytes\n-1\n0\n");
	runner_expect_long("connections", 1, flow.seen.connections);
	expect_logged(&flow, 0, NULL, NULL);
	flow_end(&flow);
	/* Nor on the connection that has taken the first one's place. */
	flow.peer = answer_then_close;
	flow_redial(&flow);
	expect_printed(&flow, "7 bytes\n1\n0\n");
	runner_expect_long("connections", 2, flow.seen.connections);
	expect_logged(&flow, 2, NULL, NULL);
	flow_end(&flow);
}

static void handshake_on_a_connect_that_is_tried_again_is_begun_again_as_well(void)
{
	saved((struct flow){"shake_hands_in_pieces", .way = WAY_POLL, .peer = reset_one,
			    .policy = "retry = { on = [\"connect\", \"tls-handshake\"]; "
				      "backoff = { base_ms = 0; }; };"});
}

const struct runner_test hello_tests[] = {
    T(handshake_without_an_answer_is_begun_again),
    T(first_flight_may_come_in_pieces),
    T(connection_that_is_dead_before_the_first_flight_is_replaced),
    T(no_byte_of_a_first_flight_is_changed_by_other_keys),
    T(policy_without_the_cause_leaves_handshakes_alone),
    T(handshake_that_goes_on_failing_fails_as_bare),
    T(budget_counts_handshakes),
    T(early_data_is_never_sent_again),
    T(what_is_no_client_hello_is_left_alone),
    T(once_the_server_has_spoken_nothing_is_sent_again),
    T(handshake_on_a_connect_that_is_tried_again_is_begun_again_as_well),
    T_END,
};
