/* SPDX-License-Identifier: MIT */
/*
 * Heads that lie in one buffer whole, read by blocks of 64 bytes. What is not as it nearly always
 * is these functions leave to http1_feed.
 */
#ifndef REDIAL_HTTP1_LINES_H
#define REDIAL_HTTP1_LINES_H

#include "http1.h"

/* Can the processor do that? Asked for once, and set by tests. If not, all is left to http1_feed.
 */
enum http1_blocks { HTTP1_BLOCKS_UNKNOWN, HTTP1_BLOCKS_NO, HTTP1_BLOCKS_YES };
extern enum http1_blocks http1_blocks __attribute__((visibility("hidden")));

enum { HTTP1_LINES_MIN = 69 }; /* nothing shorter is looked at so */

enum { HTTP1_SEEN_USUAL = 6 }; /* message->seen of a response that gives its length, and no more */

/*
 * The way through a GET of HTTP/1.1 (http1_begins_get), or a final response that may have a body:
 * from its start or, if that is not NULL, from a line that has been taken, to the empty line, past
 * those that do not matter. Where else it stops a line may matter, or be bad, or a byte be none of
 * a line's; NULL: it is no such message, or ends too early. Of the response message->seen, and
 * message->remaining if it gives a length, are what they are there.
 *
 * The GET is copied to `copy`, and only looked over: every line that says where it ends, or
 * authenticates its connection, is found, be it that CR LF or LF alone ends the one before. But
 * bytes that no line may hold are not looked for, nor white space behind the name Connection:
 * http1_feed may yet find it HTTP1_BAD, though not of another length. Who wants to send it again,
 * or lets others follow it unanswered, asks first (http1_is_sound).
 */
const char *http1_lines_of_get(char *copy, const char *bytes, const char *taken, const char *end)
    __attribute__((visibility("hidden"), noinline));
const char *http1_lines_of_answer(struct http1 *message, const char *bytes, const char *taken,
				  const char *end) __attribute__((visibility("hidden"), noinline));

/* Can it, though that is not known yet? */
bool http1_blocks_after_all(void) __attribute__((visibility("hidden"), noinline));

/* Are these functions of use for so many bytes? */
static inline bool http1_can_look(size_t len)
{
	enum http1_blocks known = __atomic_load_n(&http1_blocks, __ATOMIC_RELAXED);
	return len >= HTTP1_LINES_MIN &&
	       (__builtin_expect(known == HTTP1_BLOCKS_YES, 1) || http1_blocks_after_all());
}

/* May they be a GET that the following are of use for? */
static inline bool http1_begins_get(const char *bytes, size_t len)
{
	return len >= HTTP1_LINES_MIN && __builtin_memcmp(bytes, "GET ", 4) == 0;
}

/*
 * May they be such a HEAD? Behind its first letter that goes by the same functions: what they look
 * at begins behind the method, whose length is that of "EAD ".
 */
static inline bool http1_begins_head(const char *bytes, size_t len)
{
	return len > HTTP1_LINES_MIN && __builtin_memcmp(bytes, "HEAD ", 5) == 0;
}

/*
 * Are these len bytes, which http1_begins_get knows, one GET of HTTP/1.1, whole, without a body,
 * and with no line that matters? Then `copy`, which has room for them, holds them. If not, *line is
 * where the way through it has stopped, which may be NULL.
 */
static inline bool http1_plain_get(char *copy, const char *bytes, size_t len, const char **line)
{
	*line = NULL;
	if (!http1_can_look(len))
		return false;
	*line = http1_lines_of_get(copy, bytes, NULL, bytes + len);
	return __builtin_expect(*line == bytes + len - 2, 1);
}

/*
 * Is it a whole one without a body nevertheless, with lines that matter? Then message->flags have
 * what they say, and `copy` holds it. false: not known: begin anew (http1_request).
 */
bool http1_get_with_more(struct http1 *message, char *copy, const char *bytes, size_t len,
			 const char *line) __attribute__((visibility("hidden"), noinline));

/*
 * What http1_feed finds in either, if it is sound, but for HTTP1_PERSISTENT. flags: of the second
 * kind.
 */
static inline void http1_note_get(struct http1 *message, size_t len, unsigned flags)
{
	message->head_len = (uint32_t)len;
	message->flags = (uint16_t)(HTTP1_STARTED | HTTP1_HEAD_DONE | HTTP1_LOOKED_OVER | flags);
	message->method = METHOD_GET;
}

/* Is a GET that was looked over, of these bytes, what http1_feed would have found it to be? */
bool http1_is_sound(const char *bytes, size_t len) __attribute__((visibility("hidden"), noinline));

/*
 * Are these len bytes one final response of HTTP/1.1, whole, that leaves its connection open and
 * says nothing else that matters? message, which is at the start of one to neither HEAD nor
 * CONNECT, stays there. false: not known; so it is of a 408.
 */
static inline bool http1_whole_answer(struct http1 *message, const char *bytes, size_t len)
{
	const char *end = bytes + len;
	if (!http1_can_look(len))
		return false;
	const char *line = http1_lines_of_answer(message, bytes, NULL, end);
	return line && __builtin_memcmp(line, "\r\n", 2) == 0 &&
	       message->seen == HTTP1_SEEN_USUAL &&
	       message->remaining == (uint64_t)(end - line - 2);
}

/*
 * Do these bytes begin with the whole head of a final response of HTTP/1.1 that tells how long its
 * body is? Then message, which is at the start of one to neither HEAD nor CONNECT, is as http1_feed
 * leaves it where the body begins, and that is returned. NULL: not known, begin anew
 * (http1_response).
 */
const char *http1_answer_head(struct http1 *message, const char *bytes, const char *end);

#endif
