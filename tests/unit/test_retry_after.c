/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../preload/http1/retry_after.h"

enum { NOW = 784111777 }; /* Sun, 06 Nov 1994 08:49:37 GMT */

struct row {
	const char *fields;
	uint32_t ms;
};

static void expect_rows(const struct row *rows, size_t count, int64_t now_s)
{
	for (size_t i = 0; i < count; i++) {
		char head[400];
		int len =
		    snprintf(head, sizeof(head), "HTTP/1.1 503 Busy\r\n%s\r\n\r\n", rows[i].fields);
		uint32_t ms = retry_after_ms(head, (size_t)len, now_s, &policy_builtin, 0);
		if (!runner_expect_long("milliseconds", rows[i].ms, ms))
			printf("\n    %s", rows[i].fields);
	}
}

#define EXPECT_ROWS(rows, now_s) expect_rows(rows, sizeof(rows) / sizeof(rows[0]), now_s)

static void seconds_are_taken_as_they_are(void)
{
	static const struct row rows[] = {
	    {"Retry-After: 0", 0},
	    {"Retry-After: 1", 1000},
	    {"retry-after:120", 120000},
	    {"RETRY-AFTER: \t 007 ", 7000},
	    {"X-Retry-After: 9\r\nRetry-After: 2", 2000},
	    {"Retry-After: 4294967", 4294967000u},
	    {"Retry-After: 1.5", 1500},
	    {"Retry-After: 1.0", 1000},
	    {"Retry-After: 0.0001", 1},
	    {"Retry-After: 3600.25", 3600250},
	    {"Retry-After: 2\r\nRetry-After: 2", 2000},
	};
	EXPECT_ROWS(rows, NOW);
}

static void huge_numbers_are_longer_than_any_cap(void)
{
	static const struct row rows[] = {
	    {"Retry-After: 4294968", UINT32_MAX},
	    {"Retry-After: 2147483647", UINT32_MAX},
	    {"Retry-After: 2147483648", UINT32_MAX},
	    {"Retry-After: 99999999999", UINT32_MAX},
	    {"Retry-After: 18446744073709551616", UINT32_MAX},
	    {"Retry-After: 340282366920938463463374607431768211456340282366920938463", UINT32_MAX},
	    {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", UINT32_MAX},
	};
	EXPECT_ROWS(rows, NOW);
}

static void what_is_not_understood_is_no_leave_to_go_on(void)
{
	static const struct row rows[] = {
	    {"Server: x", 0},
	    {"Retry-After:", 0},
	    {"Retry-After: soon", UINT32_MAX},
	    {"Retry-After: -5", UINT32_MAX},
	    {"Retry-After: +5", UINT32_MAX},
	    {"Retry-After: 5s", UINT32_MAX},
	    {"Retry-After: 5, 6", UINT32_MAX},
	    {"Retry-After: 1.", UINT32_MAX},
	    {"Retry-After: 1.5s", UINT32_MAX},
	    {"Retry-After: 1\r\nRetry-After: 2", UINT32_MAX},
	    {"Retry-After: 0\r\nServer: x\r\nRetry-After: 1", UINT32_MAX},
	    {"Retry-After: 0x10", UINT32_MAX},
	    {"Retry-After: 99999999999s", UINT32_MAX},
	    {"Retry-After: ,", UINT32_MAX},
	    {"Retry-After: Sun, 06 Nov 1994 08:49:47", UINT32_MAX},
	    {"Retry-After: Sun, 06 Nov 1994 08:49:47 UTC", UINT32_MAX},
	    {"Retry-After: Sun, 6 Nov 1994 08:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 06 Nov 94 08:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 06 nov 1994 08:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 06 Nov 1994 24:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 06 Nov 1994 08:60:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 00 Nov 1994 09:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 32 Nov 1994 09:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 30 Feb 1995 08:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 31 Nov 1994 08:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Wed, 29 Feb 1995 08:49:47 GMT", UINT32_MAX},
	    {"Retry-After: Sun, 06 Nov 1994 08:49:47 GMT x", UINT32_MAX},
	    {"Retry-After: Sun Nov 06 08:49:47 1994 GMT", UINT32_MAX},
	    {"Retry-After: Sun,", UINT32_MAX},
	};
	EXPECT_ROWS(rows, NOW);
}

static void dates_come_in_three_forms(void)
{
	static const struct row rows[] = {
	    {"Retry-After: Sun, 06 Nov 1994 08:49:47 GMT", 10000},
	    {"Retry-After: Sunday, 06-Nov-94 08:49:47 GMT", 10000},
	    {"Retry-After: Sun Nov  6 08:49:47 1994", 10000},
	    {"Retry-After: Mon Nov 14 08:49:37 1994", 691200000},
	    {"Retry-After: Sun, 06 Nov 1994 09:00:00 GMT", 623000},
	    /* in the past, now, long ago */
	    {"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT", 0},
	    {"Retry-After: Sun, 06 Nov 1994 08:49:36 GMT", 0},
	    {"Retry-After: Thu, 01 Jan 1970 00:00:00 GMT", 0},
	    {"Retry-After: Mon, 01 Jan 0001 00:00:00 GMT", 0},
	};
	EXPECT_ROWS(rows, NOW);
}

static void dates_count_from_the_servers_own(void)
{
	static const struct row rows[] = {
	    {"Date: Tue, 15 Nov 2033 08:12:31 GMT\r\nRetry-After: Tue, 15 Nov 2033 08:12:33 GMT",
	     2000},
	    {"Retry-After: Tue, 15 Nov 1988 08:12:33 GMT\r\nDate: Tue, 15 Nov 1988 08:12:31 GMT",
	     2000},
	    {"Date: Tue, 15 Nov 2033 08:12:34 GMT\r\nRetry-After: Tue, 15 Nov 2033 08:12:33 GMT",
	     0},
	    {"Date: junk\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT", 1000},
	    /* seconds need no date */
	    {"Date: Tue, 15 Nov 2033 08:12:34 GMT\r\nRetry-After: 3", 3000},
	};
	EXPECT_ROWS(rows, NOW);
}

static void years_leap_as_the_calendar_has_it(void)
{
	static const struct row rows[] = {
	    {"Date: Tue, 28 Feb 2023 23:59:59 GMT\r\nRetry-After: Wed, 01 Mar 2023 00:00:00 GMT",
	     1000},
	    {"Date: Wed, 28 Feb 2024 23:59:59 GMT\r\nRetry-After: Fri, 01 Mar 2024 00:00:00 GMT",
	     86401000},
	    {"Date: Thu, 29 Feb 2024 23:59:59 GMT\r\nRetry-After: Fri, 01 Mar 2024 00:00:00 GMT",
	     1000},
	    {"Date: Mon, 28 Feb 2000 00:00:00 GMT\r\nRetry-After: Wed, 01 Mar 2000 00:00:00 GMT",
	     172800000},
	    {"Date: Sun, 28 Feb 2100 00:00:00 GMT\r\nRetry-After: Mon, 01 Mar 2100 00:00:00 GMT",
	     86400000},
	    {"Date: Sun, 31 Dec 2023 23:59:58 GMT\r\nRetry-After: Mon, 01 Jan 2024 00:00:01 GMT",
	     3000},
	    {"Date: Fri, 31 Dec 1999 23:59:59 GMT\r\nRetry-After: Sat, 01 Jan 2000 00:00:00 GMT",
	     1000},
	    /* a leap second is the first of the next minute */
	    {"Date: Sat, 31 Dec 2016 23:59:60 GMT\r\nRetry-After: Sun, 01 Jan 2017 00:00:01 GMT",
	     1000},
	};
	EXPECT_ROWS(rows, NOW);
}

/* RFC 9110 section 5.6.7: what seems more than 50 years ahead is of the century before. */
static void short_years_are_near(void)
{
	static const struct row in_1994[] = {
	    {"Retry-After: Sunday, 06-Nov-94 08:49:38 GMT", 1000},
	    {"Retry-After: Sunday, 06-Nov-45 08:49:38 GMT", 0},
	    {"Retry-After: Sunday, 06-Nov-93 08:49:38 GMT", 0},
	    {"Retry-After: Monday, 01-Jan-01 00:00:00 GMT", UINT32_MAX},
	};
	static const struct row in_2026[] = {
	    {"Retry-After: Thursday, 01-Jan-26 00:00:05 GMT", 5000},
	    {"Retry-After: Thursday, 01-Jan-99 00:00:05 GMT", 0},
	    {"Retry-After: Thursday, 01-Jan-70 00:00:05 GMT", UINT32_MAX},
	};
	EXPECT_ROWS(in_1994, NOW);
	EXPECT_ROWS(in_2026, 1767225600);
}

/* Any cut of a head is either whole or asks for nothing; and nothing is read past its end. */
static void cut_heads_are_not_read_past(void)
{
	static const char head[] =
	    "HTTP/1.1 503 X\r\nRetry-After: Sun, 06 Nov 1994 08:49:47 GMT\r\n"
	    "Date: Sun, 06 Nov 1994 08:49:40 GMT\r\n\r\n";
	for (size_t len = 0; len < sizeof(head); len++) {
		char *copy = strndup(head, len);
		uint32_t ms = retry_after_ms(copy, strlen(copy), NOW, &policy_builtin, 0);
		CU_ASSERT(ms == 0 || ms == 10000 || ms == 7000 || ms == UINT32_MAX);
		free(copy);
	}
}

void suite_retry_after(void)
{
	static const struct runner_test tests[] = {
	    TEST(seconds_are_taken_as_they_are),
	    TEST(huge_numbers_are_longer_than_any_cap),
	    TEST(what_is_not_understood_is_no_leave_to_go_on),
	    TEST(dates_come_in_three_forms),
	    TEST(dates_count_from_the_servers_own),
	    TEST(years_leap_as_the_calendar_has_it),
	    TEST(short_years_are_near),
	    TEST(cut_heads_are_not_read_past),
	    TEST_END};
	runner_suite("retry_after", tests);
}
