/* SPDX-License-Identifier: MIT */
/* Messages one after the other, long ones, and what is known before a message is complete. */
#include "http1_messages.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* Feeds in pieces of step bytes; stops at the first result that is not HTTP1_MORE. */
static enum http1_result feed_all(struct http1 *message, const char *bytes, size_t len, size_t step,
				  size_t *used)
{
	enum http1_result result = HTTP1_MORE;
	*used = 0;
	while (*used < len && result == HTTP1_MORE) {
		size_t piece = len - *used < step ? len - *used : step, took = 0;
		result = http1_feed(message, bytes + *used, piece, &took);
		*used += took;
	}
	return result;
}

static void pipelined_requests_end_where_the_next_begins(void)
{
	static const char bytes[] = GET("") POST(CHUNKED) "3\r\nabc\r\n0\r\n\r\n" POST(
	    LINE("Content-Length: 4")) "GET " GET(LINE("Connection: close"));
	static const enum method methods[] = {METHOD_GET, METHOD_POST, METHOD_POST, METHOD_GET};
	for (size_t step = 1; step <= sizeof(bytes); step++) {
		size_t at = 0;
		for (size_t i = 0; i < 4; i++) {
			struct http1 message;
			size_t used;
			http1_request(&message);
			enum http1_result result =
			    feed_all(&message, bytes + at, sizeof(bytes) - 1 - at, step, &used);
			if (!runner_expect_long("result", HTTP1_DONE, result))
				return;
			runner_expect_long("method", methods[i], message.method);
			at += used;
		}
		runner_expect_long("used", sizeof(bytes) - 1, (long)at);
	}
}

static void interim_responses_come_before_the_last_one(void)
{
	static const char bytes[] = "HTTP/1.1 100 Continue\r\n\r\n"
				    "HTTP/1.1 103 Early Hints\r\nConnection: close\r\n"
				    "Content-Length: 9\r\n\r\n"
				    "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok";
	for (size_t step = 1; step <= sizeof(bytes); step++) {
		struct http1 message;
		size_t at = 0, used = 0;
		http1_response(&message, METHOD_POST);
		for (int status = 100; status <= 103; status += 3) {
			CU_ASSERT_EQUAL(
			    feed_all(&message, bytes + at, sizeof(bytes) - 1 - at, step, &used),
			    HTTP1_INTERIM);
			CU_ASSERT_EQUAL(message.status, status);
			CU_ASSERT_EQUAL(message.flags, HTTP1_STARTED | HTTP1_IS_RESPONSE);
			CU_ASSERT_EQUAL(message.head_len, used);
			at += used;
		}
		CU_ASSERT_EQUAL(http1_feed(&message, bytes + at, 1, &used), HTTP1_MORE);
		CU_ASSERT_EQUAL(message.status, 0);
		CU_ASSERT_EQUAL(message.head_len, 1);
		at += used;
		CU_ASSERT_EQUAL(feed_all(&message, bytes + at, sizeof(bytes) - 1 - at, step, &used),
				HTTP1_DONE);
		CU_ASSERT_EQUAL(message.status, 201);
		CU_ASSERT_EQUAL(message.flags, R | H | P | B);
		CU_ASSERT_EQUAL(at + used, sizeof(bytes) - 1);
	}
}

static void a_complete_message_takes_no_more(void)
{
	struct http1 message;
	size_t used;
	http1_response(&message, METHOD_HEAD);
	CU_ASSERT_EQUAL(http1_feed(&message, OK(""), sizeof(OK("")) - 1, &used), HTTP1_DONE);
	CU_ASSERT_EQUAL(http1_feed(&message, "HTTP", 4, &used), HTTP1_DONE);
	CU_ASSERT_EQUAL(used, 0);
}

static void a_bad_message_stays_bad(void)
{
	static const char *bad[] = {"\x16", POST(CHUNKED) "x"};
	for (size_t i = 0; i < 2; i++) {
		struct http1 message;
		size_t used;
		http1_request(&message);
		CU_ASSERT_EQUAL(http1_feed(&message, bad[i], strlen(bad[i]), &used), HTTP1_BAD);
		CU_ASSERT_EQUAL(http1_feed(&message, GET(""), sizeof(GET("")) - 1, &used),
				HTTP1_BAD);
	}
}

static void bodies_of_any_length_are_counted(void)
{
	static char body[1 << 16];
	static const char head[] = OK(LINE("Content-Length: 1234567890123"));
	uint64_t left = UINT64_C(1234567890123);
	struct http1 message;
	size_t used;
	http1_response(&message, METHOD_GET);
	CU_ASSERT_EQUAL(http1_feed(&message, head, sizeof(head) - 1, &used), HTTP1_MORE);
	for (int i = 0; i < 100; i++, left -= sizeof(body)) {
		CU_ASSERT_EQUAL(message.remaining, left);
		CU_ASSERT_EQUAL(http1_feed(&message, body, sizeof(body), &used), HTTP1_MORE);
		CU_ASSERT_EQUAL(used, sizeof(body));
	}
	message.remaining = 3;
	CU_ASSERT_EQUAL(http1_feed(&message, body, sizeof(body), &used), HTTP1_DONE);
	CU_ASSERT_EQUAL(used, 3);
}

/* A request with a target of so many bytes, or a header of so many if the target is short. */
static char *long_request(size_t target_len, size_t header_len, size_t *len)
{
	char *bytes = malloc(target_len + header_len + 100), *at = bytes;
	if (!bytes)
		CU_FAIL_FATAL("out of memory");
	at = stpcpy(at, "GET /");
	memset(at, 'a', target_len);
	at = stpcpy(at + target_len, " HTTP/1.1\r\nCookie: ");
	memset(at, 'b', header_len);
	at = stpcpy(at + header_len, "\r\nConnection: close\r\n\r\n");
	*len = (size_t)(at - bytes);
	return bytes;
}

static void check_long(size_t target_len, size_t header_len, enum http1_result expected)
{
	static const size_t steps[] = {1, 7, 1460, 65536, 1 << 30};
	size_t len, used;
	char *bytes = long_request(target_len, header_len, &len);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct http1 message;
		http1_request(&message);
		runner_expect_long("long message", expected,
				   feed_all(&message, bytes, len, steps[i], &used));
		if (expected != HTTP1_DONE)
			continue;
		runner_expect_long("head_len", (long)len, message.head_len);
		runner_expect_long("flags", S | H, message.flags);
	}
	free(bytes);
}

static void long_heads_are_good_up_to_a_megabyte(void)
{
	size_t len;
	free(long_request(0, 0, &len));
	check_long(60000, 60000, HTTP1_DONE);
	check_long((1 << 20) - len, 0, HTTP1_DONE);
	check_long(0, (1 << 20) - len, HTTP1_DONE);
	check_long((1 << 20) - len + 1, 0, HTTP1_BAD);
	check_long(0, (1 << 20) - len + 1, HTTP1_BAD);
	check_long(3 << 20, 0, HTTP1_BAD);
}

static void facts_are_known_as_early_as_they_can_be(void)
{
	static const char request[] = "DELETE /a HTTP/1.1\r\n";
	static const char response[] = "HTTP/1.1 503 Service Unavailable\r\n";
	struct http1 message;
	size_t used;
	http1_request(&message);
	for (size_t i = 0; i < sizeof(request) - 1; i++) {
		http1_feed(&message, request + i, 1, &used);
		runner_expect_long("method", i < 6 ? METHOD_OTHER : METHOD_DELETE, message.method);
		runner_expect_long("head_len", (long)i + 1, message.head_len);
		runner_expect_long("flags", S, message.flags);
	}
	http1_response(&message, METHOD_GET);
	for (size_t i = 0; i < sizeof(response) - 1; i++) {
		http1_feed(&message, response + i, 1, &used);
		runner_expect_long("status", i < 11 ? 0 : 503, message.status);
	}
}

/* What a hook sees of a stream that is not HTTP is BAD at its first bytes, not later. */
static void foreign_first_bytes_are_bad_at_once(void)
{
	for (int byte = 0; byte < 256; byte++) {
		char c = (char)byte;
		struct http1 message;
		size_t used;
		bool token = byte && byte < 0x80 &&
			     (strchr("!#$%&'*+-.^_`|~", byte) || (byte >= '0' && byte <= '9') ||
			      ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'));
		http1_request(&message);
		runner_expect_long("first byte of a request", token ? HTTP1_MORE : HTTP1_BAD,
				   http1_feed(&message, &c, 1, &used));
		http1_response(&message, METHOD_GET);
		runner_expect_long("first byte of a response", byte == 'H' ? HTTP1_MORE : HTTP1_BAD,
				   http1_feed(&message, &c, 1, &used));
	}
}

/* Where in a block the scan meets a byte must not matter. */
static void every_byte_is_judged_at_every_place(void)
{
	char bytes[256];
	for (size_t place = 0; place < 70; place++) {
		for (int byte = 0; byte < 256; byte++) {
			int len = 0;
			struct http1 message;
			size_t used;
			memcpy(bytes, "GET / HTTP/1.1\r\nX-", 18);
			memset(bytes + 18, 'x', 70);
			bytes[18 + place] = (char)byte;
			len = 88;
			memcpy(bytes + len, "\r\n\r\n", 4);
			http1_request(&message);
			bool bad = byte < ' ' && byte != '\t';
			/* A CR here would have to be followed by LF. */
			if (!runner_expect_long("byte in a header", bad ? HTTP1_BAD : HTTP1_DONE,
						http1_feed(&message, bytes, 92, &used)))
				return;
			memcpy(bytes, "GET /", 5);
			memset(bytes + 5, 'y', 70);
			bytes[5 + place] = (char)byte;
			memcpy(bytes + 75, " HTTP/1.1\r\n\r\n", 13);
			http1_request(&message);
			bad = byte <= ' ' || byte == 0x7f;
			if (!runner_expect_long("byte in a target", bad ? HTTP1_BAD : HTTP1_DONE,
						http1_feed(&message, bytes, 88, &used)))
				return;
		}
	}
}

void suite_http1_stream(void)
{
	static const struct runner_test tests[] = {
	    TEST(pipelined_requests_end_where_the_next_begins),
	    TEST(interim_responses_come_before_the_last_one),
	    TEST(a_complete_message_takes_no_more),
	    TEST(a_bad_message_stays_bad),
	    TEST(bodies_of_any_length_are_counted),
	    TEST(long_heads_are_good_up_to_a_megabyte),
	    TEST(facts_are_known_as_early_as_they_can_be),
	    TEST(foreign_first_bytes_are_bad_at_once),
	    TEST(every_byte_is_judged_at_every_place),
	    TEST_END,
	};
	runner_suite("http1_stream", tests);
}
