/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "../../preload/log/line.h"
#include "../../preload/log/structured.h"

static const char *text_of(const struct log_line *line)
{
	static char text[LOG_LINE_MAX + 1];

	memcpy(text, line->text, line->len);
	text[line->len] = '\0';
	return text;
}

static void values_are_quoted_and_escaped_only_where_they_must(void)
{
	static const struct {
		const char *value;
		const char *expected;
	} cases[] = {
	    {"plain", "event=x key=plain"},
	    {"/v1/items", "event=x key=/v1/items"},
	    {"", "event=x"},
	    {"two words", "event=x key=\"two words\""},
	    {"a=b", "event=x key=\"a=b\""},
	    {"say \"hi\"", "event=x key=\"say \\\"hi\\\"\""},
	    {"it's", "event=x key=\"it's\""},
	    {"back\\slash", "event=x key=\"back\\\\slash\""},
	    {"line\nevent=forged", "event=x key=\"line\\x0aevent=forged\""},
	    {"\x01\x7f\xff", "event=x key=\"\\x01\\x7f\\xff\""},
	    {"tab\there", "event=x key=\"tab\\x09here\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct log_line line;
		line_begin(&line, "x");
		line_put_text(&line, "key", cases[i].value);
		runner_expect_text(cases[i].value, cases[i].expected, text_of(&line));
	}
}

static void numbers_are_written_whole_and_padded(void)
{
	struct log_line line = {.len = 0};

	line_put_number(&line, 0);
	line_put(&line, " ");
	line_put_number(&line, UINT64_MAX);
	line_put(&line, " ");
	line_put_padded(&line, 7, 3);
	line_put(&line, " ");
	line_put_padded(&line, 1234, 3);
	line_put_key_number(&line, "fd", 12);
	runner_expect_text("numbers", "0 18446744073709551615 007 1234 fd=12", text_of(&line));
}

/* Against libc's idea of RFC 5952. */
static void addresses_are_written_as_inet_ntop_writes_them(void)
{
	static const char *const addresses[] = {
	    "::",
	    "::1",
	    "1::",
	    "2001:db8::1",
	    "fe80::1:0:0",
	    "1:2:3:4:5:6:7:8",
	    "1:0:0:2:0:0:0:3",
	    "::ffff:192.0.2.7",
	    "a:0:b:0:c:0:d:0",
	    "0:1::",
	};

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct in6_addr address;
		char expected[INET6_ADDRSTRLEN];
		struct log_line line = {.len = 0};
		CU_ASSERT_FATAL(inet_pton(AF_INET6, addresses[i], &address) == 1);
		inet_ntop(AF_INET6, &address, expected, sizeof(expected));
		line_put_ipv6(&line, address.s6_addr);
		runner_expect_text(addresses[i], expected, text_of(&line));
	}
}

static void line_that_is_too_long_is_cut_not_overrun(void)
{
	char value[2 * LOG_LINE_MAX];
	struct log_line line;

	memset(value, 'x', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	line_begin(&line, "x");
	line_put_text(&line, "key", value);
	line_put_key_number(&line, "more", 1);
	runner_expect_long("length", LOG_LINE_MAX, (long)line.len);
}

static const char *structured(const char *event)
{
	static struct log_line line;
	struct log_line from = {.len = 0};

	line.len = 0;
	line_put(&from, event);
	line_put_structured(&line, &from);
	return text_of(&line);
}

static void fields_become_structured_data(void)
{
	static const struct {
		const char *event;
		const char *expected;
	} cases[] = {
	    {"", "[redial@32473]"},
	    {"event=x", "[redial@32473 event=\"x\"]"},
	    {"event=x fd=12 host=a:80", "[redial@32473 event=\"x\" fd=\"12\" host=\"a:80\"]"},
	    {"event=x path=/a]b", "[redial@32473 event=\"x\" path=\"/a\\]b\"]"},
	    {"event=x id=\"a b\" fd=1", "[redial@32473 event=\"x\" id=\"a b\" fd=\"1\"]"},
	    {"event=x id=\"say \\\"hi\\\"\"", "[redial@32473 event=\"x\" id=\"say \\\"hi\\\"\"]"},
	    {"event=x id=\"a\\\\b\"", "[redial@32473 event=\"x\" id=\"a\\\\b\"]"},
	    {"event=x id=\"\\x0a]\"", "[redial@32473 event=\"x\" id=\"\\\\x0a\\]\"]"},
	    {"event=x id=\"cut off", "[redial@32473 event=\"x\"]"},
	    {"event=x id=\"cut off\\", "[redial@32473 event=\"x\"]"},
	    {"event=x cu", "[redial@32473 event=\"x\"]"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		runner_expect_text(cases[i].event, cases[i].expected, structured(cases[i].event));
}

/* Whatever the room: whole fields, and the bracket at the end. */
static void structured_data_that_is_too_long_leaves_out_whole_fields(void)
{
	static const char event[] = "event=x id=\"a]\\\\b\" fd=12";
	static const char *const expected[] = {
	    "[redial@32473]",
	    "[redial@32473 fd=\"12\"]",
	    "[redial@32473 event=\"x\"]",
	    "[redial@32473 event=\"x\" fd=\"12\"]",
	    "[redial@32473 event=\"x\" id=\"a\\]\\\\b\"]",
	    "[redial@32473 event=\"x\" id=\"a\\]\\\\b\" fd=\"12\"]",
	};

	for (size_t room = 16; room < 80; room++) {
		struct log_line line = {.len = 0}, from = {.len = 0};
		size_t start = LOG_LINE_MAX - room, best = 0;

		for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
			if (strlen(expected[i]) <= room)
				best = i;
		line.len = start;
		line_put(&from, event);
		line_put_structured(&line, &from);
		memmove(line.text, line.text + start, line.len - start);
		line.len -= start;
		runner_expect_text("structured data", expected[best], text_of(&line));
	}
}

static void a_host_name_that_is_none_is_a_dash(void)
{
	static const char *const cases[][2] = {
	    {"web-1.example", "web-1.example"}, {"", "-"}, {"a b", "-"}, {"h\xc3\xa9", "-"}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct log_line line = {.len = 0};

		line_put_hostname(&line, cases[i][0]);
		runner_expect_text(cases[i][0], cases[i][1], text_of(&line));
	}
}

static void the_message_id_is_the_event(void)
{
	struct log_line event, line = {.len = 0};

	line_begin(&event, "attempt");
	line_put_key_number(&event, "fd", 1);
	line_put_msgid(&line, &event);
	runner_expect_text("message id", "attempt", text_of(&line));
}

void suite_log_line(void)
{
	static const struct runner_test tests[] = {
	    TEST(values_are_quoted_and_escaped_only_where_they_must),
	    TEST(numbers_are_written_whole_and_padded),
	    TEST(addresses_are_written_as_inet_ntop_writes_them),
	    TEST(line_that_is_too_long_is_cut_not_overrun),
	    TEST(fields_become_structured_data),
	    TEST(structured_data_that_is_too_long_leaves_out_whole_fields),
	    TEST(a_host_name_that_is_none_is_a_dash),
	    TEST(the_message_id_is_the_event),
	    TEST_END};

	runner_suite("log_line", tests);
}
