/* SPDX-License-Identifier: MIT */
/* What is noted of the options that a program sets. */
#include "unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include "../../preload/os/arena.h"
#include "../../preload/wire/notes.h"

static struct wire_notes notes;

static struct wire_note note_of(int level, int name, const void *value, size_t len)
{
	struct wire_note note = {.len = (uint8_t)len};
	int option = wire_option_find(level, name, false);
	CU_ASSERT_FATAL(option >= 0);
	note.option = (uint8_t)option;
	memcpy(note.value, value, len);
	return note;
}

static void add(int level, int name, const void *value, size_t len)
{
	struct wire_note note = note_of(level, name, value, len);
	CU_ASSERT(wire_notes_add(&notes, &note));
}

static void add_int(int level, int name, int value)
{
	add(level, name, &value, sizeof(value));
}

/* The note at that place is this one. */
static void expect(const char *what, int place, struct wire_note expected)
{
	struct wire_note note = {0};
	size_t at = 0;
	bool there = true;
	for (int i = 0; i <= place && there; i++)
		there = wire_notes_next(&notes, &at, &note);
	runner_expect_long(what, true, there);
	runner_expect_long(what, expected.option, note.option);
	runner_expect_long(what, expected.len, note.len);
	runner_expect_long(what, 0, memcmp(expected.value, note.value, sizeof(note.value)));
}

static void expect_count(const char *what, int expected)
{
	struct wire_note note;
	int count = 0;
	for (size_t at = 0; wire_notes_next(&notes, &at, &note);)
		count++;
	runner_expect_long(what, expected, count);
}

static void begin(void)
{
	CU_ASSERT_FATAL(arena_ready());
	wire_notes_drop(&notes);
	memset(&notes, 0, sizeof(notes));
}

static void values_of_every_length_come_back_as_they_were(void)
{
	static const int ints[] = {0,	  1,	  2,	   0xbf, 0xc0,	      0xff,	 256,
				   65536, 999999, 1 << 30, -1,	 -2147483647, 0x10000000};
	static const size_t lens[] = {0, 1, 4, 8, 16};
	char bytes[WIRE_VALUE_MAX];
	for (size_t i = 0; i < sizeof(ints) / sizeof(ints[0]); i++) {
		begin();
		add_int(IPPROTO_TCP, TCP_NODELAY, ints[i]);
		add_int(IPPROTO_IPV6, IPV6_UNICAST_HOPS, ints[i]); /* a place past the first */
		expect("int", 0, note_of(IPPROTO_TCP, TCP_NODELAY, &ints[i], 4));
		expect("int", 1, note_of(IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ints[i], 4));
		expect_count("ints", 2);
	}
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		for (size_t zeros = 0; zeros <= lens[i]; zeros++) {
			begin();
			memset(bytes, 0, sizeof(bytes));
			memset(bytes, 0xa5, lens[i] - zeros);
			add(SOL_SOCKET, SO_RCVTIMEO, bytes, lens[i]);
			expect("bytes", 0, note_of(SOL_SOCKET, SO_RCVTIMEO, bytes, lens[i]));
			expect_count("bytes", 1);
		}
	}
	begin();
	memset(bytes, 0xff, sizeof(bytes));
	add(IPPROTO_IPV6, IPV6_PKTINFO, bytes, sizeof(bytes));
	expect("longest", 0, note_of(IPPROTO_IPV6, IPV6_PKTINFO, bytes, sizeof(bytes)));
}

static void latest_value_counts_and_comes_last(void)
{
	begin();
	add_int(SOL_SOCKET, SO_PRIORITY, 5);
	add_int(IPPROTO_IP, IP_TOS, 16);
	add_int(SOL_SOCKET, SO_PRIORITY, 3);
	expect_count("of two", 2);
	expect("first", 0, note_of(IPPROTO_IP, IP_TOS, &(int){16}, 4));
	expect("last", 1, note_of(SOL_SOCKET, SO_PRIORITY, &(int){3}, 4));
	runner_expect_long("TOS", true,
			   wire_notes_have(&notes, wire_option_find(0, IP_TOS, false)));
	runner_expect_long("TTL", false,
			   wire_notes_have(&notes, wire_option_find(0, IP_TTL, false)));
}

/* What libraries set by themselves, and a limit of whole seconds each way. */
static void common_options_take_no_memory(void)
{
	const struct timeval limit = {30, 0};
	begin();
	add_int(IPPROTO_TCP, TCP_NODELAY, 1);
	add_int(SOL_SOCKET, SO_KEEPALIVE, 1);
	add_int(IPPROTO_TCP, TCP_KEEPIDLE, 60);
	add_int(IPPROTO_TCP, TCP_KEEPINTVL, 60);
	add_int(IPPROTO_TCP, TCP_KEEPCNT, 9);
	expect_count("keep-alive", 5);
	CU_ASSERT(notes.len <= WIRE_NOTES_FEW);
	begin();
	add_int(IPPROTO_TCP, TCP_NODELAY, 1);
	add(SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	add(SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	expect("limit", 2, note_of(SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)));
	CU_ASSERT(notes.len <= WIRE_NOTES_FEW);
}

/* Each option there is, the longest value: more than this no program can set. */
static void all_options_at_once_are_kept(void)
{
	struct wire_note note;
	size_t at = 0;
	begin();
	for (int again = 0; again < 2; again++) {
		for (int i = 0; i < wire_option_count; i++) {
			memset(&note, 0, sizeof(note));
			note.option = (uint8_t)i;
			note.len = wire_options[i].len;
			memset(note.value, 0x55 + i % 2, note.len);
			CU_ASSERT(wire_notes_add(&notes, &note));
		}
	}
	expect_count("all", wire_option_count);
	for (int i = 0; i < wire_option_count && wire_notes_next(&notes, &at, &note); i++) {
		runner_expect_long("place", i, note.option);
		runner_expect_long("value", 0x55 + i % 2, note.value[note.len - 1]);
	}
	wire_notes_drop(&notes);
	expect_count("none", 0);
}

static void options_are_told_apart_by_when_they_were_set(void)
{
	int before = wire_option_find(IPPROTO_TCP, TCP_MAXSEG, false);
	int after = wire_option_find(IPPROTO_TCP, TCP_MAXSEG, true);
	runner_expect_long("another place", before + 1, after);
	runner_expect_long("the same option", wire_options[before].name, wire_options[after].name);
	runner_expect_long("can wait", WIRE_LATE, wire_options[after].traits & WIRE_LATE);
	runner_expect_long("cannot", 0, wire_options[before].traits & WIRE_LATE);
	runner_expect_long("others", wire_option_find(IPPROTO_IP, IP_TTL, false),
			   wire_option_find(IPPROTO_IP, IP_TTL, true));
}

static void each_option_is_listed_once(void)
{
	for (int i = 0; i < wire_option_count; i++) {
		const struct wire_option *option = &wire_options[i];
		int place = wire_option_find(option->level, option->name, false);
		bool second = i && wire_options[i - 1].traits & WIRE_TWOFOLD;
		runner_expect_long("place", second ? i - 1 : i, place);
		CU_ASSERT(option->len <= WIRE_VALUE_MAX);
	}
	CU_ASSERT(wire_option_count <= WIRE_OPTIONS_MAX);
}

static void unknown_options_have_no_place(void)
{
	static const int unknown[][2] = {{SOL_SOCKET, SO_ATTACH_FILTER},
					 {SOL_SOCKET, SO_PEEK_OFF},
					 {IPPROTO_IP, IP_OPTIONS},
					 {IPPROTO_TCP, TCP_ULP},
					 {IPPROTO_TCP, TCP_MD5SIG},
					 {IPPROTO_TCP, TCP_REPAIR},
					 {IPPROTO_TCP, 257},
					 {282, 1}};
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		runner_expect_long("place", -1,
				   wire_option_find(unknown[i][0], unknown[i][1], false));
}

static void no_more_of_a_value_is_read_than_the_kernel_does(void)
{
	static const struct {
		int level;
		int name;
		const char *value;
		socklen_t given;
		size_t read;
	} rows[] = {
	    {IPPROTO_TCP, TCP_NODELAY, "....", 4, 4},
	    {IPPROTO_TCP, TCP_NODELAY, "....", 100, 4},
	    {IPPROTO_IP, IP_TOS, ".", 1, 1},
	    {IPPROTO_IP, IP_TOS, ".", 3, 1},
	    {IPPROTO_IP, IP_TOS, NULL, 0, 0},
	    {IPPROTO_IPV6, IPV6_DONTFRAG, NULL, 3, 0},
	    {SOL_SOCKET, SO_LINGER, "........", 20, 8},
	    {SOL_SOCKET, SO_TIMESTAMPING, "........", 8, 8},
	    {SOL_SOCKET, SO_TIMESTAMPING, "....", 16, 4},
	    {SOL_SOCKET, SO_MAX_PACING_RATE, "....", 4, 4},
	    {SOL_SOCKET, SO_MAX_PACING_RATE, "........", 8, 8},
	    {SOL_SOCKET, SO_BINDTODEVICE, "lo", 3, 2},
	    {SOL_SOCKET, SO_BINDTODEVICE, "lo", 1, 1},
	    {SOL_SOCKET, SO_BINDTODEVICE, "a_name_that_is_too_long", 24, 15},
	    {IPPROTO_TCP, TCP_CONGESTION, "reno", 4096, 4},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int option = wire_option_find(rows[i].level, rows[i].name, false);
		CU_ASSERT_FATAL(option >= 0);
		runner_expect_long("row", (long)rows[i].read,
				   (long)wire_option_len(option, rows[i].value, rows[i].given));
	}
}

void suite_notes(void)
{
	static const struct runner_test tests[] = {
	    TEST(values_of_every_length_come_back_as_they_were),
	    TEST(latest_value_counts_and_comes_last),
	    TEST(common_options_take_no_memory),
	    TEST(all_options_at_once_are_kept),
	    TEST(options_are_told_apart_by_when_they_were_set),
	    TEST(each_option_is_listed_once),
	    TEST(unknown_options_have_no_place),
	    TEST(no_more_of_a_value_is_read_than_the_kernel_does),
	    TEST_END};

	runner_suite("notes", tests);
}
