/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

/* The library's own copies, under names that do not stand in for the test program's. */
#define memcpy	our_memcpy
#define memmove our_memmove
#define memset	our_memset
#define memcmp	our_memcmp
#include "../../preload/os/mem.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

enum { LEN_MAX = 300, MARGIN = 32, ROOM = LEN_MAX + 2 * MARGIN };

static unsigned char from[ROOM];
static unsigned char to[ROOM];
static unsigned char expected[ROOM];

static void fill(void)
{
	for (int i = 0; i < ROOM; i++) {
		from[i] = (unsigned char)(i * 7 + 1);
		to[i] = expected[i] = (unsigned char)(255 - i);
	}
}

static void memcpy_copies_every_length_and_nothing_beside_it(void)
{
	int wrong = 0;

	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (size_t shift = 0; shift < 3; shift++) {
			fill();
			memcpy(expected + MARGIN, from + shift, len);
			our_memcpy(to + MARGIN, from + shift, len);
			wrong += memcmp(to, expected, ROOM) != 0;
		}
	}
	runner_expect_long("wrong copies", 0, wrong);
}

static void memmove_survives_any_overlap(void)
{
	int wrong = 0;

	for (size_t len = 0; len <= LEN_MAX; len += 3) {
		for (int shift = -20; shift <= 20; shift++) {
			fill();
			memmove(expected + MARGIN + shift, expected + MARGIN, len);
			our_memmove(to + MARGIN + shift, to + MARGIN, len);
			wrong += memcmp(to, expected, ROOM) != 0;
		}
	}
	runner_expect_long("wrong moves", 0, wrong);
}

static void memset_sets_every_length_and_nothing_beside_it(void)
{
	int wrong = 0;

	for (size_t len = 0; len <= LEN_MAX; len++) {
		fill();
		memset(expected + MARGIN, 0xa5, len);
		our_memset(to + MARGIN, 0xa5, len);
		wrong += memcmp(to, expected, ROOM) != 0;
	}
	runner_expect_long("wrong fills", 0, wrong);
}

static void memcmp_orders_by_the_first_difference(void)
{
	runner_expect_long("same", 0, our_memcmp("abc", "abc", 3));
	runner_expect_long("nothing", 0, our_memcmp("a", "b", 0));
	CU_ASSERT(our_memcmp("abc", "abd", 3) < 0);
	CU_ASSERT(our_memcmp("\xff", "\x01", 1) > 0);
}

static void texts_are_compared_and_split(void)
{
	runner_expect_long("len", 3, (long)text_len("abc", 10));
	runner_expect_long("len, bounded", 2, (long)text_len("abc", 2));
	runner_expect_long("equal", 1, text_equal("1", "1"));
	runner_expect_long("longer", 0, text_equal("1", "10"));
	runner_expect_text("after", "=x", text_after("NAME=x", "NAME"));
	CU_ASSERT_PTR_NULL(text_after("NAM", "NAME"));
}

void suite_mem(void)
{
	static const struct runner_test tests[] = {
	    TEST(memcpy_copies_every_length_and_nothing_beside_it),
	    TEST(memmove_survives_any_overlap),
	    TEST(memset_sets_every_length_and_nothing_beside_it),
	    TEST(memcmp_orders_by_the_first_difference),
	    TEST(texts_are_compared_and_split),
	    TEST_END};

	runner_suite("mem", tests);
}
