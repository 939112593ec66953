/* SPDX-License-Identifier: MIT */
/* A rehearsal told: as a table, for machines, as a page. */
#ifndef REDIAL_REHEARSE_PRINT_H
#define REDIAL_REHEARSE_PRINT_H

#include <stdio.h>

#include "child.h"
#include "options.h"
#include "rows.h"

enum { JUDGEMENT_MAX = 512 };

struct rehearsed {
	const struct options *options;
	const struct made_list *list;
	struct sums sums;
	struct plan counts; /* as it was at the end */
	struct child_end end;
	int64_t start_ms, end_ms; /* since 1970 */
	int status;		  /* ours */
	char judgement[JUDGEMENT_MAX];
};

/* Sets status and judgement from the rest. */
void judge(struct rehearsed *rehearsed);

/* "exit status 0", "ended by signal 2 (Interrupt)". */
void tell_end(const struct child_end *end, char *text, size_t room);

void print_table(FILE *to, const struct rehearsed *rehearsed);
void print_json(FILE *to, const struct rehearsed *rehearsed);
void print_html(FILE *to, const struct rehearsed *rehearsed);

#endif
