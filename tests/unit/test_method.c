/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include "method.h"

static void every_known_method_is_parsed_and_named(void)
{
#define X(name)                                                                                    \
	runner_expect_long(#name, METHOD_##name, method_parse(#name, strlen(#name)));              \
	runner_expect_text(#name, #name, method_name(METHOD_##name));
	REDIAL_METHODS(X)
#undef X
}

static void what_is_not_exactly_a_method_is_other(void)
{
	static const char *const names[] = {
	    "",	     "get",	  "Get",       "GE",   "GETS", "GET ",	   "FOO",
	    "other", "PROPFINDS", "PROPPATCH", "MOVE", "LOCK", "XGETHEAD", "SUPERLONGMETHODNAME"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		runner_expect_long(names[i], METHOD_OTHER,
				   method_parse(names[i], strlen(names[i])));
}

static void a_name_is_read_only_as_far_as_its_length(void)
{
	runner_expect_long("GET of GETX", METHOD_GET, method_parse("GETX", 3));
	runner_expect_long("nothing of GET", METHOD_OTHER, method_parse("GET", 0));
	runner_expect_long("GET and a NUL", METHOD_OTHER, method_parse("GET\0", 4));
}

static void what_is_out_of_range_is_named_other(void)
{
	runner_expect_text("OTHER", "other", method_name(METHOD_OTHER));
	runner_expect_text("COUNT", "other", method_name(METHOD_COUNT));
	runner_expect_text("-1", "other", method_name((enum method) - 1));
}

static void each_method_has_a_bit_of_its_own(void)
{
	uint32_t seen = 0;

	for (int i = 0; i < METHOD_COUNT; i++) {
		runner_expect_long(method_name((enum method)i), 0,
				   seen & method_bit((enum method)i));
		seen |= method_bit((enum method)i);
	}
}

void suite_method(void)
{
	static const struct runner_test tests[] = {TEST(every_known_method_is_parsed_and_named),
						   TEST(what_is_not_exactly_a_method_is_other),
						   TEST(a_name_is_read_only_as_far_as_its_length),
						   TEST(what_is_out_of_range_is_named_other),
						   TEST(each_method_has_a_bit_of_its_own),
						   TEST_END};

	runner_suite("method", tests);
}
