/* SPDX-License-Identifier: MIT */
/* One log line being put together: key=value pairs, never longer than one datagram. */
#ifndef REDIAL_LOG_LINE_H
#define REDIAL_LOG_LINE_H

#include <stddef.h>
#include <stdint.h>

enum { LOG_LINE_MAX = 1400 };

struct log_line {
	size_t len;
	char text[LOG_LINE_MAX]; /* not NUL-terminated */
};

/* Starts it with event=EVENT. */
void line_begin(struct log_line *line, const char *event);

/* Raw text and numbers; what does not fit is cut off. */
void line_put(struct log_line *line, const char *text);
void line_put_number(struct log_line *line, uint64_t number);
void line_put_padded(struct log_line *line, uint64_t number, int digits);
void line_put_ipv4(struct log_line *line, const uint8_t address[4]);
void line_put_ipv6(struct log_line *line, const uint8_t address[16]); /* RFC 5952 */

/*
 * " key=value", left out if value is "". A value with spaces, quotes, '=' or '\\' is put in
 * quotes; double quotes and backslashes in it are escaped by a backslash, control characters and
 * bytes that are not ASCII as \xHH, so that no request can forge a line or a field.
 */
void line_put_text(struct log_line *line, const char *key, const char *value);
void line_put_key_number(struct log_line *line, const char *key, uint64_t number);

#endif
