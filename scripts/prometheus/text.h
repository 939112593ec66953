/* SPDX-License-Identifier: MIT */
/*
 * Prometheus' text format, version 0.0.4, as `redial report` and `redial stat` write it. All series
 * of a metric stand together below its head.
 */
#ifndef REDIAL_PROMETHEUS_TEXT_H
#define REDIAL_PROMETHEUS_TEXT_H

#include <stdio.h>

/* What the format is called where HTTP carries it. */
#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Metrics that both tell: one name is to mean one thing. */
#define PROMETHEUS_ATTEMPTS	 "redial_attempts_total"
#define PROMETHEUS_ATTEMPTS_HELP "Redials and resends that were made."
#define PROMETHEUS_OUTCOMES	 "redial_outcomes_total"
#define PROMETHEUS_OUTCOMES_HELP "Rescues that have ended, by result."
#define PROMETHEUS_REFUSED	 "redial_refused_total"
#define PROMETHEUS_REFUSED_HELP	 "Failures left to the program, by reason."

/* The two lines in front of a metric. type: "counter", "gauge" or "summary". */
void prometheus_head(FILE *to, const char *name, const char *type, const char *help);

/* name="value": of the value `"` and `\` are escaped, and what is no printable ASCII is told as if
 * it was `?`, which keeps it to one line of UTF-8. */
void prometheus_label(FILE *to, const char *name, const char *value);

#endif
