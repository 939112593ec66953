/* SPDX-License-Identifier: MIT */
/* What redial doctor prints: one finding after the other, then what follows from them. */
#ifndef REDIAL_REPORT_H
#define REDIAL_REPORT_H

/* The exit status. */
enum { DOCTOR_CAN = 0, DOCTOR_CANNOT = 1, DOCTOR_USAGE = 2, DOCTOR_UNTOLD = 3 };

enum mark {
	MARK_OK,
	MARK_WARN,    /* something is out of reach, the rest is not */
	MARK_NO,      /* so redial cannot help */
	MARK_UNKNOWN, /* this cannot be told, and need not matter */
};

/*
 * Prints a finding in 80 columns, longer words (paths) on a line of their own. `topic` has at most
 * eight letters.
 */
void report(enum mark mark, const char *topic, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Has a finding said that redial cannot help? */
int report_cannot(void);

/* Nothing can be said of it at all, for the reason given. Returns DOCTOR_UNTOLD. */
int report_untold(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints what follows for a command, or that the library is in or not in a process. */
int report_verdict(const char *what);
int report_verdict_process(const char *what);

#endif
