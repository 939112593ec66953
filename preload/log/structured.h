/* SPDX-License-Identifier: MIT */
/* A log line's fields as the structured data of RFC 5424. */
#ifndef REDIAL_LOG_STRUCTURED_H
#define REDIAL_LOG_STRUCTURED_H

#include "line.h"

/*
 * Appends the SD-ELEMENT `[redial@32473 event="attempt" attempt="2" ...]` (RFC 5424 section 6.3;
 * 32473 is the enterprise number that RFC 5612 sets aside for those who have none) with the fields
 * of *event, a line made by line_begin and line_put_*. What is \xHH there is the same text here. A
 * field that does not fit is left out whole, and so is one whose end is missing: what is written is
 * always well-formed, if `line` has room for 16 bytes.
 */
void line_put_structured(struct log_line *line, const struct log_line *event);

/* Appends what RFC 5424 calls a HOSTNAME: the text, or "-" if it is empty or no such name. */
void line_put_hostname(struct log_line *line, const char *name);

/* Appends the event's name, its MSGID. */
void line_put_msgid(struct log_line *line, const struct log_line *event);

#endif
