/* SPDX-License-Identifier: MIT */
/* Shell scripts that only set the stage for a program, and become it by exec. */
#ifndef REDIAL_WRAPPER_H
#define REDIAL_WRAPPER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Is a script's interpreter of that path a shell? */
bool wrapper_is_shell(const char *interpreter);

/*
 * Leaves in `path` the program that the script's text execs, if that is one and can be told: plain
 * words and variables that the script gives such a value. What it takes from commands, files or its
 * arguments cannot.
 */
bool wrapper_program(const char *data, size_t size, char path[PATH_MAX]);

#endif
