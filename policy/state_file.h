/* SPDX-License-Identifier: MIT */
/* What a launch's file and memory must be for a process to use them. */
#ifndef REDIAL_STATE_FILE_H
#define REDIAL_STATE_FILE_H

#include <stdbool.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include "state.h"

/* Ours, regular, and a struct state_head. Of what it says nothing is known yet. */
static inline bool state_file_fits(const struct stat *file, uid_t owner)
{
	return S_ISREG(file->st_mode) && file->st_uid == owner &&
	       file->st_size == sizeof(struct state_head);
}

/* Is the segment that has the head's id the one that it tells of, and nobody's but the owner's? */
static inline bool state_memory_fits(const struct shmid_ds *memory, const struct state_head *head,
				     uid_t owner)
{
	return (uint32_t)memory->shm_perm.__key == head->key && memory->shm_perm.uid == owner &&
	       memory->shm_perm.cuid == owner && !(memory->shm_perm.mode & 077) &&
	       memory->shm_segsz == sizeof(struct state);
}

#endif
