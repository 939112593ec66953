/* SPDX-License-Identifier: MIT */
/* A body in chunks that goes on from elsewhere: how much of it was read, and what frames the rest.
 */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../preload/http1/chunks.h"

#define HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define DATA "onetwo2threethreethreethree"

enum { WHOLE = sizeof(DATA) - 1 };

/* Its frames are marked by where a cut can be mended: '+' there, '-' not. */
static const char body[] = "3\r\none\r\n"
			   "4 ;a=b\r\ntwo2\r\n"
			   "014\r\nthreethreethreethree\r\n"
			   "0\r\nA: b\r\n\r\n";
static const char may[] = "+--+++++"
			  "+-------++++++"
			  "+----++++++++++++++++++++++"
			  "+----------";

/* The response and its data, up to that place of the body. In pieces of `step` bytes. */
static uint64_t read_upto(struct http1 *response, size_t place, size_t step)
{
	char all[sizeof(HEAD) + sizeof(body)];
	size_t len = sizeof(HEAD) - 1 + place;
	uint64_t data = 0;
	memcpy(all, HEAD, sizeof(HEAD) - 1);
	memcpy(all + sizeof(HEAD) - 1, body, place);
	http1_response(response, METHOD_GET);
	for (size_t at = 0; at < len; at += step) {
		size_t piece = len - at < step ? len - at : step;
		char *own = malloc(piece);
		memcpy(own, all + at, piece);
		CU_ASSERT(http1_count_data(response, own, piece, &data));
		free(own);
	}
	return data;
}

/* All that the reader gets, in pieces of `step` bytes. Returns its length. */
static size_t play(struct http1_chunks *chunks, const char *data, size_t step, char *out)
{
	size_t len = 0;
	for (;;) {
		const char *text;
		size_t left = http1_chunks_text(chunks, &text);
		bool is_text = left;
		if (!left)
			left = (size_t)http1_chunks_data(chunks);
		if (!left)
			return len;
		left = left < step ? left : step;
		memcpy(out + len, is_text ? text : data, left);
		data += is_text ? 0 : left;
		len += left;
		http1_chunks_given(chunks, left);
	}
}

static void expect_bytes(const char *what, const char *wanted, char *got, size_t len)
{
	got[len] = 0;
	runner_expect_text(what, wanted, got);
}

static void data_is_counted_wherever_it_is_cut(void)
{
	static const char *const upto[] = {"3\r\n", "one", "\r\n4 ;a=b\r\n", "two2", "\r\n014\r\n"};
	static const uint64_t counts[] = {0, 3, 3, 7, 7};
	size_t place = 0;
	for (size_t i = 0; i < sizeof(upto) / sizeof(upto[0]); i++) {
		place += strlen(upto[i]);
		for (size_t step = 1; step < 100; step++) {
			struct http1 response;
			runner_expect_long("data", (long)counts[i],
					   (long)read_upto(&response, place, step));
		}
	}
}

static void the_frames_of_the_rest_make_the_message_whole(void)
{
	char out[200];
	runner_expect_long("a mark for each place", sizeof(body) - 1, sizeof(may) - 1);
	for (size_t place = 0; place < sizeof(body) - 1; place++) {
		for (size_t step = 1; step < 30; step++) {
			struct http1 response;
			struct http1_chunks chunks;
			size_t had = (size_t)read_upto(&response, place, 1000), used;
			bool can = may[place] == '+';
			runner_expect_long("may", can, http1_chunks_may(&response));
			bool planned = http1_chunks_plan(&response, WHOLE - had, &chunks);
			if (!runner_expect_long("planned", can && had < WHOLE, planned))
				printf("\n    at %zu", place);
			if (!planned)
				continue;
			size_t len = play(&chunks, &DATA[had], step, out);
			uint64_t data = 0;
			struct http1 copy = response;
			CU_ASSERT(http1_count_data(&copy, out, len, &data));
			runner_expect_long("data", (long)(WHOLE - had), (long)data);
			runner_expect_long("whole", HTTP1_DONE,
					   http1_feed(&response, out, len, &used));
			runner_expect_long("to its last byte", (long)len, (long)used);
		}
	}
}

static void a_rest_that_is_longer_or_shorter_than_it_was_to_be(void)
{
	char out[200];
	struct http1 response;
	struct http1_chunks chunks;
	/* Two of four bytes of a chunk are to come. */
	read_upto(&response, sizeof("3\r\none\r\n4 ;a=b\r\ntw") - 1, 1000);
	CU_ASSERT(!http1_chunks_plan(&response, 0, &chunks));
	CU_ASSERT(!http1_chunks_plan(&response, 1, &chunks));
	CU_ASSERT(!http1_chunks_plan(&response, UINT64_MAX, &chunks));
	CU_ASSERT(http1_chunks_plan(&response, 2, &chunks));
	size_t len = play(&chunks, "o2", 100, out);
	expect_bytes("no chunk more", "o2\r\n0\r\n\r\n", out, len);
	CU_ASSERT(http1_chunks_plan(&response, 19, &chunks));
	len = play(&chunks, "o2and more of it...", 100, out);
	expect_bytes("one more", "o2\r\n11\r\nand more of it...\r\n0\r\n\r\n", out, len);
	read_upto(&response, 0, 1000);
	CU_ASSERT(http1_chunks_plan(&response, INT64_MAX, &chunks));
	const char *text;
	len = http1_chunks_text(&chunks, &text);
	memcpy(out, text, len);
	expect_bytes("the largest", "7fffffffffffffff\r\n", out, len);
}

static void what_is_not_in_chunks_has_none(void)
{
	static const char plain[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
	struct http1 response;
	struct http1_chunks chunks;
	uint64_t data = 0;
	http1_response(&response, METHOD_GET);
	CU_ASSERT(!http1_is_chunked(&response));
	CU_ASSERT(http1_count_data(&response, plain, sizeof(plain) - 1, &data));
	CU_ASSERT(!http1_is_chunked(&response));
	CU_ASSERT(!http1_chunks_plan(&response, 6, &chunks));
	runner_expect_long("data of chunks", 0, (long)data);
}

void suite_chunks(void)
{
	static const struct runner_test tests[] = {
	    TEST(data_is_counted_wherever_it_is_cut),
	    TEST(the_frames_of_the_rest_make_the_message_whole),
	    TEST(a_rest_that_is_longer_or_shorter_than_it_was_to_be),
	    TEST(what_is_not_in_chunks_has_none), TEST_END};
	runner_suite("chunks", tests);
}
