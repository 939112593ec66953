/* SPDX-License-Identifier: MIT */
/* faultd's log of what it saw: one write per line, so that a reader never meets half a line. */
#ifndef FAULTD_LOG_H
#define FAULTD_LOG_H

/* Appends to this file from now on. Returns 0 or a negative errno. */
int log_open(const char *path);

/* Writes one line; the newline is added. Nothing happens when no log is open. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
