/* SPDX-License-Identifier: MIT */
/* A sorted tally, for people and for machines, to standard output. */
#ifndef REDIAL_REPORT_PRINT_H
#define REDIAL_REPORT_PRINT_H

#include "tally.h"

enum { PRINT_TOP_MAX = 1000 };

/* Tables of 80 columns; nothing at all if there were no events. ids: how many request ids, at most. */
void print_table(const struct tally *tally, size_t ids);

/* One JSON document. README's section "redial report" has its keys. */
void print_json(const struct tally *tally, size_t ids);

/* Prometheus' text format, version 0.0.4, as its node exporter's textfile collector reads it. */
void print_prometheus(const struct tally *tally);

#endif
