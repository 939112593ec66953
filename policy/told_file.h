/* SPDX-License-Identifier: MIT */
/*
 * The file in the folder of REDIAL_STATE that a launch's state is told in: this head, then the
 * state as far as TOLD_STATE_LEN. It is written whole and given its name by rename(2), so readers
 * find one that is whole, and nobody ever has it mapped: whoever cuts it off harms nobody.
 */
#ifndef REDIAL_TOLD_FILE_H
#define REDIAL_TOLD_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "state.h"

#define TOLD_MAGIC "\177REDIALT"

/* What names of such files begin with; the launch's nonce follows in 16 digits, and a user id. */
#define TOLD_PREFIX "redial-"

/* What follows the processes is of no interest to readers. */
#define TOLD_STATE_LEN (offsetof(struct state, processes) + sizeof(((struct state *)0)->processes))

enum { TOLD_PROGRAM_MAX = 16 };

struct told_head {
	/* In every version at the same place. */
	char magic[8];
	uint32_t version; /* STATE_VERSION */
	uint32_t size;	  /* of the whole file */
	uint32_t pid;	  /* who told it, in its own PID namespace */
	uint32_t uid;	  /* and for which user */
	uint64_t pids;	  /* the inode of that namespace; 0: not known */
	uint64_t at;	  /* where the process has the state */
	uint64_t told_ms; /* when, by CLOCK_MONOTONIC */
	int64_t told_s;	  /* the same, Unix time */
	char program[TOLD_PROGRAM_MAX];
};

#endif
