/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "log_line.h"

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

void suite_log_line(void)
{
	static const struct runner_test tests[] = {
	    TEST(values_are_quoted_and_escaped_only_where_they_must),
	    TEST(numbers_are_written_whole_and_padded),
	    TEST(addresses_are_written_as_inet_ntop_writes_them),
	    TEST(line_that_is_too_long_is_cut_not_overrun), TEST_END};

	runner_suite("log_line", tests);
}
