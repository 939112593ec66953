/* SPDX-License-Identifier: MIT */
/*
 * Each function takes what it can and calls the next one, so that a head that lies in one buffer
 * is read straight through; message->state says where to go on when it does not.
 */
#include "lines.h"
#include "private.h"

enum { HEAD_MAX = 1 << 20 };

#define BIT(byte) (UINT32_C(1) << ((byte)&31))

/* Constants all of them but the method: the compiler makes a few wide stores of it. */
SCAN_INLINE void start(struct http1 *message, enum http1_state state, unsigned flags)
{
	message->remaining = 0;
	message->flags = (uint16_t)flags;
	message->state = (uint8_t)state;
	message->seen = 0;
	message->field = FIELD_OTHER;
	message->line_len = 0;
}

void http1_request(struct http1 *message)
{
	message->head_len = 0;
	message->status = 0;
	message->method = METHOD_OTHER;
	start(message, METHOD, 0);
}

void http1_response(struct http1 *message, enum method method)
{
	message->head_len = 0;
	message->status = 0;
	message->method = (uint8_t)method;
	start(message, STATUS, HTTP1_IS_RESPONSE);
}

/* The first bytes of lines that matter, or are bad, and of the empty one: by their low bits. */
#define FIRST_BYTES                                                                                \
	(BIT('a') | BIT('c') | BIT('e') | BIT('p') | BIT('t') | BIT('w') | BIT(' ') | BIT('\t') |  \
	 BIT(':') | BIT('\r'))

/*
 * Header lines, as long as they lie in the buffer whole. One loop over blocks, not a scan in a loop
 * over lines: so what it compares with stays in registers.
 */
SCAN_INLINE const char *feed_lines(struct http1 *message, const char *at, const char *begin,
				   const char *end)
{
	const char *last = end - 1 - SCAN_BLOCK;
	const char *block = at;
	uint32_t worth_a_look = FIRST_BYTES;
	SCAN_KEEP(worth_a_look, "r");
	while (end - begin > SCAN_BLOCK) {
		scan_mask stops;
		if (block <= last) {
			stops = scan_block(block, SCAN_LINE);
			if (!stops) {
				block += SCAN_BLOCK;
				continue;
			}
		} else {
			stops = block < end - 1 ? scan_reach_back(block, last, SCAN_LINE) : 0;
		}
		const char *stop = stops ? scan_hit(block, stops) : NULL;
		if (!stop || load2(stop) != load2("\r\n")) {
			stop = line_end(at, begin, end - 1);
			if (!stop)
				break;
			if (load2(stop) != load2("\r\n"))
				return NULL;
		}
		if (worth_a_look >> (*at & 31) & 1) {
			if (stop == at) {
				message->state = HEAD_END;
				return stop + 2;
			}
			if (!http1_line(message, at, stop))
				return NULL;
		}
		block = at = stop + 2;
	}
	message->state = at < end ? NAME : LINES;
	return at;
}

static const char *version_bytes(struct http1 *message, const char *at, const char *end)
{
	const char *expected = message->seen & SEEN_PREFACE ? "HTTP/2.0\r\n" : "HTTP/1.1\r\n";
	message->state = VERSION;
	for (; at < end; at++) {
		unsigned place = message->line_len++;
		if (*at != expected[place] && !(place == 7 && *at == '0'))
			return NULL;
		message->seen |= place == 7 && *at == '1' ? SEEN_1_1 : 0;
		if (place < 9)
			continue;
		bool tunnel = message->method == METHOD_CONNECT || message->seen & SEEN_PREFACE;
		message->line_len = 0;
		message->state = tunnel ? TUNNEL : LINES;
		return at + 1;
	}
	return at;
}

/* line_len tells whether the target has a byte yet. */
static const char *target_bytes(struct http1 *message, const char *at, const char *begin,
				const char *end)
{
	const char *stop = scan(at, begin, end, SCAN_TARGET);
	message->line_len |= stop != at;
	message->state = TARGET;
	if (!stop)
		return end;
	if (*stop != ' ' || message->line_len == 0)
		return NULL;
	message->line_len = 0;
	message->state = VERSION;
	return stop + 1;
}

/* RFC 9110 section 5.6.2: tchar. */
static bool is_token(char byte)
{
	static const uint64_t chars[2] = {UINT64_C(0x03ff6cfa00000000),
					  UINT64_C(0x57ffffffc7fffffe)};
	unsigned char c = (unsigned char)byte;
	return c < 0x80 && (chars[c / 64] >> c % 64 & 1);
}

static const char *method_bytes(struct http1 *message, const char *at, const char *end)
{
	for (; at < end && is_token(*at); at++) {
		if (message->line_len < HTTP1_LINE_MAX)
			message->line[message->line_len++] = *at;
	}
	if (at == end)
		return at;
	if (*at != ' ' || message->line_len == 0)
		return NULL;
	message->method = (uint8_t)method_parse(message->line, message->line_len);
	if (message->line_len == 3 && __builtin_memcmp(message->line, "PRI", 3) == 0)
		message->seen |= SEEN_PREFACE;
	message->line_len = 0;
	message->state = TARGET;
	return at + 1;
}

/* Most requests are GETs and POSTs of HTTP/1.1 that come in one piece: read without detours. */
SCAN_INLINE const char *feed_request_line(struct http1 *message, const char *at, const char *begin,
					  const char *end)
{
	bool posts = end - at > 4 && load4(at) == load4("POST") && at[4] == ' ';
	if (message->line_len > 0 || end - at < 4 || !(posts || load4(at) == load4("GET ")))
		return method_bytes(message, at, end);
	message->method = posts ? METHOD_POST : METHOD_GET;
	at += posts ? 5 : 4;
	const char *stop = scan(at, begin, end, SCAN_TARGET);
	if (!stop || stop == at || end - stop < 11 || *stop != ' ' ||
	    load8(stop + 1) != load8("HTTP/1.1") || load2(stop + 9) != load2("\r\n")) {
		message->state = TARGET;
		return at < end ? target_bytes(message, at, begin, end) : at;
	}
	message->seen = SEEN_1_1;
	message->state = LINES;
	return stop + 11;
}

static const char *status_bytes(struct http1 *message, const char *at, const char *end)
{
	for (; at < end && message->line_len < 12; at++) {
		unsigned place = message->line_len++;
		if (place < 9 && *at != "HTTP/1.1 "[place] && !(place == 7 && *at == '0'))
			return NULL;
		message->line[place] = *at;
	}
	return at;
}

SCAN_INLINE const char *feed_status_line(struct http1 *message, const char *at, const char *begin,
					 const char *end)
{
	const char *line = at;
	if (message->line_len == 0) {
		/* What an interim response left for its reader. */
		message->status = 0;
		message->head_len = 0;
	}
	if (message->line_len == 0 && end - at >= 12 && load8(at) == load8("HTTP/1.1") &&
	    at[8] == ' ') {
		at += 12;
	} else {
		at = status_bytes(message, at, end);
		line = message->line;
		if (!at || message->line_len < 12)
			return at;
	}
	unsigned hundreds = (unsigned)line[9] - '1', tens = (unsigned)line[10] - '0',
		 ones = (unsigned)line[11] - '0';
	if (hundreds > 4 || tens > 9 || ones > 9)
		return NULL;
	message->status = (uint16_t)(100 + hundreds * 100 + tens * 10 + ones);
	message->seen = line[7] == '1' ? SEEN_1_1 : 0;
	message->line_len = 0;
	message->state = REASON;
	const char *stop = scan(at, begin, end - 1, SCAN_LINE);
	if (!stop || load2(stop) != load2("\r\n") || (*at != ' ' && *at != '\r'))
		return at;
	message->state = LINES;
	return stop + 2;
}

/* Servers leave out the space before an empty reason. */
static const char *feed_reason(struct http1 *message, const char *at)
{
	message->state = SKIP;
	return *at == ' ' || *at == '\r' ? at : NULL;
}

/* What is left of a head that came in pieces. */
static __attribute__((noinline)) const char *feed_head_part(struct http1 *message, const char *at,
							    const char *begin, const char *end)
{
	switch (message->state) {
	case TARGET:
		return target_bytes(message, at, begin, end);
	case VERSION:
		return version_bytes(message, at, end);
	case REASON:
		return feed_reason(message, at);
	case NAME:
		return http1_feed_name(message, at, end);
	case VALUE:
		return http1_feed_value(message, at, end);
	case SKIP:
		return feed_rest(message, at, begin, end, SKIP, LINE_LF);
	case LINE_LF:
		return expect(message, at, '\n', LINES);
	default:
		return expect(message, at, '\n', HEAD_END);
	}
}

SCAN_INLINE const char *feed_head(struct http1 *message, const char *begin, const char *end)
{
	const char *at = begin;
	/* Where nearly every head is from its first byte on. */
	if (message->state == METHOD)
		at = feed_request_line(message, at, begin, end);
	else if (message->state == STATUS)
		at = feed_status_line(message, at, begin, end);
	for (;;) {
		if (at && message->state == LINES)
			at = feed_lines(message, at, begin, end);
		if (!at || at == end || message->state >= HEAD_END)
			return at;
		at = feed_head_part(message, at, begin, end);
	}
}

/* RFC 9112 section 6.3, in its order. */
static enum http1_state body_state(const struct http1 *message)
{
	bool response = message->flags & HTTP1_IS_RESPONSE;
	if (response &&
	    (message->method == METHOD_HEAD || message->status == 204 || message->status == 304))
		return BODY_END;
	if (message->seen & SEEN_CHUNKED)
		return CHUNK_SIZE;
	if (message->seen & SEEN_LENGTH)
		return message->remaining ? LENGTH : BODY_END;
	return response ? CLOSE : BODY_END;
}

static enum http1_result end_interim(struct http1 *message)
{
	if (message->status == 101)
		return HTTP1_TUNNEL;
	start(message, STATUS, HTTP1_IS_RESPONSE | HTTP1_STARTED);
	return HTTP1_INTERIM;
}

static enum http1_result end_head(struct http1 *message)
{
	bool response = message->flags & HTTP1_IS_RESPONSE;
	if (message->state != HEAD_END)
		return message->state == TUNNEL ? HTTP1_TUNNEL : HTTP1_BAD;
	if (response && message->status < 200)
		return end_interim(message);
	if (response && message->status < 300 && message->method == METHOD_CONNECT)
		return HTTP1_TUNNEL;

	unsigned flags = HTTP1_HEAD_DONE;
	enum http1_state body = body_state(message);
	if (body == CLOSE)
		flags |= HTTP1_UNTIL_CLOSE;
	else if (!(message->seen & SEEN_CLOSE) && message->seen & (SEEN_1_1 | SEEN_KEEP_ALIVE))
		flags |= HTTP1_PERSISTENT;
	if (body != BODY_END)
		flags |= HTTP1_HAS_BODY;
	message->flags |= (uint16_t)flags;
	message->state = (uint8_t)body;
	return body == BODY_END ? HTTP1_DONE : HTTP1_MORE;
}

static enum http1_result bad(struct http1 *message)
{
	message->state = BROKEN;
	return HTTP1_BAD;
}

enum http1_result http1_feed(struct http1 *message, const char *buf, size_t len, size_t *used)
{
	*used = 0;
	if (len == 0)
		return HTTP1_MORE;

	const char *at = buf;
	const char *end = buf + len;
	bool is_fresh = !(message->flags & HTTP1_STARTED);
	message->flags |= HTTP1_STARTED;
	if (is_fresh && message->flags & HTTP1_IS_RESPONSE && message->method != METHOD_HEAD &&
	    message->method != METHOD_CONNECT) {
		const char *body = http1_answer_head(message, buf, end);
		if (body) {
			*used = (size_t)(body - buf);
			if (message->head_len > HEAD_MAX)
				return bad(message);
			if (message->state == BODY_END || body == end)
				return message->state == BODY_END ? HTTP1_DONE : HTTP1_MORE;
			at = body;
		} else {
			start(message, STATUS, HTTP1_IS_RESPONSE | HTTP1_STARTED);
		}
	}
	if (!(message->flags & HTTP1_HEAD_DONE)) {
		at = feed_head(message, buf, end);
		if (!at || (size_t)(at - buf) > HEAD_MAX - message->head_len)
			return bad(message);
		message->head_len += (uint32_t)(at - buf);
		*used = (size_t)(at - buf);
		if (message->state < HEAD_END)
			return HTTP1_MORE;
		enum http1_result result = end_head(message);
		if (result != HTTP1_MORE || at == end)
			return result;
	}
	at = http1_feed_body(message, at, end);
	if (!at)
		return bad(message);
	*used = (size_t)(at - buf);
	return message->state == BODY_END ? HTTP1_DONE : HTTP1_MORE;
}

uint64_t http1_unseen(const struct http1 *message)
{
	return message->flags & HTTP1_HEAD_DONE && message->state == LENGTH ? message->remaining
									    : 0;
}
