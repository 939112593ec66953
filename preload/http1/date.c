/* SPDX-License-Identifier: MIT */
#include "date.h"

#include "take.h"

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

/* ".5": a second that has begun counts as a whole one, so that nobody is too early. */
static bool take_fraction(struct http1_text *text, bool *begun)
{
	*begun = false;
	if (!take(text, "."))
		return true;
	size_t count = 0;
	for (; text->len && *text->text >= '0' && *text->text <= '9'; count++) {
		*begun |= *text->text != '0';
		text->text++;
		text->len--;
	}
	return count;
}

/* "1994-11-06T08:49:37.5Z" */
static bool take_rfc3339(struct http1_text text, struct date *date, bool *begun)
{
	return take_number(&text, 4, &date->year) && take(&text, "-") &&
	       take_number(&text, 2, &date->month) && take(&text, "-") &&
	       take_number(&text, 2, &date->day) && take(&text, "T") && take_time(&text, date) &&
	       take_fraction(&text, begun) && take(&text, "Z") && !text.len;
}

static bool in_seconds(const struct date *date, int64_t *at_s)
{
	if (date->month < 1 || date->month > 12)
		return false;
	int64_t next = date->month % 12 + 1;
	int64_t month_len =
	    days(date->year + (next == 1), next, 1) - days(date->year, date->month, 1);
	if (date->day < 1 || date->day > month_len || date->hour > 23 || date->minute > 59 ||
	    date->second > 60)
		return false;
	*at_s = days(date->year, date->month, date->day) * 86400 + date->hour * 3600 +
		date->minute * 60 + date->second;
	return true;
}

bool http1_stamp(struct http1_text text, int64_t *at_s)
{
	struct date date;
	bool begun;
	if (!take_rfc3339(text, &date, &begun) || !in_seconds(&date, at_s))
		return false;
	*at_s += begun;
	return true;
}

bool http1_date(struct http1_text text, int64_t now_s, int64_t *at_s)
{
	struct date date;
	while (text.len && *text.text != ' ') { /* the day of the week says nothing new */
		text.text++;
		text.len--;
	}
	if (!take(&text, " ") || (!take_imf(text, &date) && !take_rfc850(text, &date, now_s) &&
				  !take_asctime(text, &date)))
		return false;
	return in_seconds(&date, at_s);
}
