/* SPDX-License-Identifier: MIT */
/* Authorization that serves once: what a server says of its second use is not for the program. */
#include <stdio.h>
#include <string.h>

#include "flow.h"

#define OK	 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define REFUSED	 "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"
#define STATUSES "retry = { statuses = [503]; };"

/* arg: the header. */
PROGRAM(two_gets_the_second_with_a_header)
{
	char get[256];
	int len =
	    snprintf(get, sizeof(get), "GET /2 HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n", program.arg);
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, get, (size_t)len);
	answer(fd);
	hang_up(fd);
}

/* Answers the second with this, or without anything, and refuses whoever comes then. */
static void refuse_after(struct peer *peer, const char *answer, void end(int fd),
			 const char *first_piece, const char *rest)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, answer);
	end(fd);
	while ((fd = peer_accept(peer)) >= 0) {
		if (!peer_read_until(peer, fd, "\r\n\r\n")) {
			peer_say(fd, first_piece);
			peer_say(fd, rest);
			peer_read_all(peer, fd);
		}
		peer_close(fd);
	}
}

static void refuse_after_reset(struct peer *peer)
{
	refuse_after(peer, "", peer_reset, REFUSED, "");
}

static void refuse_after_close(struct peer *peer)
{
	refuse_after(peer, "", peer_close, REFUSED, "");
}

static void refuse_in_pieces(struct peer *peer)
{
	refuse_after(peer, "", peer_reset, "HTTP/1.1 4",
		     "01 Unauthorized\r\nContent-Length: 0\r\n\r\n");
}

static void serve_after_reset(struct peer *peer)
{
	refuse_after(peer, "", peer_reset, OK, "");
}

static void refuse_after_503(struct peer *peer)
{
	refuse_after(peer, "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", peer_close, REFUSED,
		     "");
}

static void prints(struct flow flow, const char *printed)
{
	for (flow.way = WAY_BLOCK; flow.way < WAY_COUNT; flow.way++) {
		flow_redial(&flow);
		expect_printed(&flow, printed);
		runner_expect_long("connections", 2, flow.seen.connections);
	}
	flow_end(&flow);
}

#define GETS(header, serves, ...)                                                                  \
	((struct flow){.program = "two_gets_the_second_with_a_header",                             \
		       .arg = (header),                                                            \
		       .peer = (serves),                                                           \
		       __VA_ARGS__})

#define OAUTH "Authorization: OAuth oauth_nonce=\"n\""
#define DPOP  "Authorization: Bearer t\r\nDPoP: proof"

static void refusal_of_a_second_use_is_not_for_the_program(void)
{
	prints(GETS(OAUTH, refuse_after_reset), "200\nECONNRESET\n");
	prints(GETS(OAUTH, refuse_after_close), "200\nEOF\n");
	prints(GETS(OAUTH, refuse_in_pieces), "200\nECONNRESET\n");
	prints(GETS("authorization: oauth", refuse_after_reset), "200\nECONNRESET\n");
	prints(GETS(DPOP, refuse_after_reset), "200\nECONNRESET\n");
	prints(GETS("Authorization: DPoP t", refuse_after_reset), "200\nECONNRESET\n");
}

static void refusal_is_logged_with_its_reason(void)
{
	struct flow flow = GETS(OAUTH, refuse_after_reset);
	flow_redial(&flow);
	expect_logged(&flow, 1, "result=exhausted attempts=2", "reason=single-use-auth");
	expect_logged(&flow, 0, "result=recovered", NULL);
	flow_end(&flow);
}

static void response_held_back_is_given_instead(void)
{
	prints(GETS(OAUTH, refuse_after_503, .policy = STATUSES), "200\n503\n");
}

static void any_other_answer_and_any_other_401_is_the_programs(void)
{
	prints(GETS(OAUTH, serve_after_reset), "200\n200\n");
	prints(GETS("Authorization: Bearer t", refuse_after_reset), "200\n401\n");
	prints(GETS("Authorization: OAuthentic", refuse_after_reset), "200\n401\n");
	prints(GETS(OAUTH, refuse_after_reset, .policy = "retry = { single_use_auth = []; };"),
	       "200\n401\n");
	prints(GETS("Authorization: Once t", refuse_after_reset,
		    .policy = "retry = { single_use_auth = [\"once\"]; };"),
	       "200\nECONNRESET\n");
}

/* The request was never sent before: it is its own token that is refused. */
PROGRAM(request_with_a_token_on_a_dead_connection)
{
	static const char post[] =
	    "POST /2 HTTP/1.1\r\nHost: x\r\n" OAUTH "\r\nContent-Length: 0\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	await_death(fd);
	put(fd, post, sizeof(post) - 1);
	answer(fd);
	hang_up(fd);
}

static void close_idle_then_refuse(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_close(fd);
	fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, REFUSED);
	peer_close(fd);
}

static void refusal_of_a_first_use_is_the_programs(void)
{
	prints((struct flow){.program = "request_with_a_token_on_a_dead_connection",
			     .peer = close_idle_then_refuse},
	       "200\n401\n");
}

PROGRAM(two_gets_at_once_the_second_with_a_token)
{
	static const char both[] = "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n"
				   "GET /3 HTTP/1.1\r\nHost: x\r\n" OAUTH "\r\n\r\n";
	int fd = dial();
	exchange(fd, "GET", "/1", NULL);
	put(fd, both, sizeof(both) - 1);
	answer(fd);
	hang_up(fd);
}

static void reset_after_both(struct peer *peer)
{
	int fd = peer_accept(peer);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_say(fd, OK);
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_read_until(peer, fd, "\r\n\r\n");
	peer_reset(fd);
}

/* Its 401 would come when the answer to the one before was given, and the reset with it. */
static void token_behind_another_request_is_not_sent_again(void)
{
	struct flow flow = {.program = "two_gets_at_once_the_second_with_a_token",
			    .peer = reset_after_both};
	flow_redial(&flow);
	expect_printed(&flow, "200\nECONNRESET\n");
	runner_expect_long("connections", 1, flow.seen.connections);
	expect_logged(&flow, 1, "event=refused reason=single-use-auth cause=reset", NULL);
	flow_end(&flow);
}

const struct runner_test single_use_tests[] = {
    T(refusal_of_a_second_use_is_not_for_the_program),
    T(refusal_is_logged_with_its_reason),
    T(response_held_back_is_given_instead),
    T(any_other_answer_and_any_other_401_is_the_programs),
    T(refusal_of_a_first_use_is_the_programs),
    T(token_behind_another_request_is_not_sent_again),
    T_END};
