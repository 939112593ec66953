/* SPDX-License-Identifier: MIT */
#include "number.h"

#include "take.h"

uint32_t http1_in_ms(int64_t seconds)
{
	if (seconds <= 0)
		return 0;
	return seconds > UINT32_MAX / 1000 ? UINT32_MAX : (uint32_t)seconds * 1000;
}

/*
 * Takes a number and the fraction behind its point, which is of *scale thousandths, rounded up:
 * 1.5 seconds are not over before the fraction is.
 */
static bool take_decimal(struct http1_text *text, int64_t *whole, uint32_t scale, uint32_t *more)
{
	*more = 0;
	if (!take_number(text, 0, whole))
		return false;
	if (!text->len)
		return true;
	if (!take(text, ".") || !text->len)
		return false;
	bool rest = false;
	for (uint32_t unit = scale / 10; text->len; text->text++, text->len--, unit /= 10) {
		if (*text->text < '0' || *text->text > '9')
			return false;
		*more += (uint32_t)(*text->text - '0') * unit;
		rest |= !unit && *text->text != '0';
	}
	*more += rest;
	return true;
}

static uint32_t sum_ms(uint32_t ms, uint32_t more)
{
	return ms < UINT32_MAX - more ? ms + more : UINT32_MAX;
}

uint32_t http1_seconds_ms(struct http1_text text)
{
	int64_t seconds;
	uint32_t more;
	if (!take_decimal(&text, &seconds, 1000, &more))
		return UINT32_MAX;
	return sum_ms(http1_in_ms(seconds), more);
}

uint32_t http1_milliseconds_ms(struct http1_text text)
{
	int64_t ms;
	uint32_t more;
	if (!take_decimal(&text, &ms, 1, &more) || ms >= UINT32_MAX)
		return UINT32_MAX;
	return sum_ms((uint32_t)ms, more);
}

uint32_t http1_either_ms(struct http1_text text, int64_t sent_s)
{
	/* A wait of 31 years, and the year 2001; of 31,000 years, and 2001 again. */
	const int64_t epoch_s = 1000000000, epoch_ms = 1000000000000;
	struct http1_text rest = text;
	int64_t number;
	uint32_t more;
	if (!take_decimal(&rest, &number, 1000, &more) || number < epoch_s)
		return http1_seconds_ms(text);
	if (number < epoch_ms)
		return number < sent_s ? 0 : sum_ms(http1_in_ms(number - sent_s), more);
	number -= sent_s * 1000;
	return number <= 0 ? 0 : number >= UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}
