/* SPDX-License-Identifier: MIT */
/* Node's http-parser must find the end of every good message where http1.c finds it. */
#include "http1_messages.h"
#include "unit.h"

#include <http_parser.h>
#include <stdio.h>
#include <string.h>

static int has_no_body(http_parser *parser)
{
	const struct http1_case *it = parser->data;
	return it->method == METHOD_HEAD && it->flags & HTTP1_IS_RESPONSE;
}

static int stop(http_parser *parser)
{
	http_parser_pause(parser, 1);
	return 0;
}

static long end_by_oracle(const struct http1_case *it)
{
	http_parser parser;
	http_parser_settings settings;
	http_parser_settings_init(&settings);
	settings.on_headers_complete = has_no_body;
	settings.on_message_complete = stop;
	http_parser_init(&parser, it->flags & HTTP1_IS_RESPONSE ? HTTP_RESPONSE : HTTP_REQUEST);
	parser.data = (void *)it;
	size_t parsed = http_parser_execute(&parser, &settings, it->bytes, it->len);
	if (HTTP_PARSER_ERRNO(&parser) != HPE_PAUSED) {
		printf("    %s: %s\n", it->name, http_errno_name(HTTP_PARSER_ERRNO(&parser)));
		return -1;
	}
	return (long)parsed;
}

/*
 * The oracle knows a fixed list of methods and of bytes for names and values, and leaves it to its
 * caller that 204 and 304 have no body.
 */
static bool is_beyond_oracle(const char *name)
{
	static const char *const names[] = {
	    "get_alike_method",
	    "lower_case_method",
	    "odd_method",
	    "long_method",
	    "pri_alike_method",
	    "length_spaced",
	    "length_alike_names",
	    "header_without_colon",
	    "high_bytes_in_header",
	    "no_content_with_length",
	    "not_modified",
	    "not_modified_chunked",
	    NULL,
	};
	for (size_t i = 0; names[i]; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static void check_table(const struct http1_case *it)
{
	for (; it->name; it++) {
		if (it->result == HTTP1_DONE && !is_beyond_oracle(it->name))
			runner_expect_long(it->name, end_by_oracle(it), (long)it->used);
	}
}

static void requests_end_where_http_parser_ends_them(void)
{
	check_table(http1_requests);
}

static void responses_end_where_http_parser_ends_them(void)
{
	check_table(http1_responses);
}

void suite_http1_oracle(void)
{
	static const struct runner_test tests[] = {
	    TEST(requests_end_where_http_parser_ends_them),
	    TEST(responses_end_where_http_parser_ends_them),
	    TEST_END,
	};
	runner_suite("http1_oracle", tests);
}
