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

/*
 * Are these len bytes one GET of HTTP/1.1, whole and without a body? Then message is what
 * http1_feed would have made of it, but for HTTP1_PERSISTENT, which it does not have, and copy,
 * which has room for them, holds them. false: not known, and neither says anything: begin anew
 * (http1_request).
 */
bool http1_whole_get(struct http1 *message, char *copy, const char *bytes, size_t len);

/*
 * Do these bytes begin with the whole head of a final response of HTTP/1.1 that tells how long its
 * body is? Then message, which is at the start of one to neither HEAD nor CONNECT, is as http1_feed
 * leaves it where the body begins, and that is returned. NULL: not known, begin anew
 * (http1_response).
 */
const char *http1_answer_head(struct http1 *message, const char *bytes, const char *end);

#endif
