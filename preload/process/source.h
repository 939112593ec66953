/* SPDX-License-Identifier: MIT */
/* Where a process's policy comes from: a file, compiled or text, of which a copy is made. */
#ifndef REDIAL_PROCESS_SOURCE_H
#define REDIAL_PROCESS_SOURCE_H

#include <stdbool.h>

#include "config.h"

/*
 * The policy in the file, in memory of our own that nothing which happens to the file can change.
 * NULL if there is none: then *fault says why, unless the file is only missing and need not exist.
 * For the constructor.
 */
const struct policy *source_read(const char *path, bool must_exist, struct config_fault *fault);

#endif
