/* SPDX-License-Identifier: MIT */
/* Many requests on many threads of several processes: what is counted, and one thread's work. */
#ifndef REDIAL_SOAK_H
#define REDIAL_SOAK_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Shared by all processes. */
struct soak_counts {
	atomic_long done, get_failed, post_lost, wrong;
	atomic_long fds_grown; /* descriptors left over, all processes together */
	atomic_long rss_grown; /* KiB, the process that grew most */
};

struct soak_worker {
	struct sockaddr_in addr;
	struct soak_counts *counts;
	int process, thread;
	long requests;
	bool nonblocking; /* poll before each step, as an event loop would */
};

/* Sends and checks them all, over one connection for as long as it holds. For pthread_create. */
void *soak_work(void *worker);

#endif
