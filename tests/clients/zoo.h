/* SPDX-License-Identifier: MIT */
/* The zoo: programs that are tried in five ways of a connection's end, not only looked at. */
#ifndef REDIAL_TEST_ZOO_H
#define REDIAL_TEST_ZOO_H

#include <stdbool.h>

#include "programs.h"

enum zoo_mode {
	ZOO_GET_RESET,
	ZOO_GET_CLOSE,
	ZOO_GET_IDLE,
	ZOO_POST_IDLE,
	ZOO_POST_RESET,
	N_ZOO_MODES
};

/*
 * What came of a run, a letter for each mode: `+` all was answered, `2` it was too, with a request
 * sent twice; `-` not all was, `=` nor with a request sent twice; `!` it hung.
 */
struct zoo_row {
	const char *test; /* its name in the suites */
	struct program program;
	const char *member; /* which of the program's clients, if it is several */
	const char *needs;  /* what has to be installed: a file, or a command */
	const char *bare;   /* the letters without redial: who gets over it, and who sends again */
	const char *redial; /* with it; NULL: all but the last are answered, the last as bare */
	const char
	    *reason; /* why redial refuses, where it does; NULL: nothing was sent to refuse */
	const char *policy; /* what redial runs under; NULL: what is built in */
	bool check;	    /* small enough for `make check` */
};

extern const struct zoo_row zoo_rows[];

/* What is left out is said aloud. Is it there, and wanted? */
bool zoo_has(const struct zoo_row *row);

/* The two runs of a row in a mode. Returns 0, or -1 if no server could be started. */
int zoo_meet(const struct zoo_row *row, enum zoo_mode mode, struct run *bare, struct run *redial);
char zoo_letter(const struct run *run, enum zoo_mode mode);

/* NAME=value strings that all of them are started with. */
const char *const *zoo_environment(void);

extern const enum fault_id zoo_faults[N_ZOO_MODES];

/* Prints the rows of the table in tests/clients/ZOO.md, with the calls that strace has seen. */
void zoo_table(const char *only);

#endif
