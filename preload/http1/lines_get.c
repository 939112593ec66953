/* SPDX-License-Identifier: MIT */
/*
 * Requests: as nearly all are of no interest ever after, they are only looked over while they are
 * copied (lines.h).
 */
#include "lines_private.h"

enum { LINES_STEP = 32 };

/*
 * Classes of lines that are looked at, by the low halves of their first and fourth bytes: those of
 * http1_lines_fourths, but not Connection, for whether a request is to be the last of its
 * connection is for its answer to say. Other lines with such halves are told from them then.
 */
enum {
	CLASS_CONT = 1 << 0,
	CLASS_TRAN = 1 << 1,
	CLASS_EXPE = 1 << 2,
	CLASS_AUTH = 1 << 3,
	CLASS_WWW = 1 << 4,
	CLASS_PROX = 1 << 5,
	CLASS_BAD = 1 << 6, /* or the empty one: whatever its fourth byte is */
	CLASS_NAMES = CLASS_BAD - 1,
};

static const uint8_t lines_firsts[16] = {
    ['c' & 15] = CLASS_CONT, ['t' & 15] = CLASS_TRAN,
    ['e' & 15] = CLASS_EXPE, ['a' & 15] = CLASS_AUTH,
    ['w' & 15] = CLASS_WWW,  [' ' & 15] = CLASS_BAD | CLASS_PROX,
    ['\t' & 15] = CLASS_BAD, ['\n' & 15] = CLASS_BAD /* ':' */,
    ['\r' & 15] = CLASS_BAD,
};

#define ALL_BUT(class) (CLASS_NAMES & ~(class))

static const uint8_t lines_not_fourths[16] = {
    CLASS_NAMES, CLASS_NAMES,	      CLASS_NAMES,
    CLASS_NAMES, ALL_BUT(CLASS_CONT), ALL_BUT(CLASS_EXPE),
    CLASS_NAMES, CLASS_NAMES,	      ALL_BUT(CLASS_AUTH | CLASS_PROX),
    CLASS_NAMES, CLASS_NAMES,	      CLASS_NAMES,
    CLASS_NAMES, ALL_BUT(CLASS_WWW),  ALL_BUT(CLASS_TRAN),
    CLASS_NAMES,
};

_Static_assert(('t' & 15) == 4 && ('e' & 15) == 5 && ('h' & 15) == 8 && ('x' & 15) == 8 &&
		   ('-' & 15) == 13 && ('n' & 15) == 14 && ('p' & 15) == (' ' & 15) &&
		   (':' & 15) == '\n',
	       "the places in both tables");

/*
 * Authorization by what is surely no scheme for connections, and surely one alone, and no white
 * space to look past.
 */
BLOCKS SCAN_INLINE bool lines_is_authorization(const char *line, const char *end, blocks_each limit)
{
	enum { NAME_LEN = 15, STEP = 32 };
	if (end - line < NAME_LEN + 1 || !lines_fold4(line, "auth") ||
	    !lines_fold4(line + 4, "oriz") || !lines_fold4(line + 8, "atio") ||
	    !lines_fold4(line + 11, "on: ") || line[NAME_LEN] < 'A' ||
	    (line[NAME_LEN] | 0x20) == 'n')
		return false;
	for (line += NAME_LEN; line <= end - STEP; line += STEP) {
		uint32_t stops = blocks_list_stops(line, limit);
		if (stops)
			return line[__builtin_ctz(stops)] == '\r';
	}
	return false;
}

/* Of the lines behind these LF, the first that is not to be passed over; NULL if there is none. */
BLOCKS SCAN_INLINE const char *lines_behind(const char *at, uint32_t feeds, const char *end,
					    blocks_each limit)
{
	for (; feeds; feeds &= feeds - 1) {
		const char *line = at + blocks_first(feeds) + 1;
		if (*line == '\n' ||
		    (lines_may_matter(line) && !lines_is_authorization(line, end, limit)))
			return line;
	}
	return NULL;
}

/* Copies requests up to where lines may not be passed over, or beyond `last`. */
BLOCKS SCAN_INLINE const char *lines_stop(const char *at, const char *last, ptrdiff_t to,
					  const struct blocks_names *names)
{
	enum { RUN = 4 * LINES_STEP };
	for (; at <= last - RUN + LINES_STEP; at += RUN) {
#pragma GCC unroll 4
		for (int i = 0; i < RUN; i += LINES_STEP) {
			if (!blocks_pass(at + i, (char *)at + i + to, names))
				return at + i;
		}
	}
	while (at <= last && blocks_pass(at, (char *)at + to, names))
		at += LINES_STEP;
	return at;
}

/*
 * From this line of a request on, which may have been taken, to the empty one or one that is not to
 * be passed over, copied to `to` bytes further on; NULL if there is neither. Lines are told apart
 * by LF alone, as some servers read them; whether each byte may be there is not looked at.
 */
BLOCKS SCAN_INLINE const char *lines_look_over(const char *line, const char *end, bool taken,
					       ptrdiff_t to)
{
	const char *last = end - LINES_STEP - LINES_UNSEEN, *at = taken ? line : line - 1;
	const struct blocks_names names = blocks_names(lines_firsts, lines_not_fourths);
	const blocks_each limit = blocks_limit();
	while ((at = lines_stop(at, last, to, &names)) <= last) {
		line = lines_behind(at, blocks_feeds(at, &names), end, limit);
		if (line)
			return line;
		at += LINES_STEP;
	}
	if (at - last < LINES_STEP) {
		uint32_t seen = (uint32_t)(at - last), feeds = blocks_feeds(last, &names);
		blocks_pass(last, (char *)last + to, &names);
		line = lines_behind(last, feeds >> seen << seen, end, limit);
		if (line)
			return line;
	}
	__builtin_memcpy((char *)end + to - 8, end - 8, 8);
	return lines_end_so(end) ? end - 2 : NULL;
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
	return line ? lines_look_over(line, end, taken, to) : NULL;
}

bool http1_get_with_more(struct http1 *message, char *copy, const char *bytes, size_t len,
			 const char *line)
{
	const char *end = bytes + len;
	message->flags = 0;
	message->seen = SEEN_1_1;
	for (; !lines_past(line); line = http1_lines_of_get(copy, bytes, line, end)) {
		if (!http1_lines_take(message, line, end))
			return false;
	}
	return line + 2 == end && !(message->seen & (SEEN_LENGTH | SEEN_CHUNKED));
}

bool http1_is_sound(const char *bytes, size_t len)
{
	struct http1 message;
	size_t used;
	http1_request(&message);
	return http1_feed(&message, bytes, len, &used) == HTTP1_DONE && used == len;
}
