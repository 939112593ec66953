/* SPDX-License-Identifier: MIT */
/* What is said to a SOCKS proxy, told from anything else. */
#include <string.h>
#include <sys/uio.h>

#include "../../preload/conn/greeting.h"
#include "../../preload/os/arena.h"
#include "unit.h"

static struct greeting *greeting;

static void begin(void)
{
	arena_ready();
	greeting_drop(greeting);
	greeting = greeting_make();
	CU_ASSERT_PTR_NOT_NULL_FATAL(greeting);
}

static bool send_bytes(const char *bytes, size_t len)
{
	return greeting_sent(greeting, &(struct iovec){(void *)bytes, len}, 1, len);
}

static bool receive_bytes(const char *bytes, size_t len)
{
	return greeting_received(greeting, &(struct iovec){(void *)bytes, len}, 1, len);
}

#define SEND(text)    send_bytes(text, sizeof(text) - 1)
#define RECEIVE(text) receive_bytes(text, sizeof(text) - 1)

static void socks_5_is_over_when_the_request_is_granted(void)
{
	begin();
	CU_ASSERT_TRUE(SEND("\5\1\0"));
	CU_ASSERT_TRUE(RECEIVE("\5\0"));
	CU_ASSERT_FALSE(greeting_is_over(greeting));
	CU_ASSERT_TRUE(SEND("\5\1\0\1\300\0\2\1\0\120"));
	CU_ASSERT_TRUE(RECEIVE("\5\0\0\1\0\0\0\0\0"));
	CU_ASSERT_FALSE(greeting_is_over(greeting));
	CU_ASSERT_TRUE(RECEIVE("\0"));
	CU_ASSERT_TRUE(greeting_is_over(greeting));
	CU_ASSERT_EQUAL(greeting->received, 12);
	CU_ASSERT_EQUAL(greeting->len, 13);
}

static void a_name_and_a_password_come_in_between(void)
{
	begin();
	CU_ASSERT_TRUE(SEND("\5\2\0\2"));
	CU_ASSERT_TRUE(RECEIVE("\5\2"));
	CU_ASSERT_TRUE(SEND("\1\1a\1b"));
	CU_ASSERT_TRUE(RECEIVE("\1\0"));
	CU_ASSERT_FALSE(greeting_is_over(greeting));
	CU_ASSERT_TRUE(SEND("\5\1\0\3\1x\0\120"));
	CU_ASSERT_TRUE(RECEIVE("\5\0\0\3\2yz\0\0"));
	CU_ASSERT_TRUE(greeting_is_over(greeting));
}

static void socks_4_is_over_after_eight_bytes(void)
{
	begin();
	CU_ASSERT_TRUE(SEND("\4\1\0\120\300\0\2\1\0"));
	CU_ASSERT_TRUE(RECEIVE("\0\x5a\0\0\0\0\0"));
	CU_ASSERT_FALSE(greeting_is_over(greeting));
	CU_ASSERT_TRUE(RECEIVE("\0"));
	CU_ASSERT_TRUE(greeting_is_over(greeting));
}

static void one_proxy_may_lead_to_another(void)
{
	begin();
	SEND("\4\1\0\120\300\0\2\1\0");
	RECEIVE("\0\x5a\0\0\0\0\0\0");
	CU_ASSERT_TRUE(greeting_is_over(greeting));
	CU_ASSERT_TRUE(SEND("\5\1\0"));
	CU_ASSERT_FALSE(greeting_is_over(greeting));
	CU_ASSERT_TRUE(RECEIVE("\5\0"));
	CU_ASSERT_TRUE(SEND("\5\1\0\4................\0\120"));
	CU_ASSERT_TRUE(RECEIVE("\5\0\0\4................\0\0"));
	CU_ASSERT_TRUE(greeting_is_over(greeting));
}

static void a_message_may_come_in_pieces(void)
{
	struct iovec pieces[] = {{"\5\1\0\3\1", 5}, {NULL, 0}, {"x\0\120", 3}};

	begin();
	SEND("\5");
	CU_ASSERT_TRUE(SEND("\1\0"));
	RECEIVE("\5");
	CU_ASSERT_TRUE(RECEIVE("\0"));
	CU_ASSERT_TRUE(greeting_sent(greeting, pieces, 3, 8));
	CU_ASSERT_EQUAL(greeting->turns, 2);
	CU_ASSERT_EQUAL(greeting->turn[1].len, 8);
}

static void a_refusal_is_no_greeting(void)
{
	static const struct {
		const char *sent, *reply;
		size_t sent_len, reply_len;
	} refused[] = {
	    {"\5\1\0", "\5\377", 3, 2}, {"\5\1\0", "\5\1", 3, 2},	    {"\5\1\0", "HT", 3, 2},
	    {"\5\1\0", "\5\0\0", 3, 3}, {"\4\1\0\120....", "\0\x5b", 8, 2},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		begin();
		CU_ASSERT_TRUE(send_bytes(refused[i].sent, refused[i].sent_len));
		CU_ASSERT_FALSE(receive_bytes(refused[i].reply, refused[i].reply_len));
	}
	begin();
	SEND("\5\1\0");
	RECEIVE("\5\0");
	SEND("\5\1\0\1\300\0\2\1\0\120");
	CU_ASSERT_FALSE(RECEIVE("\5\5\0\1\0\0\0\0\0\0"));
}

static void other_bytes_are_none(void)
{
	static char much[1024] = {5};

	begin();
	CU_ASSERT_FALSE(SEND("GET / HTTP/1.1\r\n\r\n"));
	begin();
	CU_ASSERT_FALSE(SEND("\26\3\1"));
	begin();
	CU_ASSERT_FALSE(send_bytes(much, sizeof(much)));
	begin();
	SEND("\5\1\0");
	RECEIVE("\5");
	CU_ASSERT_FALSE(SEND("\5\1\0")); /* in the middle of the reply */
}

void suite_greeting(void)
{
	static const struct runner_test tests[] = {
	    TEST(socks_5_is_over_when_the_request_is_granted),
	    TEST(a_name_and_a_password_come_in_between),
	    TEST(socks_4_is_over_after_eight_bytes),
	    TEST(one_proxy_may_lead_to_another),
	    TEST(a_message_may_come_in_pieces),
	    TEST(a_refusal_is_no_greeting),
	    TEST(other_bytes_are_none),
	    TEST_END};

	runner_suite("greeting", tests);
}
