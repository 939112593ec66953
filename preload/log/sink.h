/* SPDX-License-Identifier: MIT */
/* Where log lines go. */
#ifndef REDIAL_LOG_SINK_H
#define REDIAL_LOG_SINK_H

#include "line.h"

/*
 * Adds the process's name and pid to the line and delivers it by config.log, at this syslog level.
 * Never blocks: a line that cannot be delivered at once is counted as dropped.
 */
void log_sink_send(struct log_line *line, int level);

#endif
