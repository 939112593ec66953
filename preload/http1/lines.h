/* SPDX-License-Identifier: MIT */
/*
 * Heads that lie in one buffer whole, read by blocks of 64 bytes. What is not as it nearly always
 * is these functions leave to http1_feed.
 */
#ifndef REDIAL_HTTP1_LINES_H
#define REDIAL_HTTP1_LINES_H

#include "http1.h"

/* Which of the two ways the processor can do; asked for once, and set by tests. */
enum http1_width { HTTP1_WIDTH_UNKNOWN, HTTP1_WIDTH_USUAL, HTTP1_WIDTH_WIDE };
extern enum http1_width http1_width __attribute__((visibility("hidden")));

/*
 * From the first line after that of the request or status to behind the empty one: takes note of
 * what http1_feed would. Bytes may be read from begin on. NULL if the empty line is not there, or
 * anything is odd: then message is as it was.
 */
const char *http1_lines(struct http1 *message, const char *at, const char *begin, const char *end);

/*
 * Are these len bytes one GET of HTTP/1.1, whole and without a body? Then message is what
 * http1_feed would have made of it, and copy, which has room for them, holds them. false: not
 * known, and neither says anything: begin anew (http1_request).
 */
bool http1_whole_get(struct http1 *message, char *copy, const char *bytes, size_t len);

/*
 * Do these bytes begin with the whole head of a final response of HTTP/1.1 that tells how long its
 * body is? Then message, which is at the start of one to neither HEAD nor CONNECT, is as http1_feed
 * leaves it where the body begins, and so is what is returned. NULL: not known, message as it was.
 */
const char *http1_answer_head(struct http1 *message, const char *bytes, const char *end);

#endif
