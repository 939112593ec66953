/* SPDX-License-Identifier: MIT */
/*
 * http1_lines_of_get (lines_get.c) and http1_lines_of_answer pass over lines that do not matter,
 * and over the few that nearly all heads have; at any other they stop, for http1_lines_take to read
 * it, and are called anew. So they call nothing, and keep all that they need in registers.
 */
#include "lines_private.h"

#include "../os/start.h"

READ_OFTEN enum http1_blocks http1_blocks;

_Static_assert(HTTP1_SEEN_USUAL == (SEEN_1_1 | SEEN_LENGTH), "what lines.h knows of private.h");

#define BIT(byte)		      (UINT32_C(1) << ((byte)&31))
#define IN_BOTH_CASES(lower, fourths) [lower] = (fourths), [(lower) ^ 0x20] = (fourths)

const uint32_t http1_lines_fourths[256] = {
    IN_BOTH_CASES('c', BIT('t') | BIT('n')),
    IN_BOTH_CASES('t', BIT('n')),
    IN_BOTH_CASES('e', BIT('e')),
    IN_BOTH_CASES('a', BIT('h')),
    IN_BOTH_CASES('p', BIT('x')),
    IN_BOTH_CASES('w', BIT('-')),
    [' '] = UINT32_MAX,
    ['\t'] = UINT32_MAX,
    [':'] = UINT32_MAX,
    [')'] = UINT32_MAX, /* which http1_line takes for HTAB */
    ['\r'] = UINT32_MAX,
};

/* Connection: keep-alive, as many servers say it, though HTTP/1.1 needs no such word. */
SCAN_INLINE bool lines_is_keep_alive(const char *line)
{
	return lines_fold4(line, "conn") && lines_fold4(line + 4, "ecti") &&
	       lines_fold4(line + 8, "on: ") && lines_fold4(line + 12, "keep") &&
	       lines_fold4(line + 16, "-ali") && lines_fold4(line + 18, "live") &&
	       load2(line + 22) == load2("\r\n");
}

enum { LENGTH_NAME = 16, LENGTH_DIGITS_MAX = 9 };

/* Content-Length, as it is nearly always written, and the first of its kind. */
SCAN_INLINE bool lines_take_length(struct http1 *message, const char *line)
{
	const char *at = line + LENGTH_NAME;
	uint64_t length = 0;
	if (!lines_fold4(line + 4, "ent-") || !lines_fold4(line + 12, "th: ") ||
	    message->seen != SEEN_1_1)
		return false;
	do {
		unsigned digit = (unsigned char)*at - (unsigned)'0';
		if (digit > 9 || length >= 100000000)
			return false;
		length = length * 10 + digit;
	} while (*++at != '\r' && length);
	if (load2(at) != load2("\r\n"))
		return false;
	message->remaining = length;
	message->seen = SEEN_1_1 | SEEN_LENGTH;
	return true;
}

/*
 * Either of them, or Content-Type and its kin, which do not matter. Control characters in a name
 * are folded as well, but found as such elsewhere.
 */
SCAN_INLINE bool lines_take_usual(struct http1 *message, const char *line)
{
	if (!lines_fold4(line, "cont"))
		return lines_is_keep_alive(line);
	return !lines_fold4(line + 8, "leng") || lines_take_length(message, line);
}

enum { LINES_LOOKED_AT = LENGTH_NAME + LENGTH_DIGITS_MAX + 2 };

/* May the head go on with this line, which begins as few do? */
SCAN_INLINE bool lines_answer_goes_on(struct http1 *message, const char *line, const char *end)
{
	return line <= end - LINES_LOOKED_AT && lines_take_usual(message, line);
}

/*
 * May this byte, at which blocks_stops has stopped, be in a line? The LF belongs to a CR that was
 * the last byte of the block before.
 */
SCAN_INLINE bool lines_may_hold(const char *stop)
{
	return *stop == '\t' || (unsigned char)*stop >= 0x80 ||
	       (stop[0] == '\n' && stop[-1] == '\r');
}

/*
 * Of the lines that begin in a block, the first that is not to be passed over, or a byte that no
 * line may hold; NULL if there is neither.
 */
BLOCKS SCAN_INLINE const char *lines_in_block(struct http1 *message, const char *block,
					      uint64_t stops, const char *end)
{
	for (; stops; stops &= stops - 1) {
		uint64_t place = blocks_first(stops);
		if (__builtin_expect(load2(block + place) != load2("\r\n"), 0)) {
			SCAN_KEEP(place, "r");
			if (!lines_may_hold(block + place))
				return block + place;
			continue;
		}
		/* Or compilers would add the two up first, at one instruction a line more. */
		SCAN_KEEP(place, "r");
		uint32_t fourths = http1_lines_fourths[(unsigned char)block[place + 2]];
		SCAN_KEEP(place, "r");
		if (scan_bit(fourths, (unsigned char)block[place + 5])) {
			SCAN_KEEP(place, "r");
			const char *line = block + place + 2;
			if (!lines_answer_goes_on(message, line, end))
				return line;
		}
		stops &= stops - 1;
	}
	return NULL;
}

/*
 * From this line of a response on, which may have been taken, to the empty one or one that is not
 * to be passed over; NULL if there is neither. The last block may lap over the one before.
 */
BLOCKS SCAN_INLINE const char *lines_pass(struct http1 *message, const char *line, const char *end,
					  bool taken)
{
	const char *last = end - HTTP1_LINES_MIN, *block = line;
	const blocks_each limit = blocks_limit();
	if (!taken && lines_may_matter(line) && !lines_answer_goes_on(message, line, end))
		return line;
	for (; block <= last; block += LINES_BLOCK) {
		line = lines_in_block(message, block, blocks_stops(block, limit), end);
		if (__builtin_expect(line != NULL, 0))
			return line;
	}
	if (block - last < LINES_BLOCK) {
		uint64_t stops = blocks_stops(last, limit);
		stops = stops >> (block - last) << (block - last);
		line = lines_in_block(message, last, stops, end);
		if (line)
			return line;
	}
	return lines_end_so(end) ? end - 2 : NULL;
}

/*
 * Behind the status line of a final response with HTTP/1.1; NULL for any other, for those that
 * never have a body, and for a 408.
 */
SCAN_INLINE const char *lines_after_status(const char *bytes, const char *end)
{
	enum { STATUS_LEN = 12, OK_LEN = 17 };
	if (load8(bytes) != load8("HTTP/1.1") || bytes[8] != ' ')
		return NULL;
	if (load8(bytes + 9) == load8("200 OK\r\n"))
		return bytes + OK_LEN;
	unsigned hundreds = (unsigned char)bytes[9] - (unsigned)'0',
		 tens = (unsigned char)bytes[10] - (unsigned)'0',
		 ones = (unsigned char)bytes[11] - (unsigned)'0';
	unsigned status = hundreds * 100 + tens * 10 + ones;
	if (hundreds < 2 || hundreds > 5 || tens > 9 || ones > 9 || status == 204 ||
	    status == 304 || status == 408 || bytes[STATUS_LEN] != ' ')
		return NULL;
	const char *stop = scan_blocks(bytes + STATUS_LEN, end - LINES_UNSEEN, SCAN_LINE);
	return stop && load2(stop) == load2("\r\n") ? stop + 2 : NULL;
}

BLOCKS const char *http1_lines_of_answer(struct http1 *message, const char *bytes,
					 const char *taken, const char *end)
{
	const char *line = taken;
	if (!taken) {
		line = lines_after_status(bytes, end);
		message->seen = SEEN_1_1;
	}
	return line ? lines_pass(message, line, end, taken) : NULL;
}

bool http1_lines_take(struct http1 *message, const char *line, const char *end)
{
	if (!line || (unsigned char)*line <= ' ' || *line == ':')
		return false;
	const char *stop = scan_blocks(line, end, SCAN_LINE);
	return stop && end - stop >= 2 && load2(stop) == load2("\r\n") &&
	       http1_line(message, line, stop);
}

bool http1_blocks_after_all(void)
{
	enum http1_blocks can = __atomic_load_n(&http1_blocks, __ATOMIC_RELAXED);
	if (can == HTTP1_BLOCKS_UNKNOWN) {
		can = blocks_ask();
		__atomic_store_n(&http1_blocks, can, __ATOMIC_RELAXED);
	}
	return can == HTTP1_BLOCKS_YES;
}

/* What a response's status line says, which lines_after_status has read. */
SCAN_INLINE uint16_t status_of(const char *bytes)
{
	return (uint16_t)((bytes[9] - '0') * 100 + (bytes[10] - '0') * 10 + bytes[11] - '0');
}

const char *http1_answer_head(struct http1 *message, const char *bytes, const char *end)
{
	if (!http1_can_look((size_t)(end - bytes)))
		return NULL;
	message->remaining = 0;
	message->flags = HTTP1_IS_RESPONSE | HTTP1_STARTED;
	const char *line = http1_lines_of_answer(message, bytes, NULL, end);
	for (; !lines_past(line); line = http1_lines_of_answer(message, bytes, line, end)) {
		if (!http1_lines_take(message, line, end))
			return NULL;
	}
	if (!(message->seen & (SEEN_LENGTH | SEEN_CHUNKED)))
		return NULL;
	enum http1_state next = message->seen & SEEN_CHUNKED ? CHUNK_SIZE
				: message->remaining	     ? LENGTH
							     : BODY_END;
	unsigned flags = HTTP1_HEAD_DONE | (next != BODY_END ? HTTP1_HAS_BODY : 0) |
			 (message->seen & SEEN_CLOSE ? 0 : HTTP1_PERSISTENT);
	message->flags |= (uint16_t)flags;
	message->status = status_of(bytes);
	message->line_len = 0;
	message->head_len = (uint32_t)(line + 2 - bytes);
	message->state = (uint8_t)next;
	return line + 2;
}
