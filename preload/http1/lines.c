/* SPDX-License-Identifier: MIT */
/*
 * http1_lines_of_get and http1_lines_of_answer pass over lines that do not matter, and over the few
 * that nearly all heads have; at any other they stop, for lines_take to read it, and are called
 * anew. So they call nothing, and keep all that they need in registers.
 */
#include "blocks.h"
#include "private.h"

enum http1_blocks http1_blocks;

_Static_assert(HTTP1_SEEN_USUAL == (SEEN_1_1 | SEEN_LENGTH), "what lines.h knows of private.h");

enum {
	LINES_BLOCK = 64,
	/* No line is looked for whose start, and what its name begins with, could not be read. */
	LINES_UNSEEN = HTTP1_LINES_MIN - LINES_BLOCK,
};

#define BIT(byte)		      (UINT32_C(1) << ((byte)&31))
#define IN_BOTH_CASES(lower, fourths) [lower] = (fourths), [(lower) ^ 0x20] = (fourths)

/*
 * Lines that matter begin with one of `cont`, `conn`, `tran`, `expe`, `auth`, `prox`, `www-`, in
 * any case: by their first byte, the low bits of the fourth. Those that are bad, and the empty one,
 * are known by the first.
 */
static const uint32_t lines_fourths[256] = {
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

SCAN_INLINE bool lines_may_matter(const char *line)
{
	return scan_bit(lines_fourths[(unsigned char)line[0]], (unsigned char)line[3]);
}

/* Are these four bytes, in any case, those of lower? */
SCAN_INLINE bool lines_fold4(const char *at, const char *lower)
{
	return (load4(at) | UINT32_C(0x20202020)) == load4(lower);
}

/* Whether a request is to be the last of its connection is for its answer to say. */
SCAN_INLINE bool lines_is_connection(const char *line)
{
	return lines_fold4(line, "conn") && line[10] == ':';
}

/* Connection: keep-alive, as many servers say it, though HTTP/1.1 needs no such word. */
SCAN_INLINE bool lines_is_keep_alive(const char *line)
{
	return lines_fold4(line, "conn") && lines_fold4(line + 4, "ecti") &&
	       lines_fold4(line + 8, "on: ") && lines_fold4(line + 12, "keep") &&
	       lines_fold4(line + 16, "-ali") && lines_fold4(line + 18, "live") &&
	       load2(line + 22) == load2("\r\n");
}

/*
 * Authorization by what is surely no scheme for connections, and surely one alone, and no white
 * space to look past.
 */
BLOCKS SCAN_INLINE bool lines_is_authorization(const char *line, const char *end, blocks_each limit)
{
	enum { NAME_LEN = 15, STEP = 32 };
	if (!lines_fold4(line, "auth") || !lines_fold4(line + 4, "oriz") ||
	    !lines_fold4(line + 8, "atio") || !lines_fold4(line + 11, "on: ") ||
	    line[NAME_LEN] < 'A' || (line[NAME_LEN] | 0x20) == 'n')
		return false;
	for (line += NAME_LEN; end - line >= STEP; line += STEP) {
		uint32_t stops = blocks_list_stops(line, limit);
		if (stops)
			return line[__builtin_ctz(stops)] == '\r';
	}
	return false;
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

/* May the head go on with this line, which begins as few do? */
BLOCKS SCAN_INLINE bool lines_goes_on(struct http1 *message, const char *line, const char *end,
				      blocks_each limit, bool asks)
{
	enum { LOOKED_AT = LENGTH_NAME + LENGTH_DIGITS_MAX + 2 };
	if (end - line < LOOKED_AT)
		return false;
	return asks ? lines_is_connection(line) || lines_is_authorization(line, end, limit)
		    : lines_take_usual(message, line);
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
					      uint64_t stops, const char *end, blocks_each limit,
					      bool asks)
{
	for (; stops; stops &= stops - 1) {
		const char *stop = block + blocks_first(stops);
		if (__builtin_expect(load2(stop) != load2("\r\n"), 0)) {
			if (!lines_may_hold(stop))
				return stop;
			continue;
		}
		if (lines_may_matter(stop + 2) &&
		    !lines_goes_on(message, stop + 2, end, limit, asks))
			return stop + 2;
		stops &= stops - 1;
	}
	return NULL;
}

/* Is what is before the end the rest of a line and the empty one, where nobody has looked? */
SCAN_INLINE bool lines_end_so(const char *end)
{
	return (unsigned char)end[-LINES_UNSEEN] >= ' ' && load4(end - 4) == load4("\r\n\r\n");
}

/*
 * From this line on, which may have been taken, to the empty one or one that is not to be passed
 * over; NULL if there is neither. asks: of a request, copied to `to` bytes further on. The last
 * block may lap over the one before.
 */
BLOCKS SCAN_INLINE const char *lines_pass(struct http1 *message, const char *line, const char *end,
					  bool taken, bool asks, ptrdiff_t to)
{
	const char *last = end - HTTP1_LINES_MIN, *block = line;
	const blocks_each limit = blocks_limit();
	if (!taken && lines_may_matter(line) && !lines_goes_on(message, line, end, limit, asks))
		return line;
	for (; block <= last; block += LINES_BLOCK) {
		uint64_t stops = blocks_stops(block, limit, asks, (char *)block + to);
		line = lines_in_block(message, block, stops, end, limit, asks);
		if (__builtin_expect(line != NULL, 0))
			return line;
	}
	if (block - last < LINES_BLOCK) {
		uint64_t stops = blocks_stops(last, limit, asks, (char *)last + to);
		stops = stops >> (block - last) << (block - last);
		line = lines_in_block(message, last, stops, end, limit, asks);
		if (line)
			return line;
	}
	if (asks)
		__builtin_memcpy((char *)end + to - 8, end - 8, 8);
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

/* Behind the line of a GET with HTTP/1.1, which is copied; NULL for any other. */
BLOCKS SCAN_INLINE const char *lines_after_get(const char *bytes, const char *end, ptrdiff_t to)
{
	enum { STEP = 32, METHOD_LEN = 4, VERSION_LEN = 11 };
	const char *at = bytes + METHOD_LEN;
	uint32_t stops;
	__builtin_memcpy((char *)bytes + to, bytes, METHOD_LEN);
	for (;; at += STEP) {
		if (__builtin_expect(end - at < 2 * STEP, 0))
			return NULL;
		stops = blocks_target_stops(at, (char *)at + to);
		if (__builtin_expect(stops != 0, 1))
			break;
	}
	const char *stop = at + __builtin_ctz(stops);
	if (load8(stop) != load8(" HTTP/1.") || load4(stop + 7) != load4(".1\r\n") ||
	    stop == bytes + METHOD_LEN)
		return NULL;
	/* It may end in the next step. */
	__builtin_memcpy((char *)stop + to, stop, VERSION_LEN + 5);
	return stop + VERSION_LEN;
}

BLOCKS const char *http1_lines_of_get(char *copy, const char *bytes, const char *taken,
				      const char *end)
{
	const ptrdiff_t to = copy - bytes;
	const char *line = taken ? taken : lines_after_get(bytes, end, to);
	return line ? lines_pass(NULL, line, end, taken, true, to) : NULL;
}

BLOCKS const char *http1_lines_of_answer(struct http1 *message, const char *bytes,
					 const char *taken, const char *end)
{
	const char *line = taken;
	if (!taken) {
		line = lines_after_status(bytes, end);
		message->seen = SEEN_1_1;
	}
	return line ? lines_pass(message, line, end, taken, false, 0) : NULL;
}

/* Is this the empty line? */
SCAN_INLINE bool lines_past(const char *line)
{
	return line && load2(line) == load2("\r\n");
}

/* Takes a line that may matter. false: it is bad, or does not end as it should, or is none. */
static __attribute__((noinline)) bool lines_take(struct http1 *message, const char *line,
						 const char *end)
{
	if (!line || (unsigned char)*line <= ' ' || *line == ':')
		return false;
	const char *stop = scan_blocks(line, end, SCAN_LINE);
	return stop && end - stop >= 2 && load2(stop) == load2("\r\n") &&
	       http1_line(message, line, stop);
}

bool http1_get_with_more(struct http1 *message, char *copy, const char *bytes, size_t len,
			 const char *line)
{
	const char *end = bytes + len;
	message->flags = 0;
	message->seen = SEEN_1_1;
	for (; !lines_past(line); line = http1_lines_of_get(copy, bytes, line, end)) {
		if (!lines_take(message, line, end))
			return false;
		copy[line - bytes - 1] = '\n'; /* it may lie past the block of its CR */
	}
	return line + 2 == end && !(message->seen & (SEEN_LENGTH | SEEN_CHUNKED));
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
		if (!lines_take(message, line, end))
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
