/* SPDX-License-Identifier: MIT */
/* A log that is a file, a FIFO or a device: lines appended so that the program cannot notice. */
#ifndef REDIAL_LOG_FILE_H
#define REDIAL_LOG_FILE_H

#include <stdbool.h>

#include "line.h"

/*
 * Appends the line, with a newline behind it. false if it could not be written, or not whole. The
 * program gets no signal of it, whatever lies at the path and whatever limits there are. A file
 * system that hangs holds it up all the same: patience.h.
 */
bool log_file_append(const char *path, struct log_line *line);

#endif
