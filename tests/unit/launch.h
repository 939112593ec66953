/* SPDX-License-Identifier: MIT */
/* Running scripts/redial in a test. */
#ifndef REDIAL_TEST_LAUNCH_H
#define REDIAL_TEST_LAUNCH_H

#include "support/process.h"

/*
 * Runs the launcher with at most ten words, then up to four "NAME=value" after a LAUNCH_ENV, NULL
 * at the end. Its policies are cached in the scratch folder.
 */
struct process_result launch(const char *const words[]);

#define LAUNCH_ENV  "\1"
#define LAUNCH(...) launch((const char *const[]){__VA_ARGS__, NULL})

/* The same, and checks the exit status and, if not NULL, for a part of each output. */
void expect_launch(int status, const char *out, const char *err, const char *const words[]);

#define EXPECT_LAUNCH(status, out, err, ...)                                                       \
	expect_launch(status, out, err, (const char *const[]){__VA_ARGS__, NULL})

#endif
