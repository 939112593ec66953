/* SPDX-License-Identifier: MIT */
#include "http1_messages.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char head[] = "POST /v1/items?x=1 HTTP/1.1\r\nHost: api:8080\r\n"
			   "X-Request-Id: \t abc def \t\r\nEmpty:\r\nx-request-id: second\r\n"
			   "HOST: other\r\nHostess: x\r\nTail: end\r\n\r\n"
			   "Body: no header\r\n";

static void expect_text(const char *what, const char *expected, struct http1_text got)
{
	char text[128] = "";
	CU_ASSERT_FATAL(got.text != NULL && got.len < sizeof(text));
	memcpy(text, got.text, got.len);
	runner_expect_text(what, expected, text);
}

static void method_and_target_are_as_written(void)
{
	expect_text("method", "POST", http1_head_method(head, sizeof(head) - 1));
	expect_text("target", "/v1/items?x=1", http1_head_target(head, sizeof(head) - 1));
	expect_text("target", "*", http1_head_target("OPTIONS * HTTP/1.1\r\n\r\n", 22));
}

static void values_are_found_by_name_in_any_case(void)
{
	static const struct {
		const char *name, *value;
	} rows[] = {
	    {"Host", "api:8080"},
	    {"hOST", "api:8080"},
	    {"X-Request-Id", "abc def"},
	    {"x-request-ID", "abc def"},
	    {"Empty", ""},
	    {"Hostess", "x"},
	    {"tail", "end"},
	    {"Hos", ""},
	    {"Absent", ""},
	    {"", ""},
	    {"Body", ""},
	    {"POST /v1/items?x=1 HTTP/1.1", ""},
	    {"X-Request-Id: \t abc", ""},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_text(rows[i].name, rows[i].value,
			    http1_head_value(head, sizeof(head) - 1, rows[i].name));
	}
}

static bool lies_within(struct http1_text text, const char *bytes, size_t len)
{
	return text.len == 0 || (text.text >= bytes && text.text + text.len <= bytes + len);
}

/* Under AddressSanitizer a byte read too far ends the test. */
static void any_bytes_are_safe(void)
{
	static const char alphabet[] = "\r\n :\tHhOoSsTt/\0\xff";
	uint64_t seed = 42;
	for (int round = 0; round < 20000; round++) {
		size_t len = (seed >> 40) % 40;
		char *bytes = malloc(len ? len : 1);
		CU_ASSERT_FATAL(bytes != NULL);
		for (size_t i = 0; i < len; i++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			bytes[i] = alphabet[(seed >> 33) % (sizeof(alphabet) - 1)];
		}
		CU_ASSERT_FATAL(lies_within(http1_head_method(bytes, len), bytes, len));
		CU_ASSERT_FATAL(lies_within(http1_head_target(bytes, len), bytes, len));
		CU_ASSERT_FATAL(lies_within(http1_head_value(bytes, len, "Host"), bytes, len));
		free(bytes);
		seed += (uint64_t)round << 32;
	}
}

static void what_is_not_a_head_has_nothing(void)
{
	static const char *const heads[] = {"", "\r\n", "\n", " ", "\r\n\r\nHost: x\r\n"};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		size_t len = strlen(heads[i]);
		expect_text("method", "", http1_head_method(heads[i], len));
		expect_text("target", "", http1_head_target(heads[i], len));
		expect_text("value", "", http1_head_value(heads[i], len, "Host"));
	}
	expect_text("method", "GET", http1_head_method("GET", 3));
	expect_text("target", "", http1_head_target("GET ", 4));
	expect_text("target", "/", http1_head_target("GET /", 5));
	expect_text("value", "", http1_head_value("GET / HTTP/1.1\r\nHos", 19, "Host"));
	expect_text("value", "", http1_head_value("GET / HTTP/1.1\r\nHost", 20, "Host"));
	expect_text("value", "a", http1_head_value("GET / HTTP/1.1\r\nHost:a", 22, "Host"));
}

void suite_http1_head(void)
{
	static const struct runner_test tests[] = {
	    TEST(method_and_target_are_as_written),
	    TEST(values_are_found_by_name_in_any_case),
	    TEST(what_is_not_a_head_has_nothing),
	    TEST(any_bytes_are_safe),
	    TEST_END,
	};
	runner_suite("http1_head", tests);
}
