/* SPDX-License-Identifier: MIT */
/* The TLS libraries of a program: which there are, and whether redial follows what goes by them. */
#ifndef REDIAL_DOCTOR_TLS_H
#define REDIAL_DOCTOR_TLS_H

#include "program.h"

/*
 * Reports on them. `own`: a function of one that the program defines itself, or "". Returns whether
 * sessions by one of them are followed.
 */
bool tls_report(const struct program *program, const struct libraries *libraries, const char *own);

/* Is that the name of a function by which one is told? */
bool tls_is_call(const char *name);

#endif
