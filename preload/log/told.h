/* SPDX-License-Identifier: MIT */
/*
 * The launch's state, told in a file of the folder that REDIAL_STATE or `stat.dir` names, for
 * `redial stat --dir`: where other IPC and PID namespaces, other containers that is, see it too.
 * policy/told_file.h has its form.
 *
 * It is a copy that is written at seldom moments, and no mapping: a file that is mapped can be cut
 * off, or a page of it find no room on a full disk, which ends whoever touches it then. No file
 * that is there already is opened either, so it matters not what it is. On a folder that cannot be
 * used nothing is told, and that is logged once.
 */
#ifndef REDIAL_LOG_TOLD_H
#define REDIAL_LOG_TOLD_H

#include "../process/config.h"

enum told_moment {
	TOLD_CONNECTION, /* one has begun or ended: told up to 16 times a second */
	TOLD_EVENT,	 /* of the log: up to 32 times */
};

/* Tells it, in some twenty system calls; not for longer than a hundredth of a process's time. */
__attribute__((cold, noinline)) void told_tell(enum told_moment moment);

/* Is it a moment to tell? To be called without a lock. Async-signal-safe. */
static inline void told_now(enum told_moment moment)
{
	if (config.told_dir)
		told_tell(moment);
}

/* The process ends: removes the file if its launch began with it. */
void told_end(void);

#endif
