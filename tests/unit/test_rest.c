/* SPDX-License-Identifier: MIT */
/* The rest of a response: what may be asked for, how, and whether what comes is that. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../preload/http1/rest.h"

#define OK     "HTTP/1.1 200 OK\r\n"
#define PART   "HTTP/1.1 206 Partial Content\r\n"
#define TAG    "ETag: \"a-1\"\r\n"
#define DATE   "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define OLD    "Last-Modified: Sun, 06 Nov 1994 08:48:37 GMT\r\n"
#define LENGTH "Content-Length: 1000\r\n"
#define END    "\r\n"

#define CHUNKED OK "Transfer-Encoding: chunked\r\n"

/* In memory of its own, so that what reads past the end is found out. */
static bool of(const char *head, struct http1_rest *rest)
{
	size_t len = strlen(head);
	char *copy = malloc(len + 1);
	memcpy(copy, head, len + 1);
	bool may = http1_rest_of(copy, len, rest);
	free(copy);
	return may;
}

static void expect_of(bool wanted, const char *const *heads, size_t count)
{
	struct http1_rest rest;
	for (size_t i = 0; i < count; i++) {
		if (!runner_expect_long("may be gone on with", wanted, of(heads[i], &rest)))
			printf("\n    %s", heads[i]);
	}
}

#define EXPECT_OF(wanted, heads) expect_of(wanted, heads, sizeof(heads) / sizeof(heads[0]))

static void what_has_a_length_and_a_strong_validator_can_be_gone_on_with(void)
{
	static const char *const heads[] = {
	    OK LENGTH TAG END,
	    OK LENGTH TAG "Accept-Ranges: bytes\r\n" END,
	    OK LENGTH TAG "Content-Encoding: gzip\r\n" END,
	    OK LENGTH TAG "Connection: close\r\n" END,
	    "HTTP/1.0 200 OK\r\n" LENGTH TAG END,
	    OK LENGTH DATE OLD END,
	    /* An entity tag goes before a date, whatever that says. */
	    OK LENGTH TAG "Last-Modified: never\r\n" END,
	    PART LENGTH TAG "Content-Range: bytes 500-1499/5000\r\n" END,
	    CHUNKED TAG END,
	    CHUNKED TAG "Content-Encoding: gzip\r\n" END,
	};
	EXPECT_OF(true, heads);
}

static void what_has_not_is_left_alone(void)
{
	static const char *const heads[] = {
	    OK LENGTH END,
	    OK TAG END,
	    CHUNKED DATE OLD END,
	    CHUNKED "ETag: W/\"a-1\"\r\n" END,
	    CHUNKED TAG "Content-Range: bytes 0-999/1000\r\n" END,
	    PART "Transfer-Encoding: chunked\r\nContent-Range: bytes 500-1499/5000\r\n" TAG END,
	    OK TAG "Transfer-Encoding: gzip, chunked\r\n" END,
	    OK TAG "Content-Length: 0\r\n" END,
	    OK LENGTH "ETag: W/\"a-1\"\r\n" END,
	    OK LENGTH "ETag: a-1\"\r\n" END,
	    OK LENGTH "ETag: \"a-1\r\n" END,
	    OK LENGTH "ETag: W/\"a-1\"\r\n" DATE OLD END,
	    OK LENGTH "ETag: a-1\r\n" END,
	    OK LENGTH "ETag: \"\"\r\n" END,
	    OK LENGTH "ETag: \"a\" , \"b\"\r\n" END,
	    OK LENGTH TAG "ETag: \"a-2\"\r\n" END,
	    OK LENGTH TAG "Accept-Ranges: none\r\n" END,
	    OK LENGTH TAG "Accept-Ranges: NONE\r\n" END,
	    OK LENGTH TAG "Content-Type: multipart/mixed; boundary=x\r\n" END,
	    OK LENGTH TAG "Content-Range: bytes 0-999/1000\r\n" END,
	    /* One second short of a minute: two clocks may differ by that. */
	    OK LENGTH DATE "Last-Modified: Sun, 06 Nov 1994 08:48:38 GMT\r\n" END,
	    OK LENGTH DATE "Last-Modified: Sun, 06 Nov 1994 09:48:37 GMT\r\n" END,
	    OK LENGTH DATE "Last-Modified: yesterday\r\n" END,
	    OK LENGTH DATE "last-modified: Sunday, 06-Nov-94 08:48:37 GMT\r\n" END,
	    OK LENGTH DATE "last-modified: Sun Nov  6 08:48:37 1994\r\n" END,
	    OK LENGTH OLD END,
	    OK LENGTH DATE OLD OLD END,
	    "HTTP/1.1 203 Elsewhere\r\n" LENGTH TAG END,
	    "HTTP/1.1 404 Not Found\r\n" LENGTH TAG END,
	    PART LENGTH TAG END,
	    PART LENGTH TAG "Content-Range: bytes 500-1499/*\r\n" END,
	    PART LENGTH TAG "Content-Range: bytes 500-1500/5000\r\n" END,
	    PART LENGTH TAG "Content-Range: bytes 500-1499/1499\r\n" END,
	    PART LENGTH TAG "Content-Range: bytes */5000\r\n" END,
	    PART LENGTH TAG "Content-Range: lines 500-1499/5000\r\n" END,
	    PART LENGTH TAG "Content-Range: bytes 500-99999999999999999999999/5000\r\n" END,
	};
	EXPECT_OF(false, heads);
}

static void a_tag_that_is_too_long_is_left_alone(void)
{
	char head[600], tag[400];
	struct http1_rest rest;
	for (int len = HTTP1_VALIDATOR_MAX; len <= HTTP1_VALIDATOR_MAX + 1; len++) {
		memset(tag, 'x', sizeof(tag));
		tag[0] = tag[len - 1] = '"';
		snprintf(head, sizeof(head), OK LENGTH "ETag: %.*s\r\n" END, len, tag);
		runner_expect_long("may", len == HTTP1_VALIDATOR_MAX, of(head, &rest));
	}
}

static const char request[] = "GET /f?x=1 HTTP/1.1\r\nHost: h\r\nRange: bytes=500-\r\n"
			      "if-range: \"old\"\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n";

static void expect_request(const char *head, uint64_t from, bool last, const char *wanted)
{
	struct http1_rest rest;
	char out[600];
	CU_ASSERT_FATAL(of(head, &rest));
	size_t len = http1_rest_request(&rest, from, last, request, sizeof(request) - 1, out,
					sizeof(out) - 1);
	out[len] = '\0';
	runner_expect_text("request", wanted, out);
	size_t room = len;
	CU_ASSERT(http1_rest_request(&rest, from, last, request, sizeof(request) - 1, out, room) ==
		  len);
	CU_ASSERT(http1_rest_request(&rest, from, last, request, sizeof(request) - 1, out,
				     room - 1) == 0);
	CU_ASSERT(len <= sizeof(request) - 1 + HTTP1_REST_MORE);
}

static void the_rest_is_asked_for_if_it_is_still_the_same(void)
{
	expect_request(OK LENGTH TAG END, 7, false,
		       "GET /f?x=1 HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nAccept: */*\r\n"
		       "Range: bytes=7-\r\nIf-Range: \"a-1\"\r\n\r\n");
	expect_request(OK LENGTH DATE OLD END, 7, true,
		       "GET /f?x=1 HTTP/1.1\r\nHost: h\r\nAccept: */*\r\nRange: bytes=7-\r\n"
		       "If-Range: Sun, 06 Nov 1994 08:48:37 GMT\r\nConnection: close\r\n\r\n");
}

static void a_range_of_the_programs_own_is_shifted(void)
{
	expect_request(PART LENGTH TAG "Content-Range: bytes 500-1499/5000\r\n" END, 600, false,
		       "GET /f?x=1 HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nAccept: */*\r\n"
		       "Range: bytes=600-1499\r\nIf-Range: \"a-1\"\r\n\r\n");
}

static void a_request_without_an_end_of_its_head_is_not_made_another(void)
{
	struct http1_rest rest;
	char out[600];
	CU_ASSERT_FATAL(of(OK LENGTH TAG END, &rest));
	for (size_t len = 0; len < sizeof(request) - 3; len++) {
		char *copy = malloc(len + 1);
		memcpy(copy, request, len);
		CU_ASSERT(http1_rest_request(&rest, 7, false, copy, len, out, sizeof(out)) == 0);
		free(copy);
	}
}

struct answer {
	const char *first; /* the head that the program has had, 300 bytes of whose body it has */
	const char *then;
	bool is_the_rest;
};

#define FROM  "Content-Range: bytes 300-999/1000\r\nContent-Length: 700\r\n"
#define PLAIN OK LENGTH TAG END
#define DATED OK LENGTH DATE OLD END
#define GZIP  OK LENGTH TAG "Content-Encoding: gzip\r\n" END

static void only_the_very_rest_of_the_same_bytes_will_do(void)
{
	static const struct answer answers[] = {
	    {PLAIN, PART FROM TAG END, true},
	    {PLAIN, PART FROM TAG "Content-Type: text/plain\r\nConnection: close\r\n" END, true},
	    {PLAIN, "HTTP/1.0 206 x\r\n" FROM TAG END, true},
	    {DATED, PART FROM OLD END, true},
	    {DATED, PART FROM DATE OLD END, true},
	    {GZIP, PART FROM TAG "Content-Encoding: gzip\r\n" END, true},
	    {PLAIN, OK LENGTH TAG END, false},
	    {PLAIN, OK FROM TAG END, false},
	    {PLAIN, "HTTP/1.1 416 x\r\nContent-Range: bytes */1000\r\nContent-Length: 700\r\n" END,
	     false},
	    {PLAIN, "HTTP/1.1 304 Not Modified\r\n" TAG END, false},
	    {PLAIN, PART FROM END, false},
	    {PLAIN, PART FROM "ETag: \"a-2\"\r\n" END, false},
	    {PLAIN, PART FROM "ETag: W/\"a-1\"\r\n" END, false},
	    {PLAIN, PART FROM "ETag: \"a-1\"x\r\n" END, false},
	    {PLAIN, PART FROM TAG TAG END, false},
	    {PLAIN, PART FROM OLD END, false},
	    {DATED, PART FROM END, false},
	    {DATED, PART FROM OLD TAG END, false},
	    {DATED, PART FROM "Last-Modified: Sun, 06 Nov 1994 08:48:38 GMT\r\n" END, false},
	    {PLAIN, PART FROM TAG "Content-Encoding: gzip\r\n" END, false},
	    {GZIP, PART FROM TAG END, false},
	    {GZIP, PART FROM TAG "Content-Encoding: br\r\n" END, false},
	    {PLAIN, PART "Content-Length: 700\r\n" TAG END, false},
	    {PLAIN, PART FROM "Content-Range: bytes 300-999/1000\r\n" TAG END, false},
	    {PLAIN, PART "Content-Range: bytes 300-999/*\r\nContent-Length: 700\r\n" TAG END,
	     false},
	    {PLAIN, PART "Content-Range: bytes 300-999/1001\r\nContent-Length: 700\r\n" TAG END,
	     false},
	    {PLAIN, PART "Content-Range: bytes 299-998/1000\r\nContent-Length: 700\r\n" TAG END,
	     false},
	    {PLAIN, PART "Content-Range: bytes 300-998/1000\r\nContent-Length: 699\r\n" TAG END,
	     false},
	    {PLAIN, PART "Content-Range: bytes 300-999/1000\r\nContent-Length: 699\r\n" TAG END,
	     false},
	    {PLAIN,
	     PART "Content-Range: bytes 300-999/1000\r\nTransfer-Encoding: chunked\r\n" TAG END,
	     false},
	    {PLAIN, PART "Content-Range: bytes 300-999/1000\r\n" TAG END, false},
	    {PLAIN, PART "Content-Type: multipart/byteranges; boundary=x\r\n" FROM TAG END, false},
	    {PLAIN, "HTTP/1.1 100 Continue\r\n\r\n", false},
	};
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct http1_rest rest;
		const char *then = answers[i].then;
		CU_ASSERT_FATAL(of(answers[i].first, &rest));
		if (!runner_expect_long("is the rest", answers[i].is_the_rest,
					http1_rest_is(&rest, 300, then, strlen(then))))
			printf("\n    %s", then);
	}
}

static void the_rest_of_a_body_in_chunks_tells_how_long_that_is(void)
{
	static const char *const others[] = {
	    PART "Content-Range: bytes 300-999/*\r\nContent-Length: 700\r\n" TAG END,
	    PART "Content-Range: bytes 300-998/1000\r\nContent-Length: 699\r\n" TAG END,
	    PART "Content-Range: bytes 300-999/1000\r\nContent-Length: 699\r\n" TAG END,
	    PART "Content-Range: bytes 301-999/1000\r\nContent-Length: 699\r\n" TAG END,
	    PART "Content-Range: bytes 300-999/1000\r\nTransfer-Encoding: chunked\r\n" TAG END,
	};
	static const char then[] = PART FROM TAG END;
	static const char later[] =
	    PART "Content-Range: bytes 300-1000/1001\r\nContent-Length: 701\r\n" TAG END;
	struct http1_rest rest;
	CU_ASSERT_FATAL(of(CHUNKED TAG END, &rest));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (http1_rest_is(&rest, 300, others[i], strlen(others[i])) || rest.end)
			CU_FAIL("is the rest");
	}
	CU_ASSERT(http1_rest_is(&rest, 300, then, sizeof(then) - 1));
	runner_expect_long("its end", 1000, (long)rest.end);
	runner_expect_long("in all", 1000, (long)rest.total);
	/* From then on it stays so. */
	CU_ASSERT(!http1_rest_is(&rest, 300, later, sizeof(later) - 1));
}

static void interim_heads_lie_before_the_one_that_counts(void)
{
	static const char hint[] = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
	static const char end[] = "HTTP/1.1 206 x\r\nA: b\r\n\r\n";
	char both[200];
	size_t len = (size_t)snprintf(both, sizeof(both), "%s%s%sbody", hint, hint, end);
	size_t before, all = len - 4;
	for (size_t i = 0; i < all; i++)
		CU_ASSERT(http1_rest_head(both, i, &before) == 0);
	runner_expect_long("head", sizeof(end) - 1, (long)http1_rest_head(both, len, &before));
	runner_expect_long("before it", 2 * (sizeof(hint) - 1), (long)before);
	/* 101 is the last word in HTTP/1.1. */
	static const char other[] = "HTTP/1.1 101 x\r\n\r\n";
	runner_expect_long("101", sizeof(other) - 1,
			   (long)http1_rest_head(other, sizeof(other) - 1, &before));
	runner_expect_long("before it", 0, (long)before);
}

void suite_rest(void)
{
	static const struct runner_test tests[] = {
	    TEST(what_has_a_length_and_a_strong_validator_can_be_gone_on_with),
	    TEST(what_has_not_is_left_alone),
	    TEST(a_tag_that_is_too_long_is_left_alone),
	    TEST(the_rest_is_asked_for_if_it_is_still_the_same),
	    TEST(a_range_of_the_programs_own_is_shifted),
	    TEST(a_request_without_an_end_of_its_head_is_not_made_another),
	    TEST(only_the_very_rest_of_the_same_bytes_will_do),
	    TEST(the_rest_of_a_body_in_chunks_tells_how_long_that_is),
	    TEST(interim_heads_lie_before_the_one_that_counts),
	    TEST_END};
	runner_suite("rest", tests);
}
