/* SPDX-License-Identifier: MIT */
/* CONNECT: which requests for a tunnel could be made again, and what opens one. */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "../../preload/conn/greeting.h"
#include "../../preload/os/arena.h"
#include "unit.h"

#define HEAD(fields) "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n" fields "\r\n"
#define OPENED	     "HTTP/1.1 200 Connection established\r\n\r\n"
#define ASKS	     "HTTP/1.1 407 Who?\r\nContent-Length: 3\r\n\r\nwho"

static struct greeting *greeting;

static void begin(void)
{
	arena_ready();
	greeting_drop(greeting);
	greeting = greeting_make();
	CU_ASSERT_PTR_NOT_NULL_FATAL(greeting);
}

static bool send_text(const char *text)
{
	size_t len = strlen(text);
	if (greeting->len + len > greeting->room)
		greeting = greeting_widen(greeting);
	return greeting_sent(greeting, &(struct iovec){(void *)text, len}, 1, len);
}

static bool receive_text(const char *text)
{
	size_t len = strlen(text);
	return greeting_received(greeting, &(struct iovec){(void *)text, len}, 1, len);
}

static void a_success_opens_it_and_not_a_byte_less(void)
{
	static const char *const answers[] = {OPENED, "HTTP/1.0 200 OK\r\nProxy-agent: x\r\n\r\n",
					      "HTTP/1.1 204\r\n\r\n",
					      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"};

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		begin();
		CU_ASSERT_TRUE(send_text(HEAD("User-Agent: x\r\n")));
		for (size_t at = 0; answers[i][at]; at++) {
			char byte[2] = {answers[i][at]};
			CU_ASSERT_FALSE(greeting_is_over(greeting));
			runner_expect_long(answers[i], 1, receive_text(byte));
		}
		runner_expect_long(answers[i], 1, greeting_is_over(greeting));
		CU_ASSERT_EQUAL(greeting->received, strlen(answers[i]));
	}
}

static void its_length_never_reaches_behind_the_head(void)
{
	struct greeting_reply reply = {0};

	for (size_t at = 0; at < strlen(OPENED); at++) {
		size_t len = greeting_reply_len(GREETING_TUNNEL, &reply);
		CU_ASSERT_TRUE(len > reply.got && len <= strlen(OPENED));
		greeting_reply_add(GREETING_TUNNEL, &reply, OPENED[at]);
	}
	CU_ASSERT_EQUAL(greeting_reply_len(GREETING_TUNNEL, &reply), strlen(OPENED));
}

static void anything_else_does_not(void)
{
	static const char *const answers[] = {
	    OPENED "\26",
	    "HTTP/1.1 100 Continue\r\n\r\n" OPENED,
	    "HTTP/1.1 101 Switching Protocols\r\n\r\n",
	    "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
	    "HTTP/2.0 200 OK\r\n\r\n",
	    "ICY 200 OK\r\n\r\n",
	    "\25\3\1\0\2\2\50",
	    "HTTP/1.1 200 OK\n\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		begin();
		CU_ASSERT_TRUE(send_text(HEAD("")));
		runner_expect_long(answers[i], 1, !receive_text(answers[i]));
	}
}

static void it_cannot_answer_half_a_question(void)
{
	begin();
	CU_ASSERT_TRUE(send_text("CONNECT a:443 HTTP/1.1\r\n"));
	CU_ASSERT_FALSE(receive_text("HTTP/1.1 200 OK\r\n\r\n"));
}

static void head_may_come_in_pieces(void)
{
	begin();
	CU_ASSERT_TRUE(send_text("CONNECT a:443 HTTP/1.0\r\n"));
	CU_ASSERT_TRUE(send_text("Proxy-Authorization: Basic eDp5\r\n\r"));
	CU_ASSERT_TRUE(send_text("\n"));
	CU_ASSERT_FALSE(send_text("\26"));
}

static void nothing_may_come_behind_the_head(void)
{
	begin();
	CU_ASSERT_FALSE(send_text(HEAD("") "\26\3\1"));
	begin();
	CU_ASSERT_FALSE(send_text("CONNECT a:443 HTTP/1.1\r\nContent-Length: 1\r\n\r\n"));
}

static void credentials_of_a_connection_are_not_given_again(void)
{
	static const char *const fine[] = {
	    "", "Proxy-Authorization: Basic eDp5\r\n", "proxy-authorization: bEARER abc\r\n",
	    "Authorization: Basic eDp5\r\n", "Content-Length: 0\r\n"};
	static const char *const strange[] = {
	    "Proxy-Authorization: NTLM TlRMTVNTUAAB\r\n",
	    "Proxy-Authorization: Negotiate YII\r\n",
	    "proxy-authorization: Digest username=\"x\"\r\n",
	    "Proxy-Authorization: Basically abc\r\n",
	    "Proxy-Authorization:\r\n",
	    "Proxy-Authorization: Basic eDp5\r\nProxy-Authorization: NTLM TlRM\r\n",
	    "Authorization: Negotiate YII\r\n",
	    "Expect: 100-continue\r\n",
	    "Transfer-Encoding: chunked\r\n",
	    " folded: line\r\n",
	    "Bare: \nX: y\r\n",
	};
	char head[256];

	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++) {
		int len = snprintf(head, sizeof(head), HEAD("%s"), fine[i]);
		runner_expect_long(head, 1, tunnel_may_be_repeated(head, (size_t)len));
	}
	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++) {
		int len = snprintf(head, sizeof(head), HEAD("%s"), strange[i]);
		runner_expect_long(head, 1, !tunnel_may_be_repeated(head, (size_t)len));
		begin();
		runner_expect_long(head, 1, !send_text(head));
	}
}

static void after_a_question_only_what_it_said_yes_to_counts(void)
{
	begin();
	CU_ASSERT_TRUE(send_text(HEAD("")));
	CU_ASSERT_TRUE(receive_text(ASKS));
	CU_ASSERT_FALSE(greeting_is_over(greeting));
	CU_ASSERT_TRUE(send_text(HEAD("Proxy-Authorization: Basic eDp5\r\n")));
	CU_ASSERT_TRUE(receive_text(OPENED));
	CU_ASSERT_TRUE(greeting_is_over(greeting));
	CU_ASSERT_EQUAL(greeting->turns, 1);
	CU_ASSERT_EQUAL(greeting->len, strlen(HEAD("Proxy-Authorization: Basic eDp5\r\n")));
	CU_ASSERT_EQUAL(greeting->received, strlen(ASKS OPENED));
}

static void nothing_may_be_said_amid_a_refusal(void)
{
	begin();
	CU_ASSERT_TRUE(send_text(HEAD("")));
	CU_ASSERT_TRUE(receive_text("HTTP/1.1 407 Who?\r\nContent-Length: 3\r\n\r\nw"));
	CU_ASSERT_FALSE(send_text(HEAD("")));
	begin();
	CU_ASSERT_TRUE(send_text(HEAD("")));
	CU_ASSERT_FALSE(receive_text(ASKS "more"));
}

static void one_proxy_may_lead_to_another_of_each_kind(void)
{
	begin();
	CU_ASSERT_TRUE(send_text("\5\1"));
	CU_ASSERT_TRUE(greeting_sent(greeting, &(struct iovec){"\0", 1}, 1, 1));
	CU_ASSERT_TRUE(greeting_received(greeting, &(struct iovec){"\5\0", 2}, 1, 2));
	CU_ASSERT_FALSE(send_text(HEAD(""))); /* before it is told where to */
	begin();
	CU_ASSERT_TRUE(send_text(HEAD("")));
	CU_ASSERT_TRUE(receive_text(OPENED));
	CU_ASSERT_TRUE(send_text(HEAD("X: y\r\n")));
	CU_ASSERT_FALSE(greeting_is_over(greeting));
	CU_ASSERT_TRUE(receive_text(OPENED));
	CU_ASSERT_TRUE(greeting_is_over(greeting));
	CU_ASSERT_EQUAL(greeting->turns, 2);
}

static void a_long_token_has_room_up_to_a_bound(void)
{
	static char head[32768];
	size_t len =
	    (size_t)sprintf(head, "CONNECT a:443 HTTP/1.1\r\nProxy-Authorization: Bearer ");

	begin();
	memset(head + len, 'x', 6000);
	strcpy(head + len + 6000, "\r\n\r\n");
	CU_ASSERT_FALSE(send_text(head));
	while (greeting->room < strlen(head)) {
		struct greeting *wider = greeting_widen(greeting);
		CU_ASSERT_PTR_NOT_NULL_FATAL(wider);
		greeting = wider;
	}
	CU_ASSERT_TRUE(send_text(head));
	CU_ASSERT_PTR_NULL(greeting_widen(greeting));
}

/* A few bytes of text are other ones. */
static size_t mutate(char *to, const char *text, uint32_t *seed)
{
	static const char bytes[] = "\r\n :\t2041H/.\0x";
	size_t len = strlen(text);
	memcpy(to, text, len);
	for (uint32_t more = (*seed >> 28) & 3; more; more--) {
		*seed = *seed * 1664525 + 1013904223;
		to[(*seed >> 8) % len] = bytes[(*seed >> 3) % (sizeof(bytes) - 1)];
	}
	*seed = *seed * 1664525 + 1013904223;
	return len;
}

/* What opens a tunnel is a head that ends where it is said to, and has 2xx. */
static void no_damaged_answer_opens_one(void)
{
	static const char *const answers[] = {OPENED, "HTTP/1.0 200 OK\r\nVia: 1.1 a\r\nX:\r\n\r\n",
					      ASKS, "HTTP/1.1 299\r\n\r\n"};
	char bytes[256];
	uint32_t seed = 7, opened = 0, wrong = 0;

	for (uint32_t i = 0; i < 40000; i++) {
		struct greeting_reply reply = {0};
		size_t len = mutate(bytes, answers[i % 4], &seed), at = 0, wanted;
		while ((wanted = greeting_reply_len(GREETING_TUNNEL, &reply)) > at && at < len)
			greeting_reply_add(GREETING_TUNNEL, &reply, bytes[at++]);
		if (!wanted || wanted != at)
			continue;
		opened++;
		wrong += at < 16 || memcmp(bytes + at - 4, "\r\n\r\n", 4) || bytes[9] != '2' ||
			 memcmp(bytes, "HTTP/1.", 7);
	}
	CU_ASSERT_TRUE(opened > 10000 && opened < 35000);
	CU_ASSERT_EQUAL(wrong, 0);
}

/* What is sent whole is taken as what is sent in pieces, and ends at its end. */
static void damaged_request_reads_the_same_in_pieces(void)
{
	static const char head[] = HEAD("Proxy-Authorization: Basic eDp5\r\nUser-Agent: x\r\n");
	char bytes[256];
	uint32_t seed = 9, taken = 0, wrong = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		size_t len = mutate(bytes, head, &seed), at = 0;
		begin();
		bool whole = greeting_sent(greeting, &(struct iovec){bytes, len}, 1, len);
		uint8_t matched = greeting->matched;
		begin();
		while (at < len && greeting_sent(greeting, &(struct iovec){bytes + at, 1}, 1, 1))
			at++;
		wrong += whole != (at == len) || (whole && matched != greeting->matched);
		taken += whole && matched == TUNNEL_HEAD_END;
	}
	CU_ASSERT_TRUE(taken > 5000 && taken < 19000);
	CU_ASSERT_EQUAL(wrong, 0);
}

void suite_tunnel(void)
{
	static const struct runner_test tests[] = {
	    TEST(a_success_opens_it_and_not_a_byte_less),
	    TEST(its_length_never_reaches_behind_the_head),
	    TEST(anything_else_does_not),
	    TEST(it_cannot_answer_half_a_question),
	    TEST(head_may_come_in_pieces),
	    TEST(nothing_may_come_behind_the_head),
	    TEST(credentials_of_a_connection_are_not_given_again),
	    TEST(after_a_question_only_what_it_said_yes_to_counts),
	    TEST(nothing_may_be_said_amid_a_refusal),
	    TEST(one_proxy_may_lead_to_another_of_each_kind),
	    TEST(a_long_token_has_room_up_to_a_bound),
	    TEST(no_damaged_answer_opens_one),
	    TEST(damaged_request_reads_the_same_in_pieces),
	    TEST_END};

	runner_suite("tunnel", tests);
}
