/* SPDX-License-Identifier: MIT */
/* What of a program's system calls libc, and so a preload, has no part in. */
#ifndef REDIAL_OWN_CALLS_H
#define REDIAL_OWN_CALLS_H

#include "program.h"

/* Reports on system calls that the program and its libraries make by instructions of their own. */
void own_calls_report(const struct program *program, const struct libraries *libraries);

/*
 * Reports on a sanitizer's runtime. true: it is in the program itself, where it defines many a call
 * and hands each on to the next that has it.
 */
bool sanitizer_report(const struct program *program, const struct libraries *libraries);

#endif
