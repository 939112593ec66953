/* SPDX-License-Identifier: MIT */
/* journalctl -o json: one JSON object a line. */
#ifndef REDIAL_REPORT_JOURNAL_H
#define REDIAL_REPORT_JOURNAL_H

struct journal {
	const char *message;    /* MESSAGE */
	const char *identifier; /* SYSLOG_IDENTIFIER */
	const char *time_us;    /* __REALTIME_TIMESTAMP */
};

/*
 * Finds these members of the object in text, which is written over; "" for what it lacks. Whatever
 * is no JSON object ends the search.
 */
void journal_read(struct journal *journal, char *text);

#endif
