/* SPDX-License-Identifier: MIT */
/* select and pselect where rescues are under way: see wait.h. */
#ifndef REDIAL_CALL_WAIT_SELECT_H
#define REDIAL_CALL_WAIT_SELECT_H

#include <signal.h>
#include <stdbool.h>
#include <sys/select.h>
#include <time.h>

/* What the program waits for; any may be NULL. The sets are as long as len needs. */
struct wait_sets {
	int len;
	fd_set *readable, *writable, *special;
	bool plain; /* select, which is another function for the preloads behind us */
};

/* select(2) or pselect(2). timeout: NULL without end; not changed. */
int call_wait_select(const struct wait_sets *sets, const struct timespec *timeout,
		     const sigset_t *mask);

/*
 * The same where a descriptor awaits an answer that a rescue could bring, in a set of usual size
 * with few in it: false if it is not so, then nothing was waited for but what select goes on
 * waiting for. *count: what it returns.
 */
bool call_wait_select_ends(const struct wait_sets *sets, const struct timespec *timeout,
			   const sigset_t *mask, int *count);

/* Is a connect among what is waited for that redial would try again? */
bool call_wait_dials(const struct wait_sets *sets);

#endif
