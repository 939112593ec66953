/* SPDX-License-Identifier: MIT */
#include "stamp.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY_MS = 86400000 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exactly so many digits; moves behind them. */
static bool digits(const char **at, int count, int *value)
{
	*value = 0;
	for (int i = 0; i < count; i++) {
		if (!is_digit((*at)[i]))
			return false;
		*value = *value * 10 + (*at)[i] - '0';
	}
	*at += count;
	return true;
}

static bool literal(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

/* ".678901" or nothing: the milliseconds. */
static int fraction(const char **at)
{
	int ms = 0, weight = 100;

	if (**at != '.' || !is_digit((*at)[1]))
		return 0;
	for ((*at)++; is_digit(**at); (*at)++, weight /= 10)
		ms += (**at - '0') * weight;
	return ms;
}

static bool clock_of(const char **at, struct tm *tm)
{
	return digits(at, 2, &tm->tm_hour) && literal(at, ':') && digits(at, 2, &tm->tm_min) &&
	       literal(at, ':') && digits(at, 2, &tm->tm_sec) && tm->tm_hour < 24 &&
	       tm->tm_min < 60 && tm->tm_sec <= 60;
}

static bool date_of(const char **at, struct tm *tm)
{
	if (!digits(at, 4, &tm->tm_year) || !literal(at, '-') || !digits(at, 2, &tm->tm_mon) ||
	    !literal(at, '-') || !digits(at, 2, &tm->tm_mday))
		return false;
	tm->tm_year -= 1900;
	tm->tm_mon--;
	return tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31;
}

/* Local time; what it is in summer the C library knows. */
static int64_t local_ms(struct tm *tm)
{
	tm->tm_isdst = -1;
	return (int64_t)mktime(tm) * 1000;
}

/* "Z", "+01:00", "+0100" or nothing behind a time. */
static int64_t zoned_ms(const char **at, struct tm *tm)
{
	const char *zone = *at;
	int hours, minutes;

	if (literal(at, 'Z'))
		return (int64_t)timegm(tm) * 1000;
	if (*zone == '+' || *zone == '-') {
		(*at)++;
		if (digits(at, 2, &hours) && (literal(at, ':'), digits(at, 2, &minutes))) {
			int64_t offset = (hours * 60 + minutes) * INT64_C(60000);

			return (int64_t)timegm(tm) * 1000 + (*zone == '+' ? -offset : offset);
		}
		*at = zone;
	}
	return local_ms(tm);
}

static bool date_and_clock(const char **at, struct tm *tm, int *milli)
{
	*tm = (struct tm){0};
	if (!date_of(at, tm) || (**at != 'T' && **at != ' ') || ((*at)++, !clock_of(at, tm)))
		return false;
	*milli = fraction(at);
	return true;
}

static bool iso(const char **at, int64_t *ms)
{
	const char *p = *at;
	struct tm tm;
	int milli;

	if (!date_and_clock(&p, &tm, &milli))
		return false;
	*ms = zoned_ms(&p, &tm) + milli;
	*at = p;
	return true;
}

static int month_of(const char *text)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (!strncmp(text, names + 3 * i, 3))
			return i;
	return -1;
}

static bool traditional(const char **at, int64_t now_ms, int64_t *ms)
{
	const char *p = *at;
	time_t now = now_ms / 1000;
	struct tm tm = {.tm_mon = month_of(p)}, today, copy;

	if (tm.tm_mon < 0)
		return false;
	p += 3;
	if (!literal(&p, ' '))
		return false;
	if (literal(&p, ' ') ? !digits(&p, 1, &tm.tm_mday) : !digits(&p, 2, &tm.tm_mday))
		return false;
	if (!literal(&p, ' ') || !clock_of(&p, &tm) || !localtime_r(&now, &today))
		return false;
	int milli = fraction(&p);
	tm.tm_year = today.tm_year;
	copy = tm;
	*ms = local_ms(&copy) + milli;
	if (*ms > now_ms + DAY_MS) {
		tm.tm_year--;
		*ms = local_ms(&tm) + milli;
	}
	*at = p;
	return true;
}

static bool seconds(const char **at, int64_t *ms)
{
	const char *p = *at;
	int64_t value = 0;

	while (is_digit(*p) && p - *at < 12)
		value = value * 10 + *p++ - '0';
	if (p - *at < 9 || *p != '.' || !is_digit(p[1]))
		return false;
	*ms = value * 1000 + fraction(&p);
	*at = p;
	return true;
}

/* "Fri 2026-01-02 03:04:05 UTC"; any other zone is taken to be the local one. */
static bool full(const char **at, int64_t *ms)
{
	const char *p = *at;
	struct tm tm;
	int milli;

	for (int i = 0; i < 3; i++)
		if (!isalpha((unsigned char)*p++))
			return false;
	if (!literal(&p, ' ') || !date_and_clock(&p, &tm, &milli) || !literal(&p, ' '))
		return false;
	*ms = (strncmp(p, "UTC ", 4) ? local_ms(&tm) : (int64_t)timegm(&tm) * 1000) + milli;
	*at = p + strcspn(p, " ");
	return true;
}

bool stamp_read(const char **at, int64_t now_ms, int64_t *ms)
{
	return iso(at, ms) || traditional(at, now_ms, ms) || seconds(at, ms) || full(at, ms);
}

static bool ago(const char *text, int64_t now_ms, int64_t *ms)
{
	static const char units[] = "smhd";
	static const int64_t lengths[] = {1000, 60000, 3600000, DAY_MS};
	int64_t value = 0;
	const char *p = text, *unit;

	while (is_digit(*p) && p - text < 9)
		value = value * 10 + *p++ - '0';
	unit = *p ? strchr(units, *p) : NULL;
	if (p == text || !unit || p[1])
		return false;
	*ms = now_ms - value * lengths[unit - units];
	return true;
}

bool stamp_parse_limit(const char *text, int64_t now_ms, int64_t *ms)
{
	char whole[64];
	const char *at = whole;
	size_t len = strlen(text), date = strlen("2026-01-02"), minute = strlen("2026-01-02T03:04");

	if (ago(text, now_ms, ms))
		return true;
	if (len > 40)
		return false;
	if (len == date)
		snprintf(whole, sizeof(whole), "%sT00:00:00", text);
	else if (len == minute || (len > minute && strchr("Z+-", text[minute])))
		snprintf(whole, sizeof(whole), "%.*s:00%s", (int)minute, text, text + minute);
	else
		snprintf(whole, sizeof(whole), "%s", text);
	return iso(&at, ms) && !*at;
}

void stamp_write(int64_t ms, char text[STAMP_MAX])
{
	time_t at = ms / 1000;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || !strftime(text, STAMP_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm))
		snprintf(text, STAMP_MAX, "?");
}
