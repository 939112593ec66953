/* SPDX-License-Identifier: MIT */
/* Which errnos the man page of a system call names. */
#ifndef REDIAL_INJECT_ERRORS_H
#define REDIAL_INJECT_ERRORS_H

#include <stddef.h>

enum { ERRORS_MAX = 24 };

struct errors {
	long number;
	const char *name;
	int errors[ERRORS_MAX]; /* ended by 0; SHORTER (trace.h) among them */
};

/* NULL: a call that is not known here. */
const struct errors *errors_of(long number);

#endif
