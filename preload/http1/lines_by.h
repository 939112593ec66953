/* SPDX-License-Identifier: MIT */
/*
 * Included by lines.c once for each kind of processor. LINES(name) names what is made, LINES_TARGET
 * says for which, and there are, for bytes that are copied to `copy` unless `copies` is false:
 * LINES(stops)(at, copies, copy): a mask of the control characters in 64 bytes, the first lowest;
 * LINES(target_stops)(at, copy): the same of 32 bytes, for SCAN_TARGET.
 */

/* A line that may matter. false: it is bad, or does not end as it should. */
LINES_TARGET static __attribute__((noinline)) bool LINES(take)(struct http1 *message,
							       const char *line, const char *end)
{
	const char *stop = scan_blocks(line, end, SCAN_LINE);
	return stop && end - stop >= 2 && load2(stop) == load2("\r\n") &&
	       http1_line(message, line, stop);
}

/* May the head go on with this line, which begins as few do? Not, if it is the empty one, or bad.
 */
LINES_TARGET SCAN_INLINE bool LINES(goes_on)(struct http1 *message, const char *line,
					     const char *end)
{
	unsigned char first = (unsigned char)*line;
	if (__builtin_expect(first < '@', 0))
		return first != '\r' && first != ' ' && first != '\t' && first != ':';
	return __builtin_expect(!lines_may_matter(line), 1) ||
	       lines_take_usual(message, line, end) || LINES(take)(message, line, end);
}

/*
 * From the start of a line to behind the empty one, or NULL. copy: where the line is to be copied,
 * with what precedes it before that. The last block may lap over what was seen.
 */
LINES_TARGET SCAN_INLINE const char *LINES(read)(struct http1 *message, const char *line,
						 const char *end, bool copies, char *copy)
{
	const ptrdiff_t to = copies ? copy - line : 0;
	const char *last = end - LINES_UNSEEN - LINES_BLOCK;
	const char *block = line;
	uint64_t unseen = ~UINT64_C(0);
	uint32_t worth_a_look = FIRST_BYTES;
	SCAN_KEEP(worth_a_look, "r");

	if (scan_bit(worth_a_look, (unsigned char)*line) && !LINES(goes_on)(message, line, end))
		return NULL;
	for (;; block += LINES_BLOCK) {
		if (__builtin_expect(block > last, 0)) {
			if (block - last >= LINES_BLOCK)
				return lines_end(end);
			unseen <<= block - last;
			block = last;
		}
		uint64_t stops = LINES(stops)(block, copies, (char *)block + to) & unseen;
		while (stops) {
			const char *stop = block + __builtin_ctzll(stops);
			if (load2(stop) != load2("\r\n"))
				return NULL;
			line = stop + 2;
			if (scan_bit(worth_a_look, (unsigned char)*line) &&
			    !LINES(goes_on)(message, line, end))
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
LINES_TARGET SCAN_INLINE const char *LINES(request_line)(char *copy, const char *bytes,
							 const char *end)
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
		stops = LINES(target_stops)(at, copy + (at - bytes));
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
LINES_TARGET static bool LINES(whole_get)(struct http1 *message, char *copy, const char *bytes,
					  size_t len)
{
	const char *end = bytes + len;
	const char *line = LINES(request_line)(copy, bytes, end);
	if (!line)
		return false;
	lines_begin(message);
	if (LINES(read)(message, line, end, true, copy + (line - bytes)) != end ||
	    message->seen & (SEEN_LENGTH | SEEN_CHUNKED))
		return false;
	__builtin_memcpy(copy + len - 8, end - 8, 8);
	message->method = METHOD_GET;
	message->head_len = (uint32_t)len;
	lines_end_head(message, BODY_END, 0);
	return true;
}

/* http1_answer_head, of LINES_MIN bytes and more. */
LINES_TARGET static const char *LINES(answer_head)(struct http1 *message, const char *bytes,
						   const char *end)
{
	unsigned status;
	const char *line = lines_after_status(&status, bytes, end);
	if (!line)
		return NULL;
	lines_begin(message);
	const char *past = LINES(read)(message, line, end, false, NULL);
	if (!past)
		return NULL;
	enum http1_state body = message->seen & SEEN_CHUNKED ? CHUNK_SIZE
				: message->remaining	     ? LENGTH
							     : BODY_END;
	if (!(message->seen & (SEEN_LENGTH | SEEN_CHUNKED)))
		return NULL;
	message->status = (uint16_t)status;
	message->head_len = (uint32_t)(past - bytes);
	lines_end_head(message, body, HTTP1_IS_RESPONSE | (body != BODY_END ? HTTP1_HAS_BODY : 0));
	return past;
}

LINES_TARGET static const char *LINES(lines)(struct http1 *message, const char *at, const char *end)
{
	return LINES(read)(message, at, end, false, NULL);
}

#undef LINES
#undef LINES_TARGET
