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
 * Has the process the memory of that id at that address? PROC_UNKNOWN if we may not look (another
 * user's, or one that has given up rights).
 */
enum proc_maps proc_maps_at(uint32_t pid, int id, uint64_t at);

/*
 * System V memory that the process has: up to max of ids and addresses. Returns how many, or a
 * negative errno: -ESRCH if there is no such process.
 */
int proc_memory(uint32_t pid, int *ids, uint64_t *at, int max);

/* Copies len bytes out of the process's memory, whichever IPC namespace it is of. */
bool proc_copy(uint32_t pid, uint64_t at, void *to, size_t len);

/* Is it of our IPC namespace, as far as we may know? Then its ids are ours. */
bool proc_shares_ids(uint32_t pid);

/*
 * The file that REDIAL_SHARED names to the process, as we reach it. false if it was started
 * without, if we may not look, or if the file is not there.
 */
bool proc_named_file(uint32_t pid, char path[PATH_MAX]);

/* The inode of our PID namespace; 0 if it is not known. */
uint64_t proc_own_space(void);

/* The same of our IPC namespace. */
uint64_t proc_own_ids(void);

#endif
