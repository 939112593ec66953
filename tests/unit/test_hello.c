/* SPDX-License-Identifier: MIT */
/* Which bytes are the first flight of a TLS handshake, and nothing else. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "../../preload/conn/hello.h"
#include "../../preload/conn/secured.h"

#define RECORD "\x16\x03\x01\0\4"
#define BODY   "\1\0\0\0"

static void first_flights_are_told_from_other_bytes(void)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
		enum hello hello;
	} rows[] = {
#define ROW(what, bytes, hello) {what, bytes, sizeof(bytes) - 1, hello}
	    ROW("a byte", "\x16", HELLO_PART),
	    ROW("a header", RECORD, HELLO_PART),
	    ROW("part of the body", RECORD "\1\0\0", HELLO_PART),
	    ROW("a record", RECORD BODY, HELLO_WHOLE),
	    ROW("a hello in two records", RECORD BODY RECORD "\2\0\0\0", HELLO_WHOLE),
	    ROW("the second one begun", RECORD BODY "\x16\x03", HELLO_PART),
	    ROW("a server's", RECORD "\2\0\0\0", HELLO_NOT),
	    ROW("an alert", "\x15\x03\x01\0\2\1\0", HELLO_NOT),
	    ROW("early data behind it", RECORD BODY "\x17", HELLO_NOT),
	    ROW("a change of ciphers behind it", RECORD BODY "\x14\x03\x03\0\1\1", HELLO_NOT),
	    ROW("HTTP behind it", RECORD BODY "GET / HTTP/1.1\r\n", HELLO_NOT),
	    ROW("another version", "\x16\x02", HELLO_NOT),
	    ROW("an empty record", "\x16\x03\x01\0\0", HELLO_NOT),
	    ROW("a record that is too long", "\x16\x03\x01\x40\1", HELLO_NOT),
	    ROW("SSL 2", "\x80\x2e\1\0\2", HELLO_NOT),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char copy[64]; /* ends where the bytes do */
		char *bytes = copy + sizeof(copy) - rows[i].len;
		memcpy(bytes, rows[i].bytes, rows[i].len);
		runner_expect_long(rows[i].what, rows[i].hello,
				   conn_look_at_hello(bytes, rows[i].len));
	}
}

#define ALERT "\x15\x03\x03\0\2\1\0"
#define SHORT                                                                                      \
	"\x17\x03\x03\0\x13"                                                                       \
	"0123456789012345678"

static void farewells_are_told_from_answers(void)
{
	static const struct {
		const char *what, *bytes;
		size_t len;
		bool farewell;
	} rows[] = {
#define ROW(what, bytes, farewell) {what, bytes, sizeof(bytes) - 1, farewell}
	    ROW("nothing", "", true),
	    ROW("an alert", ALERT, true),
	    ROW("an alert of TLS 1.3", SHORT, true),
	    ROW("two", ALERT SHORT, true),
	    ROW("three", ALERT ALERT ALERT, false),
	    ROW("part of a header", "\x15\x03\x03", false),
	    ROW("a header", "\x15\x03\x03\0\2", false),
	    ROW("part of an alert", "\x15\x03\x03\0\2\1", false),
	    ROW("an answer",
		"\x17\x03\x03\0\x14"
		"01234567890123456789",
		false),
	    ROW("an answer behind it",
		ALERT "\x17\x03\x03\0\x14"
		      "01234567890123456789",
		false),
	    ROW("part of an answer behind it", ALERT "\x17", false),
	    ROW("a handshake", "\x16\x03\x03\0\1\0", false),
#undef ROW
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t copy[64]; /* ends where the bytes do */
		uint8_t *bytes = copy + sizeof(copy) - rows[i].len;
		memcpy(bytes, rows[i].bytes, rows[i].len);
		runner_expect_long(rows[i].what, rows[i].farewell,
				   conn_secured_is_farewell(bytes, rows[i].len));
	}
}

void suite_hello(void)
{
	static const struct runner_test tests[] = {TEST(first_flights_are_told_from_other_bytes),
						   TEST(farewells_are_told_from_answers), TEST_END};

	runner_suite("hello", tests);
}
