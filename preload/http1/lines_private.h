/* SPDX-License-Identifier: MIT */
/* What lines.c and lines_get.c share. */
#ifndef REDIAL_HTTP1_LINES_PRIVATE_H
#define REDIAL_HTTP1_LINES_PRIVATE_H

#include "blocks.h"
#include "private.h"

enum {
	LINES_BLOCK = 64,
	/* No line is looked for whose start, and what its name begins with, could not be read. */
	LINES_UNSEEN = HTTP1_LINES_MIN - LINES_BLOCK,
};

/*
 * Lines that matter begin with one of `cont`, `conn`, `tran`, `expe`, `auth`, `prox`, `www-`, in
 * any case: by their first byte, the low bits of the fourth. Those that are bad, and the empty one,
 * are known by the first.
 */
extern const uint32_t http1_lines_fourths[256] __attribute__((visibility("hidden")));

SCAN_INLINE bool lines_may_matter(const char *line)
{
	return scan_bit(http1_lines_fourths[(unsigned char)line[0]], (unsigned char)line[3]);
}

/* Are these four bytes, in any case, those of lower? */
SCAN_INLINE bool lines_fold4(const char *at, const char *lower)
{
	return (load4(at) | UINT32_C(0x20202020)) == load4(lower);
}

/* Is what is before the end the rest of a line and the empty one, where nobody has looked? */
SCAN_INLINE bool lines_end_so(const char *end)
{
	return (unsigned char)end[-LINES_UNSEEN] >= ' ' && load4(end - 4) == load4("\r\n\r\n");
}

/* Is this the empty line? */
SCAN_INLINE bool lines_past(const char *line)
{
	return line && load2(line) == load2("\r\n");
}

/* Takes a line that may matter. false: it is bad, or does not end as it should, or is none. */
bool http1_lines_take(struct http1 *message, const char *line, const char *end)
    __attribute__((visibility("hidden"), noinline));

#endif
