/* SPDX-License-Identifier: MIT */
/* Files in the folder that a state is told in. All return 0 or a negative errno. */
#ifndef REDIAL_LOG_TOLD_FILE_H
#define REDIAL_LOG_TOLD_FILE_H

#include "../../policy/told_file.h"

struct told_names {
	char known[40]; /* redial-NONCE-UID, for readers */
	char fresh[52]; /* .redial-NONCE-UID-TID, until it is whole */
};

void told_name(struct told_names *names, uint64_t nonce, uint32_t uid, uint32_t tid);

/* Makes it, with the state behind the head. -EEXIST if there is something of that name. */
int told_write(int folder, const char *name, const struct told_head *head,
	       const struct state *state);

/* Gives the fresh one the known name, whatever had that; if that fails, removes it. */
int told_rename(int folder, const struct told_names *names);

/*
 * Removes some of what processes have left that were killed a day ago: files of our own with names
 * of ours. One that lives makes its file anew.
 */
void told_sweep(int folder);

#endif
