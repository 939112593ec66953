/* SPDX-License-Identifier: MIT */
/* The subcommands of redial-policy, one a file. */
#ifndef REDIAL_TOOL_H
#define REDIAL_TOOL_H

#include "policy.h"

enum { TOOL_OK = 0, TOOL_BAD_POLICY = 1, TOOL_USAGE = 2, TOOL_NOT_WRITTEN = 3 };

/* Each is given the words from its own name on, and returns the exit status. */
int tool_check(int argc, char **argv);
int tool_show(int argc, char **argv);
int tool_compile(int argc, char **argv);
int tool_cache(int argc, char **argv);
int tool_explain(int argc, char **argv);
int tool_share(int argc, char **argv);

/* Prints the version, how this was built, and what it knows: redial-policy --version --verbose. */
int tool_features(void);

/* Prints "redial-policy: " and the text on standard error. Returns TOOL_USAGE. */
int tool_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Loads path, text or compiled, into *policy. Returns TOOL_OK or, its error printed, another. */
int tool_load(const char *path, struct policy *policy, bool *compiled);

/*
 * Writes *policy, compiled, to the file `name` in the folder dir_fd, as a whole or not at all.
 * Returns 0 or a negative errno.
 */
int tool_write(int dir_fd, const char *name, const struct policy *policy);

#endif
