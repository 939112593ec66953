/* SPDX-License-Identifier: MIT */
/* Times as log files and people write them, in milliseconds since 1970 UTC. */
#ifndef REDIAL_REPORT_STAMP_H
#define REDIAL_REPORT_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads a time from the start of *at and moves *at behind it. Known are RFC 3339 (a space for the T
 * is allowed; without an offset it is local time), the syslog form "Jan  2 03:04:05" (local time;
 * of the last year in which that is not more than a day after now_ms), a day of the week in front
 * of either with a name of the zone behind, as journalctl -o short-full writes, and seconds with
 * a fraction. false, and *at stays, if none of these is there.
 */
bool stamp_read(const char **at, int64_t now_ms, int64_t *ms);

/*
 * What --since and --until take: "30s", "15m", "2h" or "7d" before now_ms, or a time as above, of
 * which the seconds or the whole time of day may be missing. false if text is none of these.
 */
bool stamp_parse_limit(const char *text, int64_t now_ms, int64_t *ms);

enum { STAMP_MAX = 32 };

/* Writes "2026-01-02T03:04:05Z". */
void stamp_write(int64_t ms, char text[STAMP_MAX]);

#endif
