/* SPDX-License-Identifier: MIT */
/* A server made of one function of the test, run by a thread of the test program. */
#ifndef REDIAL_FLOW_PEER_H
#define REDIAL_FLOW_PEER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { PEER_FILLERS = 3 };

struct peer;
typedef void peer_function(struct peer *peer);

struct peer {
	peer_function *serve;
	pthread_t thread;
	int listener, port;
	/* What it received, in all its connections. */
	size_t received;
	uint32_t sum; /* FNV-1a */
	int connections;
	int fillers[PEER_FILLERS]; /* in the places of the queue, else -1 */
};

/* Listens on a free port of 127.0.0.1, calls before unless NULL, and lets serve run: 0 or -1. */
int peer_start(struct peer *peer, peer_function *before, peer_function *serve);

/* Waits for serve to return; its accepts fail from now on. */
void peer_stop(struct peer *peer);

/* For serve functions. All give up after some seconds, or at the end of the stream: -1. */
int peer_accept(struct peer *peer);
int peer_read_until(struct peer *peer, int fd, const char *end);
int peer_read_count(struct peer *peer, int fd, size_t count);
void peer_read_all(struct peer *peer, int fd);
int peer_write(int fd, const void *bytes, size_t len);
void peer_say(int fd, const char *text);
void peer_close(int fd);

/*
 * Lets nobody in any more: a SYN gets no answer, as from a machine that has gone. And lets them in
 * again: those who have asked meanwhile when they ask the next time, a second later.
 */
void peer_shut_out(struct peer *peer);
void peer_let_in(struct peer *peer);
/* Waits until somebody who is shut out has asked. */
void peer_await_knock(struct peer *peer);

/* Listens no more: who connects is refused. And listens again, at the same port. */
void peer_refuse(struct peer *peer);
int peer_listen(struct peer *peer);
void peer_reset(int fd);

#endif
