/* SPDX-License-Identifier: MIT */
#include "retry_after.h"

#include "date.h"
#include "http1.h"
#include "number.h"
#include "rate_limit.h"
#include "take.h"
#include "../os/mem.h"

/* Retry-After itself: a number in it is never a time since 1970. */
enum { UNIT_RFC = UNIT_COUNT };

/* A response's head, and when it was sent. */
struct head {
	const char *text;
	size_t len;
	bool limited; /* its status is 429 */
	int64_t now_s;
	int64_t sent_s;
};

static bool is_date(const struct head *head, struct http1_text value, uint32_t unit, int64_t *at_s)
{
	if (unit == UNIT_S || unit == UNIT_MS)
		return false;
	return (unit != UNIT_RFC && http1_stamp(value, at_s)) ||
	       http1_date(value, head->now_s, at_s);
}

static uint32_t value_ms(const struct head *head, struct http1_text value, uint32_t unit)
{
	int64_t at_s;
	if (is_date(head, value, unit, &at_s))
		return http1_in_ms(at_s - head->sent_s);
	switch (unit) {
	case UNIT_DATE:
		return UINT32_MAX;
	case UNIT_MS:
		return http1_milliseconds_ms(value);
	case UNIT_AUTO:
		return http1_either_ms(value, head->sent_s);
	default:
		return http1_seconds_ms(value);
	}
}

/* The next header of that name from *at on that says something; len 0 if there is none. */
static struct http1_text next_value(const char **at, const char *end, const char *name)
{
	struct http1_text value = {0};
	while (!value.len && http1_head_find(*at, (size_t)(end - *at), name, &value))
		*at = value.text + value.len;
	return value;
}

/* It may stand there twice: which of them counts, if they differ? Limits are a list, and all do. */
static uint32_t header_ms(const struct head *head, const char *name, uint32_t unit)
{
	struct rate_limit limits = {0};
	const char *at = head->text;
	uint32_t ms = 0;
	bool first = true;
	for (;;) {
		struct http1_text value = next_value(&at, head->text + head->len, name);
		if (!value.len)
			break;
		if (unit != UNIT_RFC && rate_limit_is(value)) {
			if (!rate_limit_add(&limits, value))
				return UINT32_MAX;
			continue;
		}
		uint32_t now_ms = value_ms(head, value, unit);
		if (!first && now_ms != ms)
			return UINT32_MAX;
		ms = now_ms;
		first = false;
	}
	uint32_t limit_ms = rate_limit_ms(&limits, head->limited);
	return limit_ms > ms ? limit_ms : ms;
}

/* "NAME-Reset" where NAME-Remaining says that this limit has let the request pass. */
static bool is_at_ease(const struct head *head, const char *name)
{
	static const char reset[] = "-reset", remaining[] = "-remaining";
	char other[POLICY_HEADER_MAX + sizeof(remaining)];
	size_t len = text_len(name, POLICY_HEADER_MAX - 1), tail = sizeof(reset) - 1;
	if (head->limited || len < tail)
		return false;
	for (size_t i = 0; i < tail; i++) {
		if ((name[len - tail + i] | 0x20) != (reset[i] | 0x20))
			return false;
	}
	memcpy(other, name, len - tail);
	memcpy(other + len - tail, remaining, sizeof(remaining));
	struct http1_text value = http1_head_value(head->text, head->len, other);
	int64_t left;
	return take_number(&value, 0, &left) && left > 0;
}

uint32_t retry_after_ms(const char *text, size_t len, int64_t now_s, const struct policy *policy,
			uint32_t headers)
{
	struct head head = {.text = text, .len = len, .now_s = now_s};
	head.limited = len > 12 && memcmp(text + 8, " 429", 4) == 0;
	if (!http1_date(http1_head_value(text, len, "date"), now_s, &head.sent_s))
		head.sent_s = now_s;
	uint32_t longest_ms = header_ms(&head, "retry-after", UNIT_RFC);
	for (uint32_t i = 0; headers && i < policy->after_count; i++) {
		const struct policy_after *after = &policy->after[i];
		if (!(headers >> i & 1) || is_at_ease(&head, after->name))
			continue;
		uint32_t ms = header_ms(&head, after->name, after->unit);
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	return longest_ms;
}

static char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte | 0x20) : byte;
}

static bool same(struct http1_text value, const char *text)
{
	for (size_t i = 0; i < value.len; i++) {
		if (lower(value.text[i]) != lower(text[i]) || !text[i])
			return false;
	}
	return !text[value.len];
}

static bool has_veto(const char *head, size_t len, const struct policy_veto *veto)
{
	const char *at = head;
	if (!veto->value[0])
		return http1_head_has(head, len, veto->name);
	for (;;) {
		struct http1_text value = next_value(&at, head + len, veto->name);
		if (!value.len || same(value, veto->value))
			return value.len;
	}
}

bool retry_is_vetoed(const char *head, size_t len, const struct policy *policy, uint32_t headers)
{
	for (uint32_t i = 0; headers && i < policy->veto_count; i++) {
		if (headers >> i & 1 && has_veto(head, len, &policy->vetoes[i]))
			return true;
	}
	return false;
}
