/* SPDX-License-Identifier: MIT */
/* The simulated program: threads that ask servers for things over connections of theirs. */
#ifndef SCHEDULE_PROGRAM_H
#define SCHEDULE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "kernel.h"
#include "libc.h"
#include "thread.h"
#include "world.h"

/* Of the first server; the others' follow. */
enum { PROGRAM_ADDRESS = 0x0a000001 };

/* Draws the run's threads and starts them. */
void program_start(void);

/* A client, and whoever shares its connection. */
struct client {
	uint32_t id;
	struct link *link; /* the one in use, or NULL */
	bool reads_apart;  /* another thread reads the answers */
	bool over;
};

void program_read_apart(void *client);
void program_meddle(void *client);

/* The frame of each call: what the judge has to know of it. */
void call_begin(const char *name, struct link *link, int fd, uint64_t may_wait_ms);
long call_end(long result);
int call_error(void); /* errno */

/* May the program go on using it? */
static inline bool link_usable(const struct link *link)
{
	return link && !link->failed && !link->ended && !link->closing && !link->shut;
}

/*
 * Opens and connects one; NULL if that did not work. `shared`: several threads will wait for it, so
 * no epoll set, which tells one of them.
 */
struct link *link_open(bool shared);
void link_close(struct link *link);
bool link_set_blocking(struct link *link, bool blocking);
void link_set_option(struct link *link);
void link_ask_option(struct link *link);

/* Adds a request to what the link is to send (requests.c). */
void request_add(struct link *link);

/* Writes what has been added, reads what is owed (writes.c, reads.c). */
void link_write(struct link *link);
void link_read(struct link *link);

/* Waits for events of poll's. false: for no more (waits.c). */
bool link_wait(struct link *link, uint32_t events);

/* Has the program fork: its child has all numbers as they are then (forks.c). */
void program_fork(void);

/* Asks what a socket can be asked, and holds it to be one (asks.c). */
void link_ask(struct link *link);

#endif
