/* SPDX-License-Identifier: MIT */
/* Where log lines go. */
#ifndef REDIAL_LOG_SINK_H
#define REDIAL_LOG_SINK_H

#include "line.h"

/*
 * Adds the process's name and pid to the line and delivers it by config.log, at this syslog level.
 * A line that cannot be delivered at once is counted as dropped. Only a file system that hangs can
 * hold it up: then lines are dropped for a while without a try.
 */
void log_sink_send(struct log_line *line, int level);

#endif
