/* SPDX-License-Identifier: MIT */
/* Loading policies in a test. */
#ifndef REDIAL_TEST_LOADING_H
#define REDIAL_TEST_LOADING_H

#include "load.h"

/* What came of the latest load. */
extern struct policy policy;
extern struct load_error error;

/* load_policy of a file with this text. */
int load(const char *text);

/* The same, and fails the test if the text is refused, or is not refused with this message. */
int accepted(const char *text);
void refused(const char *text, unsigned line, const char *message);

/* The same for a file, whose error tells no line and has this in its message. */
void refused_file(const char *path, const char *message);

#endif
