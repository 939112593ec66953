/* SPDX-License-Identifier: MIT */
#include "blocks.h"
#include "private.h"

enum http1_blocks http1_blocks;

enum {
	LINES_BLOCK = 64,
	/* No line is looked for whose start, and what its name begins with, could not be read. */
	LINES_UNSEEN = 5,
	LINES_MIN = LINES_BLOCK + LINES_UNSEEN,
};

#define BIT(byte) (UINT32_C(1) << ((byte)&31))

/* The first bytes of lines that matter, or are bad, and of the empty one: by their low bits. */
#define FIRST_BYTES                                                                                \
	(BIT('a') | BIT('c') | BIT('e') | BIT('p') | BIT('t') | BIT('w') | BIT(' ') | BIT('\t') |  \
	 BIT(':') | BIT('\r'))

/*
 * Names that matter begin with one of `cont`, `conn`, `tran`, `expe`, `auth`, `prox`, `www-`, in
 * any case. This takes them, and few others, to three numbers below 32: the factor was looked for.
 */
SCAN_INLINE bool lines_may_matter(const char *line)
{
	const uint32_t numbers = BIT(8) | BIT(13) | BIT(29);
	uint32_t begin = load4(line) | UINT32_C(0x20202020);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	begin = __builtin_bswap32(begin);
#endif
	return scan_bit(numbers, begin * UINT32_C(1466207445) >> 27);
}

/* What is before the end is the rest of a line and the empty one, where nobody has looked. */
SCAN_INLINE const char *lines_end(const char *end)
{
	bool whole =
	    (unsigned char)end[-LINES_UNSEEN] >= ' ' && load4(end - 4) == load4("\r\n\r\n");
	return whole ? end : NULL;
}

/* Connection: keep-alive, as nearly every client and many servers say it. */
SCAN_INLINE bool lines_take_keep_alive(struct http1 *message, const char *line)
{
	const uint64_t fold = UINT64_C(0x2020202020202020);
	if ((load8(line + 8) | fold) != load8("on: keep") ||
	    (load8(line + 14) | fold) != load8("ep-alive") || load2(line + 22) != load2("\r\n"))
		return false;
	message->seen |= SEEN_KEEP_ALIVE;
	return true;
}

/* Whether a request is to be the last of its connection is for its answer to say. */
SCAN_INLINE bool lines_is_connection(const char *line, const char *end)
{
	return end - line > 10 && (load4(line) | UINT32_C(0x20202020)) == load4("conn") &&
	       line[10] == ':';
}

/* Content-Length, as it is nearly always written, and the first of its kind. */
SCAN_INLINE bool lines_take_length(struct http1 *message, const char *line, const char *end)
{
	enum { NAME_LEN = 16, DIGITS_MAX = 18 };
	const uint64_t fold = UINT64_C(0x2020202020202020);
	if (end - line < NAME_LEN + DIGITS_MAX + 2 ||
	    (load8(line + 8) | fold) != load8("length: ") ||
	    message->seen & (SEEN_LENGTH | SEEN_CHUNKED))
		return false;
	uint64_t length = 0;
	size_t at = NAME_LEN;
	for (; at < NAME_LEN + DIGITS_MAX; at++) {
		unsigned digit = (unsigned char)line[at] - (unsigned)'0';
		if (digit > 9)
			break;
		length = length * 10 + digit;
	}
	if (at == NAME_LEN || load2(line + at) != load2("\r\n"))
		return false;
	message->remaining = length;
	message->seen |= SEEN_LENGTH;
	return true;
}

/*
 * Either of them, or Content-Type and its kin, which do not matter. Control characters in a name
 * are folded as well, but found as such elsewhere.
 */
SCAN_INLINE bool lines_take_usual(struct http1 *message, const char *line, const char *end)
{
	if (end - line < 24)
		return false;
	uint64_t begin = load8(line) | UINT64_C(0x2020202020202020);
	if (begin == load8("content-"))
		return (line[8] | 0x20) != 'l' || lines_take_length(message, line, end);
	return begin == load8("connecti") && lines_take_keep_alive(message, line);
}

/*
 * Behind the status line of a final response with HTTP/1.1; NULL for any other, and for those that
 * never have a body.
 */
SCAN_INLINE const char *lines_after_status(unsigned *status, const char *bytes, const char *end)
{
	enum { STATUS_LEN = 12, OK_LEN = 17 };
	if (load8(bytes) != load8("HTTP/1.1") || bytes[8] != ' ')
		return NULL;
	*status = 200;
	if (load8(bytes + 9) == load8("200 OK\r\n"))
		return bytes + OK_LEN;
	unsigned hundreds = (unsigned char)bytes[9] - (unsigned)'0',
		 tens = (unsigned char)bytes[10] - (unsigned)'0',
		 ones = (unsigned char)bytes[11] - (unsigned)'0';
	*status = hundreds * 100 + tens * 10 + ones;
	if (hundreds < 2 || hundreds > 5 || tens > 9 || ones > 9 || *status == 204 ||
	    *status == 304 || bytes[STATUS_LEN] != ' ')
		return NULL;
	const char *stop = scan_blocks(bytes + STATUS_LEN, end - LINES_UNSEEN, SCAN_LINE);
	return stop && load2(stop) == load2("\r\n") ? stop + 2 : NULL;
}

/* As if the first line had been read. */
SCAN_INLINE void lines_begin(struct http1 *message)
{
	message->remaining = 0;
	message->flags = HTTP1_STARTED;
	message->seen = SEEN_1_1;
}

/* As if the last one had been. */
SCAN_INLINE void lines_end_head(struct http1 *message, enum http1_state body, unsigned flags)
{
	flags |= message->flags | HTTP1_HEAD_DONE;
	if (!(message->seen & SEEN_CLOSE))
		flags |= HTTP1_PERSISTENT;
	message->flags = (uint16_t)flags;
	message->state = (uint8_t)body;
}

/* A line that may matter. false: it is bad, or does not end as it should. */
BLOCKS static __attribute__((noinline)) bool lines_take(struct http1 *message, const char *line,
							const char *end)
{
	const char *stop = scan_blocks(line, end, SCAN_LINE);
	return stop && end - stop >= 2 && load2(stop) == load2("\r\n") &&
	       http1_line(message, line, stop);
}

/* May the head go on with this line, which begins as few do? Not, if it is the empty one, or bad.
 */
BLOCKS SCAN_INLINE bool lines_goes_on(struct http1 *message, const char *line, const char *end,
				      bool asks)
{
	unsigned char first = (unsigned char)*line;
	if (__builtin_expect(first < '@', 0))
		return first != '\r' && first != ' ' && first != '\t' && first != ':';
	if (__builtin_expect(!lines_may_matter(line), 1))
		return true;
	bool taken = asks ? lines_is_connection(line, end) : lines_take_usual(message, line, end);
	return taken || lines_take(message, line, end);
}

/*
 * From the start of a line to behind the empty one, or NULL. copies:
 * of a request, to `copy` with what precedes it before that. The last block may lap over what was
 * seen.
 */
BLOCKS SCAN_INLINE const char *lines_read(struct http1 *message, const char *line, const char *end,
					  bool copies, char *copy)
{
	const ptrdiff_t to = copies ? copy - line : 0;
	const char *last = end - LINES_UNSEEN - LINES_BLOCK;
	const char *block = line;
	uint64_t unseen = ~UINT64_C(0);
	uint32_t worth_a_look = FIRST_BYTES;
	SCAN_KEEP(worth_a_look, "r");

	if (scan_bit(worth_a_look, (unsigned char)*line) &&
	    !lines_goes_on(message, line, end, copies))
		return NULL;
	for (;; block += LINES_BLOCK) {
		if (__builtin_expect(block > last, 0)) {
			if (block - last >= LINES_BLOCK)
				return lines_end(end);
			unseen <<= block - last;
			block = last;
		}
		uint64_t stops = blocks_stops(block, copies, (char *)block + to) & unseen;
		while (stops) {
			const char *stop = block + blocks_first(stops);
			if (load2(stop) != load2("\r\n"))
				return NULL;
			line = stop + 2;
			if (scan_bit(worth_a_look, (unsigned char)*line) &&
			    !lines_goes_on(message, line, end, copies))
				return load2(line) == load2("\r\n") ? line + 2 : NULL;
			stops &= stops - 1;
			if (__builtin_expect(!stops, 0)) {
				/* The LF is past the block, and the next one begins behind it. */
				if (copies)
					((char *)block + to)[LINES_BLOCK] = '\n';
				block++;
				break;
			}
			stops &= stops - 1;
		}
	}
}

/* Behind the line of a GET with HTTP/1.1, which is copied; NULL for any other. */
BLOCKS SCAN_INLINE const char *lines_after_get(char *copy, const char *bytes, const char *end)
{
	enum { STEP = 32, METHOD_LEN = 4, VERSION_LEN = 11 };
	const char *at = bytes + METHOD_LEN;
	uint32_t stops;
	if (load4(bytes) != load4("GET "))
		return NULL;
	__builtin_memcpy(copy, bytes, METHOD_LEN);
	for (;; at += STEP) {
		if (__builtin_expect(end - at < 2 * STEP, 0))
			return NULL;
		stops = blocks_target_stops(at, copy + (at - bytes));
		if (__builtin_expect(stops != 0, 1))
			break;
	}
	const char *stop = at + __builtin_ctz(stops);
	if (load8(stop) != load8(" HTTP/1.") || load4(stop + 7) != load4(".1\r\n") ||
	    stop == bytes + METHOD_LEN)
		return NULL;
	/* It may end in the next step. */
	__builtin_memcpy(copy + (stop - bytes), stop, VERSION_LEN + 5);
	return stop + VERSION_LEN;
}

/* http1_whole_get, of LINES_MIN bytes and more. */
BLOCKS static bool whole_get(struct http1 *message, char *copy, const char *bytes, size_t len)
{
	const char *end = bytes + len;
	const char *line = lines_after_get(copy, bytes, end);
	if (!line)
		return false;
	lines_begin(message);
	if (lines_read(message, line, end, true, copy + (line - bytes)) != end ||
	    message->seen & (SEEN_LENGTH | SEEN_CHUNKED))
		return false;
	__builtin_memcpy(copy + len - 8, end - 8, 8);
	message->method = METHOD_GET;
	message->head_len = (uint32_t)len;
	message->flags |= HTTP1_HEAD_DONE;
	message->state = BODY_END;
	return true;
}

/* http1_answer_head, of LINES_MIN bytes and more. */
BLOCKS static const char *answer_head(struct http1 *message, const char *bytes, const char *end)
{
	unsigned status;
	const char *line = lines_after_status(&status, bytes, end);
	if (!line)
		return NULL;
	lines_begin(message);
	const char *past = lines_read(message, line, end, false, NULL);
	if (!past)
		return NULL;
	enum http1_state body = message->seen & SEEN_CHUNKED ? CHUNK_SIZE
				: message->remaining	     ? LENGTH
							     : BODY_END;
	if (!(message->seen & (SEEN_LENGTH | SEEN_CHUNKED)))
		return NULL;
	message->status = (uint16_t)status;
	message->line_len = 0;
	message->head_len = (uint32_t)(past - bytes);
	lines_end_head(message, body, HTTP1_IS_RESPONSE | (body != BODY_END ? HTTP1_HAS_BODY : 0));
	return past;
}

/* Not, or it has not been asked for yet. */
static __attribute__((noinline)) bool can_after_all(void)
{
	enum http1_blocks can = __atomic_load_n(&http1_blocks, __ATOMIC_RELAXED);
	if (can == HTTP1_BLOCKS_UNKNOWN) {
		can = blocks_ask();
		__atomic_store_n(&http1_blocks, can, __ATOMIC_RELAXED);
	}
	return can == HTTP1_BLOCKS_YES;
}

SCAN_INLINE bool can(void)
{
	enum http1_blocks known = __atomic_load_n(&http1_blocks, __ATOMIC_RELAXED);
	return __builtin_expect(known == HTTP1_BLOCKS_YES, 1) || can_after_all();
}

bool http1_whole_get(struct http1 *message, char *copy, const char *bytes, size_t len)
{
	return len >= LINES_MIN && can() && whole_get(message, copy, bytes, len);
}

const char *http1_answer_head(struct http1 *message, const char *bytes, const char *end)
{
	return end - bytes >= LINES_MIN && can() ? answer_head(message, bytes, end) : NULL;
}
