/* SPDX-License-Identifier: MIT */
/* One line of a log, in any of the forms in which redial's lines come to rest. */
#ifndef REDIAL_REPORT_ENTRY_H
#define REDIAL_REPORT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fields that a report asks for; README's section "Fields" has what they mean. */
#define ENTRY_FIELDS(X)                                                                            \
	X(EVENT, "event")                                                                          \
	X(RESULT, "result")                                                                        \
	X(CAUSE, "cause")                                                                          \
	X(REASON, "reason")                                                                        \
	X(STATE, "state")                                                                          \
	X(ELAPSED, "elapsed_ms")                                                                   \
	X(METHOD, "method")                                                                        \
	X(HOST, "host")                                                                            \
	X(PEER, "peer")                                                                            \
	X(REQUEST_ID, "request_id")                                                                \
	X(TRACEPARENT, "traceparent")                                                              \
	X(FILE, "file")                                                                            \
	X(LINE, "line")                                                                            \
	X(ERROR, "error")                                                                          \
	X(DROPPED, "dropped")                                                                      \
	X(KIND, "kind")                                                                            \
	X(PATH, "path")                                                                            \
	X(RESUMED, "resumed_at")                                                                   \
	X(FD, "fd")                                                                                \
	X(PID, "pid")                                                                              \
	X(TIME, "time_ms")

enum entry_field {
#define X(name, text) ENTRY_##name,
	ENTRY_FIELDS(X)
#undef X
	    ENTRY_FIELD_COUNT
};

struct entry {
	bool timed; /* time_ms is known */
	int64_t time_ms;
	const char *field[ENTRY_FIELD_COUNT]; /* within the line; "" if it has none */
};

/*
 * Reads a line (NUL-terminated, without its newline; it is written over, and must live as long as
 * *entry). Known are: redial's own log file; syslog's lines, as sent, and as rsyslog and
 * journalctl -o short, short-iso, short-precise, short-full and short-unix write them; RFC 5424,
 * with or without our structured data; journalctl -o cat; journalctl -o json. Values come without
 * quotes; \xHH stays as it is; other bytes that are not printable ASCII are made '?', so that they
 * can go to a terminal. now_ms tells the year where a line does not.
 *
 * false: the line is not redial's.
 */
bool entry_read(struct entry *entry, char *text, int64_t now_ms);

/* The field as a number; 0 if it is none. */
uint64_t entry_number(const struct entry *entry, enum entry_field field);

#endif
