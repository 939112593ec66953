/* SPDX-License-Identifier: MIT */
/* redial report: log lines in all their forms, and times. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "entry.h"
#include "stamp.h"

#define T_2026 INT64_C(1767323045000) /* 2026-01-02T03:04:05Z */

/* A month later: the syslog form's "Jan  2" is of the same year, "Dec 31" of the one before. */
#define NOW (T_2026 + INT64_C(30) * 86400000)

static bool read_line(struct entry *entry, const char *line)
{
	static char copy[8192];

	snprintf(copy, sizeof(copy), "%s", line);
	return entry_read(entry, copy, NOW);
}

#define EVENT "event=refused reason=method host=api:80 request_id=\"a \\\"b\\\" \\\\c\""

static void every_form_of_a_line_is_read(void)
{
	static const struct {
		const char *line;
		int64_t time_ms; /* 0: none */
	} cases[] = {
	    {"2026-01-02T03:04:05.678Z redial[4711]: " EVENT, T_2026 + 678},
	    {"Jan  2 03:04:05 web-1 redial[4711]: " EVENT, T_2026},
	    {"Jan 02 03:04:05 web-1 redial[4711]: " EVENT, T_2026},
	    {"Jan 02 03:04:05.678901 web-1 redial[4711]: " EVENT, T_2026 + 678},
	    {"2026-01-02T04:04:05.678901+01:00 web-1 redial[4711]: " EVENT, T_2026 + 678},
	    {"2026-01-01T22:04:05-0500 web-1 redial[4711]: " EVENT, T_2026},
	    {"Fri 2026-01-02 03:04:05 UTC web-1 redial[4711]: " EVENT, T_2026},
	    {"1767323045.678901 web-1 redial[4711]: " EVENT, T_2026 + 678},
	    {"<13>Jan  2 03:04:05 redial[4711]: " EVENT, T_2026},
	    {"<13>Jan  2 03:04:05 web-1 redial[4711]: " EVENT, T_2026},
	    {"redial[4711]: " EVENT, 0},
	    {"redial: " EVENT, 0},
	    {EVENT, 0},
	    {"<13>1 2026-01-02T03:04:05.678Z web-1 redial 4711 refused [redial@32473 "
	     "event=\"refused\" reason=\"method\" host=\"api:80\" request_id=\"a \\\"b\\\" "
	     "\\\\c\"] " EVENT,
	     T_2026 + 678},
	    {"<13>1 2026-01-02T03:04:05Z - redial 4711 refused [a@1 b=\"c\"][redial@32473 "
	     "event=\"refused\" reason=\"method\" host=\"api:80\" request_id=\"a \\\"b\\\" "
	     "\\\\c\"][d@2]",
	     T_2026},
	    {"<13>1 2026-01-02T03:04:05Z web-1 redial 4711 refused - " EVENT, T_2026},
	    {"<13>1 - web-1 redial 4711 refused [redial@32473 event=\"refused\"] " EVENT, 0},
	    {"{\"__REALTIME_TIMESTAMP\" : \"1767323045678901\", \"_PID\":\"1\", \"N\":[1,{\"x\":\"]"
	     "\"}],\"Z\":null,\"SYSLOG_IDENTIFIER\":\"redial\",\"MESSAGE\":\"event=refused "
	     "reason=method host=api:80 "
	     "request_id=\\\"\\u0061 \\\\\\\"b\\\\\\\" \\\\\\\\c\\\"\"}",
	     T_2026 + 678},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct entry entry;

		runner_expect_long(cases[i].line, 1, read_line(&entry, cases[i].line));
		runner_expect_text(cases[i].line, "refused", entry.field[ENTRY_EVENT]);
		runner_expect_text(cases[i].line, "method", entry.field[ENTRY_REASON]);
		runner_expect_text(cases[i].line, "api:80", entry.field[ENTRY_HOST]);
		runner_expect_text(cases[i].line, "a \"b\" \\c", entry.field[ENTRY_REQUEST_ID]);
		runner_expect_text(cases[i].line, "", entry.field[ENTRY_CAUSE]);
		runner_expect_long(cases[i].line, cases[i].time_ms != 0, entry.timed);
		if (cases[i].time_ms)
			runner_expect_long(cases[i].line, cases[i].time_ms, entry.time_ms);
	}
}

static void lines_of_others_are_not(void)
{
	static const char *const lines[] = {
	    "",
	    " ",
	    "Jan  2 03:04:05 web-1 nginx[1]: GET /?q=redial[1]: event=refused",
	    "Jan  2 03:04:05 web-1 sshd[1]: redial[4711]: event=refused",
	    "web-1 redial[4711]: event=refused",
	    "Jan  2 03:04:05 web-1 redial[4711]: hello",
	    "Jan  2 03:04:05 web-1 redial[x]: event=refused",
	    "Jan  2 03:04:05 web-1 redial[]: event=refused",
	    "Jan  2 03:04:05 web-1 redialer[1]: event=refused",
	    "Jan 99 03:04:05",
	    "2026-13-02T03:04:05Z redial[1]: event=refused",
	    "2026-01-02T",
	    "2026-01-02T03:04:05+",
	    "<13>1 2026-01-02T03:04:05Z web-1 nginx 4711 - - event=refused",
	    "<13>1 2026-01-02T03:04:05Z web-1 redial 4711 - - hello",
	    "<13>1 2026-01-02T03:04:05Z web-1 redial 4711 - [redial@32473",
	    "<13>1 2026-01-02T03:04:05Z web-1 redial 4711 - [other@1 event=\"refused\"]",
	    "<13>1 ",
	    "<13>1",
	    "<",
	    "<13",
	    "<13>",
	    "<1234>redial[1]: event=refused",
	    "{\"MESSAGE\":\"event=refused\",\"SYSLOG_IDENTIFIER\":\"nginx\"}",
	    "{\"MESSAGE\":\"event=refused\"}",
	    "{\"SYSLOG_IDENTIFIER\":\"redial\",\"MESSAGE\":\"cut o",
	    "{\"SYSLOG_IDENTIFIER\":\"redial\",\"MESSAGE\":\"\\u00\"}",
	    "{\"SYSLOG_IDENTIFIER\":\"redial\",\"MESSAGE\":[1,2]}",
	    "{",
	    "{}",
	    "{\"a\":",
	    "{\"a\"",
	};
	struct entry entry;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		runner_expect_long(lines[i], 0, read_line(&entry, lines[i]));
}

static void a_value_cannot_bring_a_field_nor_steer_a_terminal(void)
{
	struct entry entry;

	CU_ASSERT(read_line(&entry, "event=refused host=\"x reason=y\" reason=method host=z"));
	runner_expect_text("host", "x reason=y", entry.field[ENTRY_HOST]);
	runner_expect_text("reason", "method", entry.field[ENTRY_REASON]);
	CU_ASSERT(read_line(&entry, "event=refused host=\033[2J\xc3\xa9\t path=\"\\x1b\""));
	runner_expect_text("host", "?[2J???", entry.field[ENTRY_HOST]);
	CU_ASSERT(read_line(&entry, "event=refused host=\"a\\x1b\\\\x1b"));
	runner_expect_text("a quotation without its end", "", entry.field[ENTRY_HOST]);
	CU_ASSERT(read_line(&entry, "event=refused host=\"a\\x1b\""));
	runner_expect_text("\\x", "a\\x1b", entry.field[ENTRY_HOST]);
}

static void numbers_are_whole_or_nothing(void)
{
	static const struct {
		const char *line;
		long number;
	} cases[] = {{"event=outcome elapsed_ms=1234", 1234},
		     {"event=outcome elapsed_ms=12x", 0},
		     {"event=outcome elapsed_ms=-1", 0},
		     {"event=outcome", 0},
		     {"event=outcome elapsed_ms=1234567890123456789", 0}};
	struct entry entry;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT(read_line(&entry, cases[i].line));
		runner_expect_long(cases[i].line, cases[i].number,
				   (long)entry_number(&entry, ENTRY_ELAPSED));
	}
}

static void the_year_that_a_line_lacks_is_the_last_one_possible(void)
{
	const char *december = "Dec 31 23:59:59 ", *january = "Jan  2 03:04:05 ",
		   *february = "Feb  1 03:04:05 ", *march = "Mar  1 00:00:00 ";
	int64_t ms = 0;

	CU_ASSERT(stamp_read(&december, NOW, &ms));
	runner_expect_long("December", T_2026 - 97446000, ms);
	CU_ASSERT(stamp_read(&january, NOW, &ms));
	runner_expect_long("January", T_2026, ms);
	CU_ASSERT(stamp_read(&february, NOW, &ms));
	runner_expect_long("today", NOW, ms);
	CU_ASSERT(stamp_read(&march, NOW, &ms));
	runner_expect_long("March", INT64_C(1740787200000), ms); /* 2025-03-01T00:00:00Z */
}

static void limits_are_read_as_people_write_them(void)
{
	static const struct {
		const char *text;
		int64_t ms; /* 0: wrong */
	} cases[] = {{"2026-01-02", INT64_C(1767312000000)},
		     {"2026-01-02T03:04", T_2026 - 5000},
		     {"2026-01-02 03:04", T_2026 - 5000},
		     {"2026-01-02T03:04Z", T_2026 - 5000},
		     {"2026-01-02T04:04+01:00", T_2026 - 5000},
		     {"2026-01-02T03:04:05", T_2026},
		     {"2026-01-02T03:04:05.5Z", T_2026 + 500},
		     {"90s", NOW - 90000},
		     {"30m", NOW - 1800000},
		     {"2h", NOW - 7200000},
		     {"7d", NOW - INT64_C(604800000)},
		     {"0s", NOW},
		     {"", 0},
		     {"2h30m", 0},
		     {"h", 0},
		     {"-2h", 0},
		     {"yesterday", 0},
		     {"2026-01-02T", 0},
		     {"2026-01-02T03:04:05x", 0},
		     {"9999999999s", 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms = 0;
		bool good = stamp_parse_limit(cases[i].text, NOW, &ms);

		runner_expect_long(cases[i].text, cases[i].ms != 0, good);
		if (good)
			runner_expect_long(cases[i].text, cases[i].ms, ms);
	}
}

/* Whatever the bytes: nothing is read past the end (the sanitizers and valgrind would tell). */
static void any_bytes_are_survived(void)
{
	static const char *const seeds[] = {
	    "2026-01-02T03:04:05.678Z redial[4711]: " EVENT,
	    "<13>1 2026-01-02T03:04:05Z web-1 redial 4711 refused [redial@32473 "
	    "event=\"refused\" host=\"a\\]\\\"\\\\\"] " EVENT,
	    "{\"SYSLOG_IDENTIFIER\":\"redial\",\"__REALTIME_TIMESTAMP\":\"1\",\"N\":[1,{}],"
	    "\"MESSAGE\":\"event=refused \\u0061\\n\"}",
	    "Fri 2026-01-02 03:04:05 UTC web-1 redial[4711]: " EVENT};
	unsigned state = 1;

	for (int i = 0; i < 40000; i++) {
		const char *seed = seeds[i % 4];
		size_t len = strlen(seed);
		char *text = malloc(len + 1);
		struct entry entry;

		memcpy(text, seed, len + 1);
		for (int j = 0; j < 3; j++) {
			state = state * 1103515245 + 12345;
			text[state / 65536 % len] = "\"\\]= []{}:,\0x1\xff"[state / 16 % 14];
		}
		entry_read(&entry, text, NOW);
		for (int field = 0; field < ENTRY_FIELD_COUNT; field++)
			CU_ASSERT(strlen(entry.field[field]) <= len);
		free(text);
	}
}

void suite_report(void)
{
	static const struct runner_test tests[] = {
	    TEST(every_form_of_a_line_is_read),
	    TEST(lines_of_others_are_not),
	    TEST(a_value_cannot_bring_a_field_nor_steer_a_terminal),
	    TEST(numbers_are_whole_or_nothing),
	    TEST(the_year_that_a_line_lacks_is_the_last_one_possible),
	    TEST(limits_are_read_as_people_write_them),
	    TEST(any_bytes_are_survived),
	    TEST_END};

	setenv("TZ", "UTC", 1);
	tzset();
	runner_suite("report", tests);
}
