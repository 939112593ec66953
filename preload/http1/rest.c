/* SPDX-License-Identifier: MIT */
#include "rest.h"

#include "date.h"
#include "take.h"

enum {
	/* Last-Modified and Date may be of two clocks (RFC 9110 section 8.8.2.2). */
	CLOCKS_APART_S = 60,
	/* An IMF-fixdate; the years of the obsolete forms are in doubt (section 5.6.7). */
	DATE_LEN = 29,
};

enum found { NONE, ONE, MANY };

static bool is_same(struct http1_text text, const char *bytes, size_t len)
{
	return text.len == len && __builtin_memcmp(text.text, bytes, len) == 0;
}

/* A field that there are two of says nothing for sure. */
static enum found find(const char *head, size_t len, const char *name, struct http1_text *value)
{
	struct http1_text other;
	value->text = "";
	value->len = 0;
	if (!http1_head_find(head, len, name, value))
		return NONE;
	const char *behind = value->text + value->len;
	bool more = http1_head_find(behind, (size_t)(head + len - behind), name, &other);
	return more ? MANY : ONE;
}

/* Does it begin with that word, in any case of letters? */
static bool begins(struct http1_text text, const char *word)
{
	size_t i = 0;
	for (; word[i]; i++) {
		if (i == text.len || (text.text[i] | 0x20) != (word[i] | 0x20))
			return false;
	}
	return true;
}

static bool take_place(struct http1_text *text, uint64_t *place)
{
	int64_t number;
	/* take_number stops short of what is larger. */
	if (!take_number(text, 0, &number) || number >= INT64_MAX / 10)
		return false;
	*place = (uint64_t)number;
	return true;
}

struct range {
	uint64_t first, end, total;
};

/* Content-Range (section 14.4), of which all is told. */
static bool take_range(struct http1_text text, struct range *range)
{
	uint64_t last;
	if (!begins(text, "bytes "))
		return false;
	text.text += 6;
	text.len -= 6;
	if (!take_place(&text, &range->first) || !take(&text, "-") || !take_place(&text, &last) ||
	    !take(&text, "/") || !take_place(&text, &range->total) || text.len)
		return false;
	range->end = last + 1;
	return range->first < range->end && range->end <= range->total;
}

/* Section 8.8.3: a strong one, and none that a server gives to whatever there is. */
static bool is_strong_tag(struct http1_text tag)
{
	if (tag.len < 3 || tag.len > HTTP1_VALIDATOR_MAX || tag.text[0] != '"' ||
	    tag.text[tag.len - 1] != '"')
		return false;
	for (size_t i = 1; i < tag.len - 1; i++) {
		unsigned char byte = (unsigned char)tag.text[i];
		if (byte <= ' ' || byte == '"' || byte == 0x7f)
			return false;
	}
	return true;
}

static bool is_strong_date(const char *head, size_t len, struct http1_text modified)
{
	struct http1_text sent;
	int64_t modified_s, sent_s;
	return find(head, len, "date", &sent) == ONE && sent.len == DATE_LEN &&
	       modified.len == DATE_LEN && http1_date(modified, 0, &modified_s) &&
	       http1_date(sent, 0, &sent_s) && sent_s - modified_s >= CLOCKS_APART_S;
}

static bool take_validator(const char *head, size_t len, struct http1_rest *rest)
{
	struct http1_text text;
	enum found tag = find(head, len, "etag", &text);
	/* Section 13.1.5: no date in If-Range where there is an entity tag. */
	if (tag != NONE) {
		if (tag == MANY || !is_strong_tag(text))
			return false;
	} else if (find(head, len, "last-modified", &text) != ONE ||
		   !is_strong_date(head, len, text)) {
		return false;
	}
	rest->dated = tag == NONE;
	rest->validator_len = (uint8_t)text.len;
	__builtin_memcpy(rest->validator, text.text, text.len);
	return true;
}

static bool take_coding(const char *head, size_t len, struct http1_rest *rest)
{
	struct http1_text coding;
	if (find(head, len, "content-encoding", &coding) == MANY || coding.len > HTTP1_CODING_MAX)
		return false;
	rest->coding_len = (uint8_t)coding.len;
	__builtin_memcpy(rest->coding, coding.text, coding.len);
	return true;
}

static bool refuses_ranges(const char *head, size_t len)
{
	struct http1_text ranges, type;
	enum found found = find(head, len, "accept-ranges", &ranges);
	return found == MANY || (found == ONE && begins(ranges, "none")) ||
	       find(head, len, "content-type", &type) == MANY || begins(type, "multipart/");
}

/* How it is framed; and is it a body of so many bytes, and not in chunks? */
static bool take_frame(const char *head, size_t len, struct http1 *frame)
{
	size_t used;
	http1_response(frame, METHOD_GET);
	return http1_feed(frame, head, len, &used) == HTTP1_MORE && used == len;
}

static bool take_length(const char *head, size_t len, struct http1 *frame)
{
	return take_frame(head, len, frame) && http1_unseen(frame);
}

/* How long the head is that begins here; 0: it has no end yet. */
static size_t head_len(const char *bytes, size_t len)
{
	for (size_t i = 3; i < len; i++) {
		if (bytes[i] == '\n' && bytes[i - 1] == '\r' && bytes[i - 2] == '\n' &&
		    bytes[i - 3] == '\r')
			return i + 1;
	}
	return 0;
}

size_t http1_rest_head(const char *bytes, size_t len, size_t *before)
{
	*before = 0;
	for (;;) {
		const char *head = bytes + *before;
		size_t head_is = head_len(head, len - *before);
		/* "HTTP/1.1 103", and 101 is no interim one but the last (RFC 9110 section 15.2.2).
		 */
		bool interim =
		    head_is > 12 && head[9] == '1' && !(head[10] == '0' && head[11] == '1');
		if (!interim)
			return head_is;
		*before += head_is;
	}
}

bool http1_rest_of(const char *head, size_t len, struct http1_rest *rest)
{
	struct http1 frame;
	struct http1_text text;
	struct range range;
	if (!take_frame(head, len, &frame) || refuses_ranges(head, len) ||
	    !take_validator(head, len, rest) || !take_coding(head, len, rest))
		return false;
	enum found ranged = find(head, len, "content-range", &text);
	rest->chunked = http1_is_chunked(&frame);
	if (rest->chunked ? rest->dated : !http1_unseen(&frame))
		return false;
	rest->ranged = frame.status == 206;
	if (frame.status == 200 && ranged == NONE) {
		rest->first = 0;
		rest->end = rest->total = rest->chunked ? 0 : frame.remaining;
		return true;
	}
	if (rest->chunked || frame.status != 206 || ranged != ONE || !take_range(text, &range) ||
	    range.end - range.first != frame.remaining)
		return false;
	rest->first = range.first;
	rest->end = range.end;
	rest->total = range.total;
	return true;
}

/* A range that is the rest from there on, of so many bytes. */
static bool is_in_place(const struct http1_rest *rest, uint64_t from, const struct range *range,
			uint64_t len)
{
	if (range->first != from || range->end - from != len)
		return false;
	return rest->end ? range->end == rest->end && range->total == rest->total
			 : range->end == range->total;
}

bool http1_rest_is(struct http1_rest *rest, uint64_t from, const char *head, size_t len)
{
	struct http1 frame;
	struct http1_text text;
	struct range range;
	if (!take_length(head, len, &frame) || frame.status != 206)
		return false;
	if (find(head, len, "content-range", &text) != ONE || !take_range(text, &range) ||
	    !is_in_place(rest, from, &range, frame.remaining))
		return false;
	enum found tag = find(head, len, "etag", &text);
	if (rest->dated ? tag != NONE : tag != ONE)
		return false;
	if (rest->dated && find(head, len, "last-modified", &text) != ONE)
		return false;
	if (!is_same(text, rest->validator, rest->validator_len))
		return false;
	if (find(head, len, "content-encoding", &text) == MANY ||
	    !is_same(text, rest->coding, rest->coding_len))
		return false;
	if (find(head, len, "content-type", &text) == MANY || begins(text, "multipart/"))
		return false;
	rest->end = range.end;
	rest->total = range.total;
	return true;
}

/* What a request is put together in. */
struct out {
	char *at;
	size_t room;
	bool full;
};

static void put(struct out *out, const char *bytes, size_t len)
{
	if (out->full || len > out->room) {
		out->full = true;
		return;
	}
	__builtin_memcpy(out->at, bytes, len);
	out->at += len;
	out->room -= len;
}

static void put_word(struct out *out, const char *word)
{
	size_t len = 0;
	while (word[len])
		len++;
	put(out, word, len);
}

static void put_number(struct out *out, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);
	do {
		digits[--at] = (char)('0' + number % 10);
	} while (number /= 10);
	put(out, digits + at, sizeof(digits) - at);
}

/* Does another field of that name take its place? */
static bool is_replaced(struct http1_text line, bool last)
{
	return begins(line, "range:") || begins(line, "if-range:") ||
	       (last && begins(line, "connection:"));
}

static void put_fields(struct out *out, const struct http1_rest *rest, uint64_t from, bool last)
{
	put_word(out, "Range: bytes=");
	put_number(out, from);
	put_word(out, "-");
	if (rest->ranged)
		put_number(out, rest->end - 1);
	put_word(out, "\r\nIf-Range: ");
	put(out, rest->validator, rest->validator_len);
	put_word(out, last ? "\r\nConnection: close\r\n" : "\r\n");
}

size_t http1_rest_request(const struct http1_rest *rest, uint64_t from, bool last,
			  const char *request, size_t len, char *out, size_t room)
{
	struct out all = {out, room, false};
	const char *at = request, *end = request + len;
	for (;;) {
		const char *feed = at;
		while (feed < end && *feed != '\n')
			feed++;
		if (feed == end)
			return 0;
		if (at == feed || *at == '\r')
			break;
		feed++;
		if (!is_replaced((struct http1_text){at, (size_t)(feed - at)}, last))
			put(&all, at, (size_t)(feed - at));
		at = feed;
	}
	put_fields(&all, rest, from, last);
	put(&all, at, (size_t)(end - at));
	return all.full ? 0 : room - all.room;
}
