/* SPDX-License-Identifier: MIT */
#include "retry_after.h"

#include <stdbool.h>

#include "http1.h"
#include "../os/mem.h"

/*
 * Takes `count` digits, or as many as there are if count is 0; a number larger than any we need
 * stays that. Returns false if there are none.
 */
static bool take_number(struct http1_text *text, size_t count, int64_t *number)
{
	size_t i = 0;
	*number = 0;
	while (i < text->len && text->text[i] >= '0' && text->text[i] <= '9' &&
	       (!count || i < count)) {
		if (*number <= INT32_MAX)
			*number = *number * 10 + text->text[i] - '0';
		i++;
	}
	text->text += i;
	text->len -= i;
	return i && (!count || i == count);
}

static bool take(struct http1_text *text, const char *word)
{
	size_t i = 0;
	while (word[i] && i < text->len && text->text[i] == word[i])
		i++;
	if (word[i])
		return false;
	text->text += i;
	text->len -= i;
	return true;
}

static bool take_month(struct http1_text *text, int64_t *month)
{
	static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	for (*month = 1; *month <= 12; ++*month) {
		if (take(text, names[*month - 1]))
			return true;
	}
	return false;
}

/* Of the proleptic Gregorian calendar, counted from 1970-01-01; the year as from March on. */
static int64_t days(int64_t year, int64_t month, int64_t day)
{
	if (month <= 2) {
		year--;
		month += 12;
	}
	int64_t leaps = year / 4 - year / 100 + year / 400;
	return 365 * year + leaps + (153 * (month - 3) + 2) / 5 + day - 1 - 719468;
}

struct date {
	int64_t year, month, day, hour, minute, second;
};

static bool take_time(struct http1_text *text, struct date *date)
{
	return take_number(text, 2, &date->hour) && take(text, ":") &&
	       take_number(text, 2, &date->minute) && take(text, ":") &&
	       take_number(text, 2, &date->second);
}

/* "06 Nov 1994 08:49:37 GMT" */
static bool take_imf(struct http1_text text, struct date *date)
{
	return take_number(&text, 2, &date->day) && take(&text, " ") &&
	       take_month(&text, &date->month) && take(&text, " ") &&
	       take_number(&text, 4, &date->year) && take(&text, " ") && take_time(&text, date) &&
	       take(&text, " GMT") && !text.len;
}

/* "06-Nov-94 08:49:37 GMT": of the years that end so, the nearest to ours. */
static bool take_rfc850(struct http1_text text, struct date *date, int64_t now_s)
{
	const int64_t seconds_a_year = 31556952;
	if (!take_number(&text, 2, &date->day) || !take(&text, "-") ||
	    !take_month(&text, &date->month) || !take(&text, "-") ||
	    !take_number(&text, 2, &date->year) || !take(&text, " ") || !take_time(&text, date) ||
	    !take(&text, " GMT") || text.len)
		return false;
	int64_t this_year = 1970 + now_s / seconds_a_year;
	date->year += this_year / 100 * 100;
	if (date->year > this_year + 50)
		date->year -= 100;
	else if (date->year <= this_year - 50)
		date->year += 100;
	return true;
}

/* "Nov  6 08:49:37 1994" */
static bool take_asctime(struct http1_text text, struct date *date)
{
	return take_month(&text, &date->month) && take(&text, " ") &&
	       (take(&text, " ") ? take_number(&text, 1, &date->day)
				 : take_number(&text, 2, &date->day)) &&
	       take(&text, " ") && take_time(&text, date) && take(&text, " ") &&
	       take_number(&text, 4, &date->year) && !text.len;
}

/* The three forms of HTTP-date (RFC 9110 section 5.6.7), in seconds since 1970. */
static bool parse_date(struct http1_text text, int64_t now_s, int64_t *at_s)
{
	struct date date;
	while (text.len && *text.text != ' ') { /* the day of the week says nothing new */
		text.text++;
		text.len--;
	}
	if (!take(&text, " ") || (!take_imf(text, &date) && !take_rfc850(text, &date, now_s) &&
				  !take_asctime(text, &date)))
		return false;
	int64_t next = date.month % 12 + 1;
	int64_t month_len = days(date.year + (next == 1), next, 1) - days(date.year, date.month, 1);
	if (date.day < 1 || date.day > month_len || date.hour > 23 || date.minute > 59 ||
	    date.second > 60)
		return false;
	*at_s = days(date.year, date.month, date.day) * 86400 + date.hour * 3600 +
		date.minute * 60 + date.second;
	return true;
}

static uint32_t in_ms(int64_t seconds)
{
	if (seconds <= 0)
		return 0;
	return seconds > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)seconds * 1000;
}

/* "120", and what some servers make of it: "1.5" is not over before the fraction is. */
static uint32_t number_ms(struct http1_text text)
{
	int64_t seconds;
	take_number(&text, 0, &seconds);
	uint32_t ms = in_ms(seconds), thousandth = 100, more = 0;
	if (!text.len)
		return ms;
	if (!take(&text, ".") || !text.len)
		return UINT32_MAX;
	for (; text.len; text.text++, text.len--, thousandth /= 10) {
		if (*text.text < '0' || *text.text > '9')
			return UINT32_MAX;
		more += (uint32_t)(*text.text - '0') * thousandth;
		more += !thousandth && *text.text != '0'; /* rounded up */
	}
	return ms < UINT32_MAX - more ? ms + more : UINT32_MAX;
}

static uint32_t value_ms(struct http1_text value, int64_t now_s, int64_t sent_s)
{
	int64_t at_s;
	if (!value.len)
		return 0;
	if (value.text[0] >= '0' && value.text[0] <= '9')
		return number_ms(value);
	return parse_date(value, now_s, &at_s) ? in_ms(at_s - sent_s) : UINT32_MAX;
}

uint32_t retry_after_ms(const char *head, size_t len, int64_t now_s)
{
	const char *end = head + len;
	int64_t sent_s;
	if (!parse_date(http1_head_value(head, len, "date"), now_s, &sent_s))
		sent_s = now_s;
	struct http1_text value = http1_head_value(head, len, "retry-after");
	uint32_t ms = value_ms(value, now_s, sent_s);
	while (value.len) { /* it may stand there twice: which of them counts, if they differ? */
		const char *rest = value.text + value.len;
		value = http1_head_value(rest, (size_t)(end - rest), "retry-after");
		if (value.len && value_ms(value, now_s, sent_s) != ms)
			return UINT32_MAX;
	}
	return ms;
}
