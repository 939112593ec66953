/* SPDX-License-Identifier: MIT */
/* What /proc tells of processes: proc(5). */
#ifndef REDIAL_STAT_PROC_H
#define REDIAL_STAT_PROC_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { PROC_NAME_MAX = 16 };

struct proc {
	char name[PROC_NAME_MAX]; /* printable ASCII, whatever it calls itself */
	uint64_t start;		  /* in ticks since boot */
};

/* false if there is no such process, or only what its parent has not waited for yet. */
bool proc_read(uint32_t pid, struct proc *proc);

/* Ticks since boot in milliseconds. */
uint64_t proc_ms(uint64_t ticks);

enum proc_maps { PROC_MAPS, PROC_MAPS_NOT, PROC_UNKNOWN };

/*
 * Has the process the file of that inode mapped at that address? PROC_UNKNOWN if we may not look
 * (another user's, or one that has given up rights).
 */
enum proc_maps proc_maps_at(uint32_t pid, ino_t inode, uint64_t at);

/*
 * The file that the process shares with its launch: the one that it has mapped, else the one that
 * REDIAL_SHARED names. 0, or an errno: ESRCH if there is no such process, ENOENT if it has none.
 */
int proc_shared_file(uint32_t pid, char path[PATH_MAX]);

/* The inode of our PID namespace; 0 if it is not known. */
uint64_t proc_own_space(void);

#endif
