/* SPDX-License-Identifier: MIT */
/* Launches, for people and for machines, to standard output. */
#ifndef REDIAL_STAT_PRINT_H
#define REDIAL_STAT_PRINT_H

#include <stdio.h>

#include "launches.h"

/* A block of lines of at most 80 columns for each. processes: with a line for each process. */
void print_text(const struct launches *found, bool processes);

/* One JSON document on one line. README's section "redial stat" has its keys. */
void print_json(const struct launches *found);

/* Prometheus' text format, version 0.0.4. The same section has the metrics. */
void print_prometheus(FILE *to, const struct launches *found);

#endif
