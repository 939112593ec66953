/* SPDX-License-Identifier: MIT */
/* What a file must be for processes to map a struct state from it. */
#ifndef REDIAL_STATE_FILE_H
#define REDIAL_STATE_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "state.h"

/*
 * Ours, regular, of the size that is mapped, and with every block of it there: a touch of a hole
 * that the file system has no room for any more would end the process (SIGBUS).
 */
static inline bool state_file_fits(const struct stat *file, uid_t owner)
{
	return S_ISREG(file->st_mode) && file->st_uid == owner &&
	       file->st_size == sizeof(struct state) &&
	       (uint64_t)file->st_blocks * 512 >= sizeof(struct state);
}

#endif
